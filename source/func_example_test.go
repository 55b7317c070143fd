package source_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/source"
)

// A gRPC stream, which is opened for each subscription and ended with it.
func ExampleFromFunc() {
	updates := rxsse.Observable[string](func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel() // ends the stream, even when the consumer leaves
			stream, err := watch(ctx)
			if err != nil {
				yield("", err)
				return
			}
			source.FromFunc(func(context.Context) (string, error) { return stream.Recv() })(ctx)(yield)
		}
	})
	for update, err := range updates(context.Background()) {
		fmt.Println(update, err)
	}
	// Output:
	// up <nil>
	// down <nil>
}

// A reader that is there already, such as a Kafka reader, whose ReadMessage is a next.
func ExampleFromFunc_reader() {
	lines := bufio.NewReader(strings.NewReader("one\ntwo\n"))
	src := source.FromFunc(func(context.Context) (string, error) { return lines.ReadString('\n') })
	for line, err := range src(context.Background()) {
		fmt.Printf("%q %v\n", line, err)
	}
	// Output:
	// "one\n" <nil>
	// "two\n" <nil>
}

// A function that returns an iterator with errors, as many do.
func ExampleFromSeq2() {
	rows := func(yield func(int, error) bool) {
		_ = yield(1, nil) && yield(2, nil) && yield(0, io.ErrUnexpectedEOF)
	}
	for row, err := range source.FromSeq2(rows)(context.Background()) {
		fmt.Println(row, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 0 unexpected EOF
}

// watch stands for a method of a gRPC client.
func watch(context.Context) (*updateStream, error) {
	return &updateStream{"up", "down"}, nil
}

type updateStream []string

func (s *updateStream) Recv() (string, error) {
	if len(*s) == 0 {
		return "", io.EOF
	}
	update := (*s)[0]
	*s = (*s)[1:]
	return update, nil
}
