// Package marble draws streams as text, so that the test of a timed pipeline reads like the
// diagrams in the documentation:
//
//	synctest.Test(t, func(t *testing.T) {
//		src := marble.Cold("a-b---c|")
//		got := marble.Record(t.Context(), operators.Debounce(src, 3*marble.Frame))
//		if want := "-----b-(c|)"; got != want {
//			t.Errorf("got %s, want %s", got, want)
//		}
//	})
//
// Inside a [testing/synctest] bubble, as here, the clock is fake: the test takes no time
// and gives the same diagram on every run. Streams that deliver in the same frame do so in
// the order in which they were created with [Cold]: each has its own time within the frame,
// less than a tenth of a frame after its start. Groups of operators.GroupBy do not: items
// that pass through several groups in the same frame, as through MergeMap, come in any
// order.
//
// In a diagram every character is one [Frame] of time:
//
//	a      an item, any character that has no other meaning
//	-      nothing happens
//	|      completion
//	#      an error
//	!      cancellation; recorded only
//	(ab|)  several of these at once; the group is one frame
//	[x y]  an item whose text is longer than a character, or has a meaning; one frame
//
// Spaces are ignored, so that diagrams below each other can be aligned.
package marble

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/clock"
)

// Frame is the time that one character of a diagram stands for.
const Frame = time.Millisecond

// Err is the error of a stream drawn with #.
var Err = errors.New("marble: the stream failed at #")

// Cold returns the stream drawn by diagram. Its items are the texts of the items in the
// diagram. Each subscription starts at the first frame. A stream whose diagram ends without
// | or # does not end until its context does. Cold panics if the diagram is invalid.
func Cold(diagram string) rxsse.Observable[string] {
	marks := parse(diagram)
	stream := newPlaces()
	return func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			start := stream.start(time.Now())
			defer stream.end()
			for _, m := range marks {
				if !clock.Sleep(ctx, time.Until(start.Add(m.at))) {
					yield("", context.Cause(ctx))
					return
				}
				switch m.text {
				case "|":
					return
				case "#":
					yield("", Err)
					return
				default:
					if !yield(unbracketed(m.text), nil) {
						return
					}
				}
			}
			<-ctx.Done()
			yield("", context.Cause(ctx))
		}
	}
}

// A mark is one thing drawn in a diagram, and when it happens.
type mark struct {
	at   time.Duration
	text string
}

func parse(diagram string) []mark {
	var marks []mark
	var at time.Duration
	grouped, ended := false, false
	for rest := diagram; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		text := rest[:size]
		if text == "[" {
			end := strings.Index(rest, "]")
			if end < 0 {
				panic(fmt.Sprintf("marble: %q: [ without ]", diagram))
			}
			text = rest[:end+1]
		}
		rest = rest[len(text):]
		switch text {
		case " ":
			continue
		case "-":
			if grouped {
				panic(fmt.Sprintf("marble: %q: - inside ( )", diagram))
			}
		case "(", ")":
			if grouped == (text == "(") {
				panic(fmt.Sprintf("marble: %q: unexpected %s", diagram, text))
			}
			grouped = !grouped
		case "!", "]":
			panic(fmt.Sprintf("marble: %q: unexpected %s", diagram, text))
		default:
			if ended {
				panic(fmt.Sprintf("marble: %q: %s after the end of the stream", diagram, text))
			}
			ended = text == "|" || text == "#"
			marks = append(marks, mark{at, text})
		}
		if !grouped {
			at += Frame
		}
	}
	if grouped {
		panic(fmt.Sprintf("marble: %q: ( without )", diagram))
	}
	return marks
}

// Record subscribes to obs and draws it until it ends. An item is drawn as [fmt.Sprint]
// prints it, in brackets unless that is one character without another meaning; the cause of
// a cancelled ctx is drawn as !, any other error as #. Everything between two frames is
// drawn in the earlier one. Record blocks until obs ends; for a stream that does not end,
// use a context that does.
func Record[T any](ctx context.Context, obs rxsse.Observable[T]) string {
	var frames [][]string
	start := time.Now()
	draw := func(text string) {
		frame := int(time.Since(start) / Frame)
		for len(frames) <= frame {
			frames = append(frames, nil)
		}
		frames[frame] = append(frames[frame], text)
	}
	end := "|"
	for v, err := range obs(ctx) {
		if err != nil {
			end = "#"
			if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
				end = "!"
			}
			break
		}
		text := fmt.Sprint(v)
		if utf8.RuneCountInString(text) != 1 || strings.ContainsAny(text, "-|#!()[] ") {
			text = "[" + unbracketed(text) + "]"
		}
		draw(text)
	}
	draw(end)

	var diagram strings.Builder
	for _, frame := range frames {
		switch len(frame) {
		case 0:
			diagram.WriteString("-")
		case 1:
			diagram.WriteString(frame[0])
		default:
			diagram.WriteString("(" + strings.Join(frame, "") + ")")
		}
	}
	return diagram.String()
}

// unbracketed returns text without the brackets around it, if it has any.
func unbracketed(text string) string {
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		return strings.TrimSuffix(inner, "]")
	}
	return text
}
