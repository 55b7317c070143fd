package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// TransactState calls work with the results of a windowing operator and the operator's
// state after them, an operators.State. work stores both in one transaction. A program that
// loads the stored state when it starts then gets the same results as one that was never
// killed; operators.State documents the guarantee and its conditions.
//
//	err := sink.TransactState(ctx, minutes, &state, time.Second, func(minutes []Minute, state []byte) error {
//		tx, err := db.BeginTx(ctx, nil)
//		… // insert minutes, replace the state
//		return tx.Commit()
//	})
//
// Each call of work encodes the whole state, which is as large as the open windows. every
// is the minimum time between two calls: results that arrive sooner wait for a later result
// or the end of the stream. At most 65,536 results wait. If every is 0, work is called for
// each result. TransactState panics if every is negative. work must not keep the slices.
//
// Partial results are not passed to work; their items remain in the state, and their
// windows continue after a restart.
//
// Everything runs on the caller's goroutine, and the stream waits while work runs.
// TransactState returns nil when src completes and everything is stored. When src fails or
// ctx is cancelled, it stores the results before that and returns the error or the cause.
// It returns an error of work or of saving the state; the results of that call are then not
// stored.
func TransactState[T any](ctx context.Context, src rxsse.Observable[T], state interface{ Save() ([]byte, error) }, every time.Duration, work func(results []T, state []byte) error) error {
	argument.MustNotBeNil("sink: TransactState: src", src == nil)
	argument.MustNotBeNil("sink: TransactState: state", state == nil)
	argument.MustNotBeNegative("sink: TransactState: every", every)
	argument.MustNotBeNil("sink: TransactState: work", work == nil)
	var results []T
	store := func() error {
		if len(results) == 0 {
			return nil
		}
		data, err := state.Save()
		if err != nil {
			return fmt.Errorf("sink: TransactState: %w", err)
		}
		if err := work(results, data); err != nil {
			return err
		}
		clear(results)
		results = results[:0]
		return nil
	}
	last := time.Now()
	for r, err := range src(ctx) {
		if err != nil {
			if storing := store(); storing != nil {
				return storing
			}
			return err
		}
		results = append(results, r)
		if isPartial(&results[len(results)-1]) {
			results = results[:len(results)-1]
			continue
		}
		if now := time.Now(); now.Sub(last) >= every || len(results) >= maxUnstored {
			last = now
			if err := store(); err != nil {
				return err
			}
		}
	}
	return store()
}

// maxUnstored bounds how many results wait to be stored.
const maxUnstored = 1 << 16

// isPartial reports whether r is the result of a window that the end of the stream cut
// off.
func isPartial(r any) bool {
	p, ok := r.(interface{ IsPartial() bool })
	return ok && p.IsPartial()
}
