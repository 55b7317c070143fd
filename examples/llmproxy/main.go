// Command llmproxy streams a language model's answers to web pages, token by token, and
// keeps the key on the server.
//
//	go run ./examples/llmproxy
//
// demonstrates it with an embedded model. To serve the page, with that model or, with a
// key in the environment, a real one:
//
//	go run ./examples/llmproxy -addr localhost:8080
//	OPENAI_API_KEY=…    go run ./examples/llmproxy -addr localhost:8080 -api openai
//	ANTHROPIC_API_KEY=… go run ./examples/llmproxy -addr localhost:8080 -api anthropic
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

//go:embed page
var pages embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "llmproxy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout, stderr io.Writer, args []string) error {
	var (
		flags = flag.NewFlagSet("llmproxy", flag.ContinueOnError)
		addr  = flags.String("addr", "", "serve the page at this `address` (default: a demonstration that ends by itself)")
		name  = flags.String("api", "", "the `API` of the model: openai or anthropic (default: an embedded model)")
		url   = flags.String("url", "", "the `URL` of another server that speaks the API's format")
		model = flags.String("model", "", "the `model` (default: a small one of the provider's)")
	)
	flags.SetOutput(stderr)
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	a, found := map[string]api{"": openAI, "openai": openAI, "anthropic": anthropic}[*name]
	key := os.Getenv(a.keyName)
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case !found:
		return fmt.Errorf("-api must be openai or anthropic, got %q", *name)
	case *name == "" && (*url != "" || *model != ""):
		return errors.New("-url and -model need -api: openai or anthropic")
	case *name != "" && *addr == "":
		return errors.New("-api needs -addr, for example -addr localhost:8080")
	case *name != "" && *url == "" && key == "":
		return fmt.Errorf("no key: set %s", a.keyName)
	}
	if *url != "" {
		a.url = *url
	}
	if *model != "" {
		a.model = *model
	}
	if *name == "" {
		models, err := listen(ctx, "127.0.0.1:0", &upstream{pause: 60 * time.Millisecond})
		if err != nil {
			return err
		}
		defer models.close()
		if *addr == "" {
			return reportInterrupt(ctx, stdout, demonstrate(ctx, stdout, log, models))
		}
		a.url, key = models.url+openAIPath, "key"
	}
	return reportInterrupt(ctx, stdout, serve(ctx, stdout, *addr, newProxy(a, key, log)))
}

// reportInterrupt prints that Ctrl-C or SIGTERM has ended the program, if err is the cause
// of a cancelled ctx. That is not an error.
func reportInterrupt(ctx context.Context, stdout io.Writer, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		_, err = fmt.Fprintln(stdout, "interrupted")
	}
	return err
}

// A server serves a handler until it is closed, which also ends its requests.
type server struct {
	url  string
	http http.Server
	done sync.WaitGroup
}

func listen(ctx context.Context, addr string, handler http.Handler) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + listener.Addr().String()}
	s.http.Handler = handler
	s.http.ReadHeaderTimeout = 10 * time.Second
	s.done.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

func (s *server) close() {
	_ = s.http.Close()
	s.done.Wait()
}

// serve serves the page and the proxy until ctx is cancelled, and returns the cause.
func serve(ctx context.Context, stdout io.Writer, addr string, p *proxy) error {
	page, err := fs.Sub(pages, "page")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	mux.Handle("POST /chat", p)
	s, err := listen(ctx, addr, mux)
	if err != nil {
		return err
	}
	defer s.close()
	if _, err := fmt.Fprintf(stdout, "open %s (Ctrl-C ends)\n", s.url); err != nil {
		return err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// demonstrate asks the proxy as a page would, with both APIs.
func demonstrate(ctx context.Context, stdout io.Writer, log *slog.Logger, models *server) error {
	for _, d := range []struct {
		name, path string
		api        api
		prompts    []string
	}{
		{"openai", openAIPath, openAI, []string{"Why are tokens sent one by one?", "Weather in Paris?", "Story please!", "Fail!", "Hang up!", "Busy?"}},
		{"anthropic", anthropicPath, anthropic, []string{"Why are tokens sent one by one?", "Weather in Paris?", "Story please!"}},
	} {
		d.api.url = models.url + d.path
		if err := askAll(ctx, stdout, d.name, newProxy(d.api, "key", log), d.prompts); err != nil {
			return err
		}
	}
	return nil
}

func askAll(ctx context.Context, stdout io.Writer, name string, p *proxy, prompts []string) error {
	s, err := listen(ctx, "127.0.0.1:0", p)
	if err != nil {
		return err
	}
	defer s.close()
	for _, prompt := range prompts {
		if _, err := fmt.Fprintf(stdout, "%s> %s\n", name, prompt); err != nil {
			return err
		}
		if err := ask(ctx, stdout, s.url, strings.TrimRight(prompt, "!?")); err != nil {
			return err
		}
	}
	return nil
}

// ask does what the page does, in Go: it prints the answer or the refusal.
func ask(ctx context.Context, stdout io.Writer, url, prompt string) error {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(prompt))
	if err != nil {
		return err
	}
	answer := new(source.Client).ObserveRequest(req, source.WithReconnect(source.ReconnectNever))
	err = sink.ForEach(ctx, answer, func(e codec.Event) error {
		_, err := fmt.Fprintf(stdout, "  %-7s %s\n", e.Type, e.Data)
		return err
	})
	var failed *source.Error
	if errors.As(err, &failed) && failed.StatusCode != 0 {
		_, err = fmt.Fprintf(stdout, "  refused with status %d: %s", failed.StatusCode, failed.Body)
	}
	return err
}
