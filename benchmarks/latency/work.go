package latency

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/client"
	"github.com/rxsse/rxsse/benchmarks/measure"
)

// A job is the work of a child process, delays its result.
type (
	job struct {
		Client string
		URL    string
		Events int
	}
	delays struct{ P50, P99, P999 int64 } // nanoseconds
)

// within is the time limit of a client.
const within = time.Minute

// Parts returns the parts that child processes run for this section.
func Parts() map[string]child.Part {
	return map[string]child.Part{Name: func(arguments []byte) (any, error) {
		var j job
		if err := json.Unmarshal(arguments, &j); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		for _, c := range client.All() {
			if c.Name == j.Client {
				return listen(ctx, c, j)
			}
		}
		return nil, fmt.Errorf("there is no client %q", j.Client)
	}}
}

// listen records for each event how long ago the server wrote it. It ignores the first tenth,
// in which the connection warms up.
func listen(ctx context.Context, c client.Client, j job) (d delays, err error) {
	all := make([]int64, 0, j.Events)
	var wrong error
	err = c.Read(ctx, j.URL, func(kind string, data []byte) bool {
		if kind != "tick" {
			return false
		}
		now := time.Now().UnixNano()
		stamp, _, _ := bytes.Cut(data, []byte(" "))
		written, err := strconv.ParseInt(string(stamp), 10, 64)
		if err != nil {
			wrong = err
			return false
		}
		all = append(all, now-written)
		return true
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return d, err
	}
	if len(all) != j.Events {
		return d, fmt.Errorf("got %d events instead of %d", len(all), j.Events)
	}
	all = all[len(all)/10:]
	return delays{
		P50:  measure.Quantile(all, 0.5),
		P99:  measure.Quantile(all, 0.99),
		P999: measure.Quantile(all, 0.999),
	}, nil
}
