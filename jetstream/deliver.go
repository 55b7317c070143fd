package jetstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errGap means that a message went elsewhere or was lost on the way. The messages after it
// must be delivered again.
var errGap = errors.New("a message is missing")

// receive calls deliver with the messages of a consumer, in order and without a gap. It
// returns nil when deliver returns false, and an error when something fails. It returns
// promptly when ctx ends.
func receive(ctx context.Context, consumer jetstream.Consumer, deliver func(jetstream.Msg, *jetstream.MsgMetadata) bool, opts ...jetstream.PullMessagesOpt) error {
	opts = append(opts,
		jetstream.PullExpiry(10*time.Second),
		jetstream.PullHeartbeat(2*time.Second),
		jetstream.WithMessagesErrOnMissingHeartbeat(true),
	)
	messages, err := consumer.Messages(opts...)
	if err != nil {
		return err
	}
	defer messages.Stop()
	for delivered := uint64(1); ; delivered++ {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != delivered {
			return errGap
		}
		if !deliver(msg, meta) {
			return nil
		}
	}
}
