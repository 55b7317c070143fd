package rxssetest_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type ints = rxsse.Observable[int]

// An operator in these tests is a function on the sequence itself.
type operator func(ctx context.Context, src ints, yield func(int, error) bool)

func (op operator) apply(src ints) ints {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { op(ctx, src, yield) }
	}
}

func (op operator) check(t *testing.T) {
	rxssetest.Operator[int, int]{Apply: op.apply, Items: []int{1, 2, 3}, Want: []int{1, 2, 3}}.Check(t)
}

func identity(ctx context.Context, src ints, yield func(int, error) bool) {
	src(ctx)(func(v int, err error) bool { return yield(v, err) && err == nil })
}

func TestTheCheckerAcceptsAnOperatorThatKeepsTheContract(t *testing.T) {
	operator(identity).check(t)
}

// faulty holds operators that break one rule each, and the checker's message.
var faulty = map[string]struct {
	op   operator
	want string
}{
	"forgets the result of yield": {
		func(ctx context.Context, src ints, yield func(int, error) bool) { Double(src)(ctx)(yield) },
		"yield(4, <nil>) was called after the end",
	},
	"goes on after a break": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			src(ctx)(func(v int, err error) bool { yield(v, err); return err == nil })
		}, "was called after the end",
	},
	"goes on after an error": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if err != nil {
					yield(v, err)
					return yield(v, nil)
				}
				return yield(v, nil)
			})
		}, "was called after the end",
	},
	"delivers a value with the error": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			src(ctx)(func(v int, err error) bool {
				if err != nil {
					v = 7
				}
				return yield(v, err) && err == nil
			})
		}, "must be the zero value",
	},
	"swallows errors": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			src(ctx)(func(v int, err error) bool { return err == nil && yield(v, nil) })
		}, "rxssetest: the upstream failed",
	},
	"completes in silence when cancelled at the last item": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			var last, n int
			identity(ctx, src, func(v int, err error) bool {
				if err == nil && n < 2 {
					last = v
					n++
				}
				return err != nil && yield(0, err) || err == nil && (n < 2 || yield(last, nil))
			})
			if n == 2 && ctx.Err() == nil {
				yield(last, nil)
			}
		}, "the subscriber gave up",
	},
	"hides the cause of a cancellation": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if errors.Is(err, context.Cause(ctx)) {
					err = ctx.Err()
				}
				return yield(v, err)
			})
		}, "rxssetest: the subscriber gave up",
	},
	"swallows panics": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() { _ = recover() }()
			identity(ctx, src, yield)
		}, "the consumer saw no panic",
	},
	"yields from another goroutine": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				identity(ctx, src, yield)
			}()
			<-done
		}, "the consumer ranges on",
	},
	"leaves a goroutine behind": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			go time.Sleep(time.Second)
			identity(ctx, src, yield)
		}, "goroutine left behind",
	},
	"leaves its upstream running": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			next, _ := iter.Pull2(src(ctx))
			for {
				v, err, ok := next()
				if !ok || !yield(v, err) || err != nil {
					return
				}
			}
		}, "upstreams still running",
	},
	"subscribes twice": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			for range src(ctx) {
				break
			}
			identity(ctx, src, yield)
		}, "subscriptions to the upstream",
	},
	"swallows a panic as it is left": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			left := false
			defer func() {
				if r := recover(); r != nil && !left {
					panic(r)
				}
			}()
			identity(ctx, src, func(v int, err error) bool {
				left = !yield(v, err)
				return !left
			})
		}, "the consumer saw no panic",
	},
	"panics when it completes": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, yield)
			if ctx.Err() == nil {
				panic("oops")
			}
		}, "the stream panicked: oops",
	},
	"takes its time to be cancelled": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if err != nil {
					time.Sleep(time.Millisecond)
				}
				return yield(v, err)
			})
		}, "the stream ended 1ms after",
	},
	"reads on after a break": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			left := false
			identity(ctx, src, func(v int, err error) bool {
				left = left || !yield(v, err)
				return true
			})
		}, "the upstream was still read after 24h",
	},
	"reads its upstream to the end first": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			var all []int
			identity(ctx, src, func(v int, err error) bool {
				all = append(all, v)
				return err == nil || yield(0, err)
			})
			for _, v := range all {
				yield(v, nil)
			}
		}, "the upstream was still read after 24h",
	},
	"hides the cancellation from its upstream": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(context.WithoutCancel(ctx), src, yield)
		}, "the context of the upstream was not cancelled",
	},
	"waits for ever": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, yield)
			select {}
		}, "these goroutines wait:",
	},
	"loses the last item": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			var held []int
			identity(ctx, src, func(v int, err error) bool {
				held = append(held, v)
				if err == nil && len(held) == 1 {
					return true
				}
				v, held = held[0], held[1:]
				if err != nil {
					v = 0
				}
				return yield(v, err)
			})
			if len(held) > 0 && ctx.Err() != nil {
				yield(0, context.Cause(ctx))
			}
		}, "the stream delivered [1 2]; want [1 2 3]",
	},
	"lets a panic end the process": {
		func(ctx context.Context, src ints, yield func(int, error) bool) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				identity(ctx, src, yield)
			}()
			<-done
		}, "the consumer ranges on",
	},
}

