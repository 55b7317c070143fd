// Package kafka shows the two ends of a pipeline on Kafka. docs/scale-out.md explains
// them. Copy the file: it is a model, and no package to import.
package kafka

import (
	"context"
	"fmt"
	"iter"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// Append appends events to topic, and their position to the topic positions in the same
// transaction. The client has kgo.TransactionalID("feed"): when another program begins
// with the same ID, the brokers refuse this one. The topic positions has one partition.
func Append(ctx context.Context, client *kgo.Client, topic, positions string, src rxsse.Observable[codec.Event]) error {
	return sink.ForEachBatch(ctx, src, func(events []codec.Event) error {
		if err := client.BeginTransaction(); err != nil {
			return err
		}
		records := make([]*kgo.Record, 0, len(events)+1)
		for _, e := range events {
			records = append(records, &kgo.Record{
				Topic: topic, Key: []byte(e.Type), Value: []byte(e.Data), // events with one key keep their order
				Headers: []kgo.RecordHeader{{Key: "id", Value: []byte(e.ID)}},
			})
		}
		last := events[len(events)-1].ID
		records = append(records, &kgo.Record{Topic: positions, Partition: 0, Key: []byte(topic), Value: []byte(last)})
		if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
			_ = client.EndTransaction(context.WithoutCancel(ctx), kgo.TryAbort)
			return err
		}
		return client.EndTransaction(ctx, kgo.TryCommit)
	})
}

// Position returns the ID of the last committed event, or "" if there is none. Call it after
// the transactional client has begun, so that no older program can still commit.
func Position(ctx context.Context, seeds []string, positions string) (string, error) {
	reader, err := kgo.NewClient(
		kgo.SeedBrokers(seeds...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // the last record is a commit marker
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{positions: {0: kgo.NewOffset().AtStart()}}),
	)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	ends, err := kadm.NewClient(reader).ListCommittedOffsets(ctx, positions)
	if err != nil {
		return "", err
	}
	end, ok := ends.Lookup(positions, 0)
	if !ok || end.Err != nil {
		return "", fmt.Errorf("read the end of %s: %w", positions, end.Err)
	}
	last, next := "", int64(0)
	for next < end.Offset {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return "", err
		}
		for r := range fetches.RecordsAll() {
			next = r.Offset + 1
			if !r.Attrs.IsControl() {
				last = string(r.Value)
			}
		}
	}
	return last, nil
}

// Consume delivers the records of the client's group and commits those that the consumer
// has taken: a whole poll when the consumer asks for the next event. The client has
// kgo.ConsumerGroup, kgo.DisableAutoCommit, kgo.BlockRebalanceOnPoll and
// kgo.FetchIsolationLevel(kgo.ReadCommitted()).
func Consume(client *kgo.Client) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			defer client.AllowRebalance()
			for {
				fetches := client.PollRecords(ctx, 256)
				if ctx.Err() != nil {
					yield(codec.Event{}, context.Cause(ctx))
					return
				}
				if err := fetches.Err(); err != nil {
					yield(codec.Event{}, err)
					return
				}
				var taken []*kgo.Record
				for r := range fetches.RecordsAll() {
					id := fmt.Sprintf("%d-%d", r.Partition, r.Offset)
					if !yield(codec.Event{Type: string(r.Key), ID: id, Data: string(r.Value)}, nil) {
						_ = client.CommitRecords(context.WithoutCancel(ctx), taken...) // otherwise they are delivered again
						return
					}
					taken = append(taken, r)
				}
				if err := client.CommitRecords(ctx, taken...); err != nil {
					yield(codec.Event{}, err)
					return
				}
				client.AllowRebalance()
			}
		}
	}
}
