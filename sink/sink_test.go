package sink_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

var errGone = errors.New("gone")

// sinks are all sinks with one signature: they return the items that they processed,
// joined, and their error.
var sinks = map[string]func(context.Context, rxsse.Observable[string]) (string, error){
	"Collect": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		items, err := sink.Collect(ctx, src)
		for _, v := range items {
			got += v
		}
		return got, err
	},
	"ForEach": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		err = sink.ForEach(ctx, src, func(v string) error { got += v; return nil })
		return got, err
	},
	"Lines": func(ctx context.Context, src rxsse.Observable[string]) (string, error) {
		var w bytes.Buffer
		err := sink.Lines(ctx, src, &w)
		return string(bytes.ReplaceAll(w.Bytes(), []byte("\n"), nil)), err
	},
	"CollectN": func(ctx context.Context, src rxsse.Observable[string]) (string, error) {
		items, err := sink.CollectN(ctx, src, 3)
		return strings.Join(items, ""), err
	},
	"Reduce": func(ctx context.Context, src rxsse.Observable[string]) (string, error) {
		return sink.Reduce(ctx, src, "", func(all, v string) (string, error) { return all + v, nil })
	},
	"ForEachBatch": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		err = sink.ForEachBatch(ctx, src, func(items []string) error { got += strings.Join(items, ""); return nil })
		return got, err
	},
	"NDJSON": func(ctx context.Context, src rxsse.Observable[string]) (string, error) {
		var w bytes.Buffer
		err := sink.NDJSON(ctx, src, &w)
		return strings.NewReplacer("\n", "", `"`, "").Replace(w.String()), err
	},
	"Channel": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		err = sink.Channel(ctx, src, 0, func(items <-chan string) error {
			for v := range items {
				got += v
			}
			return nil
		})
		return got, err
	},
	"Tee": func(ctx context.Context, src rxsse.Observable[string]) (string, error) {
		var a, b string
		err := sink.Tee(ctx, src, appending(&a), appending(&b))
		if a != b {
			a += " but " + b
		}
		return a, err
	},
	"Isolated": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		err = sink.Isolated(appending(&got), func(err error) { got += err.Error() })(ctx, src)
		return got, err
	},
	"CommitFunc": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		var position lastSaved
		err = sink.CommitFunc(ctx, src, func(items []string) error { got += strings.Join(items, ""); return nil }, &position, itself)
		if !strings.HasSuffix(got, position.id) {
			got += " but saved " + position.id
		}
		return got, err
	},
}

// appending returns a sink that appends its items to got.
func appending(got *string) sink.Sink[string] {
	return func(ctx context.Context, src rxsse.Observable[string]) error {
		return sink.ForEach(ctx, src, func(v string) error { *got += v; return nil })
	}
}

func itself(v string) string { return v }

// lastSaved is a checkpoint in memory.
type lastSaved struct {
	id    string
	saves int
	err   error
}

func (p *lastSaved) Save(_ context.Context, id string) error {
	if p.err != nil {
		return p.err
	}
	p.id = id
	p.saves++
	return nil
}

// A panic in the source reaches the caller, and no goroutine leaks.
func TestSinksPanic(t *testing.T) {
	panicking := func(context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			yield("a", nil)
			panic("boom")
		}
	}
	for name, run := range sinks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer func() {
					recovered := recover()
					if carried, ok := recovered.(*rxsse.PanicError); ok {
						recovered = carried.Value
					}
					assert.Equal(t, "boom", recovered)
				}()
				_, err := run(t.Context(), panicking)
				t.Errorf("it returned: %v", err)
			})
		})
	}
}

func TestHowSinksEnd(t *testing.T) {
	for name, run := range sinks {
		for _, c := range []struct {
			name, src, want string
			err             error
			after           time.Duration
		}{
			{"completion", "a-b-c|", "abc", nil, 5 * marble.Frame},
			{"an error, after what came before it", "a-b-#", "ab", marble.Err, 4 * marble.Frame},
			{"a cancelled context, with its cause", "a-b-----c|", "ab", errGone, 6 * marble.Frame},
			{"nothing", "|", "", nil, 0},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeoutCause(t.Context(), 6*marble.Frame, errGone)
					defer cancel()
					start := time.Now()
					got, err := run(ctx, marble.Cold(c.src))
					assert.Equal(t, c.want, got)
					assert.Equal(t, c.err, err)
					assert.Equal(t, c.after, time.Since(start))
				})
			})
		}
	}
}

// A source that continues after its error, against the contract, can neither add items nor
// change the error. In a sink that ranges on its own goroutine, Go itself panics.
func TestSinksOfASourceThatGoesOnAfterItsError(t *testing.T) {
	careless := func(context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			yield("a", nil)
			yield("", errGone)
			yield("b", nil)
			yield("", errors.New("another one"))
		}
	}
	for name, run := range sinks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got string
				var err error
				func() {
					defer func() {
						if recovered := recover(); recovered != nil {
							assert.ErrorContains(t, recovered.(error), "range function continued iteration after function for loop body returned false") //nolint:forcetypeassert,errcheck // Go panics with an error
							got, err = "a", errGone
						}
					}()
					got, err = run(t.Context(), careless)
				}()
				assert.Equal(t, "a", got)
				assert.Equal(t, errGone, err)
			})
		})
	}
}

func TestForEachEndsWithTheFunctionsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		err := sink.ForEach(t.Context(), marble.Cold("a-b-c"), func(v string) error {
			got = append(got, v)
			if v == "b" {
				return errGone
			}
			return nil
		})
		assert.Equal(t, errGone, err)
		assert.Equal(t, []string{"a", "b"}, got)
	})
}
