package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// tail prints the stream until it or ctx ends, and returns the number of printed events.
func (o *options) tail(ctx context.Context, stdout, stderr io.Writer) (count int, err error) {
	report := newReporter(stderr, o.verbose)
	opts := []source.Option{
		source.WithTrace(report.trace()),
		source.WithPrepare(report.prepared),
		source.WithLastEventID(o.lastEventID),
		source.WithIdleTimeout(o.idle),
		source.WithComments(o.comments),
	}
	if o.insecure || o.caFile != "" {
		client, err := o.httpClient()
		if err != nil {
			return 0, err
		}
		opts = append(opts, source.WithHTTPClient(client))
	}
	req, err := o.request()
	if err != nil {
		return 0, err
	}
	p := printer{w: stdout, indent: o.indent, raw: o.raw}
	show := func(events []codec.Event) error {
		if err := p.print(events); err != nil {
			return err
		}
		count += len(events)
		return nil
	}
	if o.output == "" {
		err = sink.ForEachBatch(ctx, o.events(req, opts), show)
	} else {
		err = o.tailAndWrite(ctx, stderr, req, opts, show)
	}
	report.refused(err)
	return count, err
}

func (o *options) request() (*http.Request, error) {
	method := cmp.Or(o.method, http.MethodGet)
	var body io.Reader
	if o.body != "" {
		method = cmp.Or(o.method, http.MethodPost)
		body = strings.NewReader(o.body)
	}
	req, err := http.NewRequest(method, o.url, body)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL, which may hold a secret
		}
		return nil, err
	}
	req.Header = o.header.Clone()
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// httpClient returns a client for -k and -cacert.
func (o *options) httpClient() (*http.Client, error) {
	config := &tls.Config{InsecureSkipVerify: o.insecure}
	if o.caFile != "" {
		pem, err := os.ReadFile(o.caFile)
		if err != nil {
			return nil, fmt.Errorf("-cacert: %w", err)
		}
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("-cacert: %s holds no certificate in PEM", o.caFile)
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // it is one
	transport.TLSClientConfig = config
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}
	return &http.Client{Transport: transport}, nil
}

// events is the stream to print.
func (o *options) events(req *http.Request, opts []source.Option) rxsse.Observable[codec.Event] {
	events := source.NewClient(opts...).ObserveRequest(req)
	if len(o.types) > 0 {
		types := o.types
		if o.comments {
			types = append(slices.Clone(types), "") // comments have no type
		}
		events = operators.EventType(events, types...)
	}
	if o.count > 0 {
		events = operators.Take(events, o.count)
	}
	return events
}

// tailAndWrite writes events to the file before it prints them. Then it saves the position
// in a second file beside it.
func (o *options) tailAndWrite(ctx context.Context, stderr io.Writer, req *http.Request, opts []source.Option, show func([]codec.Event) error) error {
	file, err := sink.OpenNDJSON[codec.Event](o.output)
	if err != nil {
		return err
	}
	position := source.NewFileCheckpoint(o.output + ".position")
	if o.lastEventID == "" {
		opts = append(opts, source.WithCheckpoint(position))
		if id, err := position.Load(ctx); err == nil && id != "" {
			_, _ = fmt.Fprintf(stderr, "tail: resuming after event %s\n", printable(id))
		}
	}
	work := func(events []codec.Event) error {
		if err := file.Append(events); err != nil {
			return err
		}
		return show(events)
	}
	err = sink.Commit(ctx, o.events(req, opts), work, position)
	return errors.Join(err, file.Close())
}
