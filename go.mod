module github.com/rxsse/rxsse

go 1.26

require (
	github.com/go-json-experiment/json v1.27.2
	github.com/reactivex/rxgo/v2 v2.5.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)