// faultySource makes the sources below.
func faultySource(body func(ctx context.Context, yield func(int, error) bool)) func() ints {
	return func() ints {
		return func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) { body(ctx, yield) }
		}
	}
}

// faultySources holds sources that break one rule each, and the checker's message.
var faultySources = map[string]struct {
	source rxssetest.Source[int]
	want   string
}{
	"a source that never looks at its context": {rxssetest.Source[int]{
		Endless: faultySource(func(_ context.Context, yield func(int, error) bool) {
			for yield(1, nil) {
			}
		}),
	}, "after the context was cancelled; the stream must end with the cause"},
	"a source that sleeps on": {rxssetest.Source[int]{
		Silent: faultySource(func(_ context.Context, yield func(int, error) bool) {
			for time.Sleep(20 * time.Hour); yield(1, nil); time.Sleep(20 * time.Hour) {
			}
		}),
	}, "was called 40h0m0s after the start of the stream"},
	"a source that waits for ever": {rxssetest.Source[int]{
		Silent: faultySource(func(context.Context, func(int, error) bool) { select {} }),
	}, "these goroutines wait:"},
	"a source that completes although it is cancelled": {rxssetest.Source[int]{
		Finite: faultySource(func(ctx context.Context, yield func(int, error) bool) {
			if ctx.Err() != nil {
				yield(0, context.Cause(ctx))
				return
			}
			yield(1, nil)
		}), Want: []int{1},
	}, "the stream ended with the error <nil>; want rxssetest: the subscriber gave up"},
}

// TestTheCheckerCatchesFaults runs the checker on each faulty operator in a separate
// process, because the test must fail there.
func TestTheCheckerCatchesFaults(t *testing.T) {
	const fault = "RXSSETEST_FAULT"
	if name := os.Getenv(fault); name != "" {
		if f, ok := faulty[name]; ok {
			f.op.check(t)
		} else {
			faultySources[name].source.Check(t)
		}
		return
	}
	program, err := os.Executable()
	require.NoError(t, err)
	wants := map[string]string{}
	for name, f := range faulty {
		wants[name] = f.want
	}
	for name, f := range faultySources {
		wants[name] = f.want
	}
	for name, want := range wants {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestTheCheckerCatchesFaults$", "-test.timeout=20s")
			cmd.Env = append(os.Environ(), fault+"="+name)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			require.ErrorAs(t, err, &failed, "the check passes:\n%s", out)
			assert.Contains(t, string(out), want)
		})
	}
}

// An operator that subscribes when it is built never reaches a range statement.
func TestTheCheckerCatchesEagerness(t *testing.T) {
	const eager = "RXSSETEST_EAGER"
	if os.Getenv(eager) != "" {
		rxssetest.Operator[int, int]{
			Items: []int{1, 2, 3},
			Apply: func(src ints) ints {
				for range src(context.Background()) {
					break
				}
				return src
			},
		}.Check(t)
		return
	}
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestTheCheckerCatchesEagerness$")
	cmd.Env = append(os.Environ(), eager+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "subscriptions before the range")
}
