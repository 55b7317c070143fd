package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// options are the options of the command line.
type options struct {
	url         string
	method      string
	body        string
	header      http.Header
	insecure    bool
	caFile      string
	idle        time.Duration
	types       []string
	lastEventID string
	output      string
	count       int
	indent      bool
	raw         bool
	comments    bool
	verbose     bool
}

func parse(stderr io.Writer, args []string) (*options, error) {
	var (
		o       = &options{header: http.Header{}}
		headers []string
		flags   = flag.NewFlagSet("tail", flag.ContinueOnError)
	)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: tail [flags] [URL]\nWithout a URL it reads an embedded feed.")
		flags.PrintDefaults()
	}
	list := func(values *[]string) func(string) error {
		return func(s string) error {
			*values = append(*values, s)
			return nil
		}
	}
	flags.Func("H", "send this `header`, \"Name: value\"; may be repeated", list(&headers))
	flags.StringVar(&o.method, "X", "", "the `method` (default GET, or POST with -d)")
	flags.StringVar(&o.body, "d", "", "send this `body`, as JSON unless -H sets Content-Type; @name reads a file")
	flags.BoolVar(&o.insecure, "k", false, "accept any certificate: do not use it where the stream matters")
	flags.StringVar(&o.caFile, "cacert", "", "trust the certificates in this PEM `file` too")
	flags.DurationVar(&o.idle, "idle", 0, "reconnect after that `time` without a byte (default: never)")
	flags.Func("type", "print events of this `type` only; may be repeated", list(&o.types))
	flags.StringVar(&o.lastEventID, "last-event-id", "", "begin after the event with this `ID`")
	flags.StringVar(&o.output, "o", "", "write the events to this `file` too, as lines of JSON; resume after its last event")
	flags.IntVar(&o.count, "n", 0, "end after this `number` of events")
	flags.BoolVar(&o.indent, "json", false, "print JSON indented, on several lines")
	flags.BoolVar(&o.raw, "raw", false, "print events in wire form")
	flags.BoolVar(&o.comments, "comments", false, "print comments too, such as heartbeats")
	flags.BoolVar(&o.verbose, "v", false, "print attempts, headers and IDs to standard error; values of secret headers are not shown")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	for _, header := range headers {
		// The flag package would print the value of a bad flag, which may be a secret.
		name, value, found := strings.Cut(header, ":")
		if name = strings.TrimSpace(name); !found || name == "" {
			return nil, errors.New(`-H wants "Name: value"`)
		}
		o.header.Add(name, strings.TrimSpace(value))
	}
	switch {
	case flags.NArg() > 1 && strings.HasPrefix(flags.Arg(1), "-"):
		return nil, fmt.Errorf("flags go before the URL: %s", flags.Arg(1))
	case flags.NArg() > 1:
		return nil, fmt.Errorf("want one URL, after the flags; got %d arguments", flags.NArg())
	case o.count < 0:
		return nil, fmt.Errorf("-n must not be negative, got %d", o.count)
	case o.idle < 0:
		return nil, fmt.Errorf("-idle must not be negative, got %v", o.idle)
	case o.raw && o.indent:
		return nil, errors.New("-raw and -json exclude each other")
	}
	if name, isFile := strings.CutPrefix(o.body, "@"); isFile {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("-d: %w", err)
		}
		o.body = string(content)
	}
	if o.url = flags.Arg(0); o.url != "" && !strings.Contains(o.url, "://") {
		o.url = "http://" + o.url // as curl does
	}
	return o, nil
}
