package rxsseotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rxsse/rxsse/source"
)

// Checkpoint returns a checkpoint that stores positions in c and records a span for each
// save, named "commit" and the stream, with the position. c can be the checkpoint of a
// metrics.Set.
func Checkpoint(stream string, c source.Checkpoint, opts ...Option) source.Checkpoint {
	return &checkpoint{c, newConfig(opts).tracers.Tracer(scope), stream}
}

type checkpoint struct {
	source.Checkpoint

	tracer trace.Tracer
	stream string
}

// Save saves a position.
func (c *checkpoint) Save(ctx context.Context, lastEventID string) error {
	ctx, span := c.tracer.Start(ctx, "commit "+c.stream, trace.WithAttributes(
		attribute.String("rxsse.stream", c.stream),
		attribute.String("rxsse.position", shorten(lastEventID)),
	))
	defer span.End()
	err := c.Checkpoint.Save(ctx, lastEventID)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}
