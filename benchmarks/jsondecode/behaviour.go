package jsondecode

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rxsse/rxsse/benchmarks/child"
)

// A probe is a document that shows how strict or how safe a library is.
type probe struct {
	name string
	text func() string
	into func() any
}

// probes are decoded in separate processes, because some crash it.
func probes() []probe {
	is := func(s string) func() string { return func() string { return s } }
	nested := func(open, end string, depth int) func() string {
		return func() string { return strings.Repeat(open, depth) + strings.Repeat(end, depth) }
	}
	value := func() any { return new(any) }
	trade := func() any { return new(tradeEvent) }
	return []probe{
		{"duplicate name", is(`{"t":1,"t":2}`), trade},
		{"name in other case", is(`{"T":1}`), trade},
		{"invalid UTF-8", is("{\"s\":\"\xff\"}"), trade},
		{"lone surrogate", is(`{"s":"\ud800"}`), trade},
		{"control character", is("{\"s\":\"a\x01b\"}"), trade},
		{"two values", is(`{"t":1}{"t":2}`), trade},
		{"text after the value", is(`{"t":1} x`), trade},
		{"number 01", is(`{"t":01}`), trade},
		{"number of 30 digits into int64", is(`{"t":123456789012345678901234567890}`), trade},
		{"bad value of an unknown name", is(`{"zz":tru,"t":1}`), trade},
		{"1,000 levels", nested("[", "]", 1_000), value},
		{"100,000 levels", nested("[", "]", 100_000), value},
		{"5,000,000 levels", nested("[", "]", 5_000_000), value},
	}
}

// A job is a contender and the probe that it decodes.
type job struct{ Contender, Probe string }

// Parts returns the parts that child processes run for this section.
func Parts() map[string]child.Part {
	return map[string]child.Part{Name: func(arguments []byte) (any, error) {
		var j job
		if err := contenders()[0].unmarshal(arguments, &j); err != nil {
			return nil, err
		}
		for _, c := range contenders() {
			for _, p := range probes() {
				if c.name == j.Contender && p.name == j.Probe {
					return c.try(p), nil
				}
			}
		}
		return nil, fmt.Errorf("there is no contender %q with probe %q", j.Contender, j.Probe)
	}}
}

// try reports how a contender handles a probe.
func (c contender) try(p probe) (verdict string) {
	defer func() {
		if recover() != nil {
			verdict = "panics"
		}
	}()
	v := p.into()
	if err := c.unmarshal([]byte(p.text()), v); err != nil {
		return "refused"
	}
	if t, ok := v.(*tradeEvent); ok && *t == (tradeEvent{}) {
		return "ignored"
	}
	return "accepted"
}

// tryInChild is try in a separate process.
func (c contender) tryInChild(p probe) string {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	verdict, _, err := child.RunQuietly[string](ctx, Name, job{c.name, p.name})
	switch {
	case ctx.Err() != nil:
		return "does not end"
	case err != nil:
		return "ends the process"
	}
	return verdict
}
