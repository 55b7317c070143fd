// Command llm prints the answer of a language model as it is written, token by token, from
// the APIs of Anthropic, OpenAI, and the many that use OpenAI's format.
//
//	go run ./examples/llm
//
// uses an embedded stand-in for both. With a key in the environment it uses the real ones:
//
//	OPENAI_API_KEY=…    go run ./examples/llm -provider openai "Why is the sky blue?"
//	ANTHROPIC_API_KEY=… go run ./examples/llm -provider anthropic "Why is the sky blue?"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "llm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags = flag.NewFlagSet("llm", flag.ContinueOnError)
		name  = flags.String("provider", "", "the `API`: openai or anthropic (default: a demonstration of both)")
		url   = flags.String("url", "", "the `URL` of another server that speaks the API's format")
		model = flags.String("model", "", "the `model` (default: a small one of the provider's)")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	prompt := strings.Join(flags.Args(), " ")
	if *name == "" {
		if *url != "" || *model != "" || prompt != "" {
			return errors.New("say with -provider which API it is: openai or anthropic")
		}
		return demonstrate(ctx, stdout)
	}
	i := slices.IndexFunc(providers, func(p provider) bool { return p.name == *name })
	if i < 0 {
		return fmt.Errorf("-provider must be openai or anthropic, got %q", *name)
	}
	if prompt == "" {
		return errors.New("what is the question? give it as the last argument")
	}
	p := providers[i]
	if *url != "" {
		p.url = *url
	}
	if *model != "" {
		p.model = *model
	}
	key := os.Getenv(p.keyName)
	if key == "" && *url == "" {
		return fmt.Errorf("no key: set %s", p.keyName)
	}
	return p.print(ctx, stdout, key, prompt)
}
