package source_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/source"
)

// pairs is a sequence of the items, then of err with a value, if there is an error, and
// then of more items, which must not be read.
func pairs(err error, items ...int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for _, v := range items {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil && yield(77, err) {
			yield(78, errors.New("after the end"))
		}
	}
}

func TestContractOfFromSeq2(t *testing.T) {
	rxssetest.Source[int]{
		Finite:  func() rxsse.Observable[int] { return source.FromSeq2(pairs(nil, 1, 2, 3)) },
		Want:    []int{1, 2, 3},
		Failing: func(err error) rxsse.Observable[int] { return source.FromSeq2(pairs(err, 1)) },
		Endless: func() rxsse.Observable[int] {
			return source.FromSeq2(func(yield func(int, error) bool) {
				for n := 0; yield(n, nil); n++ {
				}
			})
		},
		Panicking: func(v any) rxsse.Observable[int] {
			return source.FromSeq2(func(func(int, error) bool) { panic(v) })
		},
	}.Check(t)
}

func TestFromSeq2EndsWithTheFirstError(t *testing.T) {
	errLost := errors.New("lost")
	var got []int
	var ends []error
	for v, err := range source.FromSeq2(pairs(errLost, 1, 2))(t.Context()) {
		if err != nil {
			ends = append(ends, err)
			assert.Zero(t, v, "the value beside an error")
			continue
		}
		got = append(got, v)
	}
	assert.Equal(t, []int{1, 2}, got)
	assert.Equal(t, []error{errLost}, ends)
}

func TestFromSeq2StopsTheSequence(t *testing.T) {
	stopped := false
	seq := func(yield func(int, error) bool) {
		defer func() { stopped = true }()
		pairs(nil, 1, 2, 3)(yield)
	}
	for _, err := range source.FromSeq2(seq)(t.Context()) {
		require.NoError(t, err)
		break
	}
	assert.True(t, stopped)
}

func TestFromSeqRefusesNil(t *testing.T) {
	assert.PanicsWithValue(t, "source: FromSeq2: seq is nil", func() { source.FromSeq2[int](nil) })
	assert.PanicsWithValue(t, "source: FromSeq: seq is nil", func() { source.FromSeq[int](nil) })
}

func BenchmarkFromSeq2(b *testing.B) {
	b.ReportAllocs()
	for _, err := range source.FromSeq2(func(yield func(int, error) bool) {
		for i := 0; i < b.N && yield(i, nil); i++ {
		}
	})(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
	}
}
