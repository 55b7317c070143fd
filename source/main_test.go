package source_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(drainServer) != "" {
		serveDrain()
		return
	}
	goleak.VerifyTestMain(m)
}
