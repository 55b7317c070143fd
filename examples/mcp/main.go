// Command mcp is a client of the Model Context Protocol over Streamable HTTP. It calls
// tools, prints their progress, and resumes broken streams.
//
//	go run ./examples/mcp
//
// runs against an embedded server. With your own server, such as
// npx @modelcontextprotocol/server-everything streamableHttp:
//
//	go run ./examples/mcp -url http://localhost:3001/mcp
//	go run ./examples/mcp -url http://localhost:3001/mcp -call echo -args '{"message":"hello"}'
//	go run ./examples/mcp -url http://localhost:3001/mcp -listen
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mcp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags     = flag.NewFlagSet("mcp", flag.ContinueOnError)
		url       = flags.String("url", "", "the server's `URL` (default: a demonstration with an embedded server)")
		tool      = flags.String("call", "", "call this `tool` (default: list the tools)")
		arguments = flags.String("args", "{}", "the tool's arguments, as a `JSON` object")
		listen    = flags.Bool("listen", false, "print the server's own messages, until Ctrl-C")
		idle      = flags.Duration("idle", 30*time.Second, "resume a stream that is silent for that long; 0 is never")
		header    = http.Header{}
	)
	flags.Func("H", "send this `header`, as \"Name: value\"; may be given several times", func(s string) error {
		name, value, found := strings.Cut(s, ":")
		if !found || strings.TrimSpace(name) == "" {
			return errors.New(`want "Name: value"`)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case !jsontext.Value(*arguments).IsValid() || jsontext.Value(*arguments).Kind() != '{':
		return fmt.Errorf("-args must be a JSON object, got %q", *arguments)
	}
	if *url == "" {
		return demonstrate(ctx, stdout)
	}
	err := connected(ctx, NewClient(*url, header, *idle), stdout, func(c *Client) error {
		switch {
		case *listen:
			return printMessages(ctx, stdout, c, 0)
		case *tool != "":
			return callTool(ctx, stdout, c, *tool, jsontext.Value(*arguments))
		default:
			return listTools(ctx, stdout, c)
		}
	})
	return reportInterrupt(ctx, stdout, err)
}

// demonstrate shows everything the client does, against an embedded server.
func demonstrate(ctx context.Context, stdout io.Writer) error {
	url, closeServer, err := openStandIn(ctx, 50*time.Millisecond)
	if err != nil {
		return err
	}
	defer closeServer()
	err = connected(ctx, NewClient(url, nil, time.Second), stdout, func(c *Client) error {
		if err := listTools(ctx, stdout, c); err != nil {
			return err
		}
		if err := callTool(ctx, stdout, c, "echo", jsontext.Value(`{"message":"answered with JSON"}`)); err != nil {
			return err
		}
		if err := callTool(ctx, stdout, c, "count", jsontext.Value(`{"n":5}`)); err != nil {
			return err
		}
		return printMessages(ctx, stdout, c, 4)
	})
	return reportInterrupt(ctx, stdout, err)
}

// reportInterrupt prints that Ctrl-C or SIGTERM has ended the program, if err is the cause
// of a cancelled ctx. That is not an error.
func reportInterrupt(ctx context.Context, stdout io.Writer, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		_, err = fmt.Fprintln(stdout, "interrupted")
	}
	return err
}

// connected opens a session, calls use, and ends the session.
func connected(ctx context.Context, c *Client, stdout io.Writer, use func(*Client) error) error {
	c.Handle = func(m Message) error {
		_, err := fmt.Fprintf(stdout, "  %s %s\n", m.Method, m.Params)
		return err
	}
	c.Resumed = func(id string) { _, _ = fmt.Fprintf(stdout, "  -- the stream broke; it goes on after event %q\n", id) }
	if err := c.Connect(ctx); err != nil {
		return err
	}
	err := use(c)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // after Ctrl-C too
	defer cancel()
	return errors.Join(err, c.Close(ctx))
}

func listTools(ctx context.Context, stdout io.Writer, c *Client) error {
	var list struct {
		Tools []struct {
			Name        string `json:"name"`
			Description string `json:"description"`
		} `json:"tools"`
	}
	if err := c.Call(ctx, "tools/list", struct{}{}, &list); err != nil {
		return err
	}
	for _, tool := range list.Tools {
		if _, err := fmt.Fprintf(stdout, "tool %q: %q\n", tool.Name, tool.Description); err != nil {
			return err
		}
	}
	return nil
}

func callTool(ctx context.Context, stdout io.Writer, c *Client, name string, arguments jsontext.Value) error {
	if _, err := fmt.Fprintf(stdout, "call %s %s\n", name, arguments); err != nil {
		return err
	}
	var result struct {
		Content jsontext.Value `json:"content"`
		IsError bool           `json:"isError"`
	}
	err := c.Call(ctx, "tools/call", map[string]any{
		"name":      name,
		"arguments": arguments,
		"_meta":     map[string]any{"progressToken": 1}, // asks for progress
	}, &result)
	if err != nil {
		return err
	}
	if result.IsError {
		return fmt.Errorf("tool %s fails: %s", name, result.Content)
	}
	_, err = fmt.Fprintf(stdout, "result %s\n", result.Content)
	return err
}

// printMessages prints the messages that belong to no call: the first n, or all if n is 0.
func printMessages(ctx context.Context, stdout io.Writer, c *Client, n int) error {
	messages := c.Listen()
	if n > 0 {
		messages = operators.Take(messages, n)
	}
	return sink.ForEach(ctx, messages, func(m Message) error {
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "message %s\n", line)
		return err
	})
}
