package rx_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

// TestScopeStopsTheSource: when the reader sees the end of the chain, the endless
// source below has been closed.
func TestScopeStopsTheSource(t *testing.T) {
	fail := func(_ context.Context, v any) (any, error) {
		if num(v) == 2 {
			return nil, errBoom
		}
		return v, nil
	}
	tests := []struct {
		name  string
		chain func(o rxgo.Observable, opt rxgo.Option) rxgo.Iterable
		deaf  bool // RxGo's context does not end
		want  []string
	}{
		{
			name:  "Take",
			chain: func(o rxgo.Observable, opt rxgo.Option) rxgo.Iterable { return o.Map(double, opt).Take(2, opt) },
			want:  []string{"int 2", "int 4", "completed"},
		},
		{
			name:  "First",
			chain: func(o rxgo.Observable, opt rxgo.Option) rxgo.Iterable { return o.First(opt) },
			want:  []string{"int 1", "completed"},
		},
		{
			name:  "error",
			chain: func(o rxgo.Observable, opt rxgo.Option) rxgo.Iterable { return o.Map(fail, opt) },
			want:  []string{"int 1", "error: boom", "completed"},
		},
		{
			name: "RxGo does not hear of it", deaf: true,
			chain: func(o rxgo.Observable, opt rxgo.Option) rxgo.Iterable {
				return o.StartWith(rxgo.Just(0)(), opt).Take(2, opt)
			},
			want: []string{"int 0", "int 1", "completed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, _, ended := watched(endless())
				elsewhere, release := context.WithCancel(t.Context())
				defer release()
				o := rx.Scope(t.Context(), func(ctx context.Context, opt rxgo.Option) rxgo.Iterable {
					if tt.deaf {
						opt = rxgo.WithContext(elsewhere)
					}
					return tt.chain(rx.ToRxGo(ctx, src), opt)
				})
				assert.Equal(t, tt.want, read(t.Context(), o.Observe()))
				assert.True(t, isClosed(ended), "the source")
			})
		})
	}
}

func TestScopeIsStopped(t *testing.T) {
	tests := []struct {
		name string
		end  func(bound, theirs context.CancelCauseFunc)
		want []string
	}{
		{
			name: "by its context", end: func(bound, _ context.CancelCauseFunc) { bound(errOwner) },
			want: []string{"error: the owner has closed", "completed"},
		},
		{
			name: "by RxGo's", end: func(_, theirs context.CancelCauseFunc) { theirs(errOwner) },
			want: []string{"completed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bound, endBound := context.WithCancelCause(t.Context())
				theirs, endTheirs := context.WithCancelCause(t.Context())
				defer endBound(nil)
				defer endTheirs(nil)
				src, _, ended := watched(endless())
				items := rx.Scope(bound, func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
					return rx.ToRxGo(ctx, src).Map(double, opt)
				}).Observe(rxgo.WithContext(theirs))
				<-items
				tt.end(endBound, endTheirs)
				time.Sleep(drainTimeout / 2)
				assert.True(t, isClosed(ended), "the source")
				assert.Equal(t, tt.want, read(t.Context(), items))
			})
		})
	}
	t.Run("before it begins", func(t *testing.T) {
		bound, end := context.WithCancelCause(t.Context())
		end(errOwner)
		o := rx.Scope(bound, func(context.Context, rxgo.Option) rxgo.Observable {
			t.Error("built")
			return rxgo.Empty()
		})
		assert.Equal(t, []string{"error: the owner has closed", "completed"}, read(t.Context(), o.Observe()))
	})
}

func TestScopePanics(t *testing.T) {
	tests := map[string]func(ctx context.Context, opt rxgo.Option) rxgo.Observable{
		"in build": func(context.Context, rxgo.Option) rxgo.Observable { panic(errBoom) },
		"in the source": func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
			return rx.ToRxGo(ctx, panickingWith(endless(), errBoom)).Map(double, opt)
		},
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			var items []rxgo.Item
			for item := range rx.Scope(t.Context(), build).Observe() {
				items = append(items, item)
			}
			if assert.Len(t, items, 1) {
				var p *rxsse.PanicError
				assert.ErrorAs(t, items[0].E, &p)
				assert.ErrorIs(t, items[0].E, errBoom)
			}
		})
	}
}

func ExampleScope() {
	ctx := context.Background()
	first := rx.Scope(ctx, func(ctx context.Context, opt rxgo.Option) rxgo.OptionalSingle {
		return rx.ToRxGo(ctx, endless()).
			Filter(func(v any) bool { return v == 7 }, opt).
			First(opt)
	})
	for item := range first.Observe() {
		fmt.Println(item.V) // the endless source has been closed
	}
	// Output: 7
}
