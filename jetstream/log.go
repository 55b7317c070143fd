package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse/codec"
)

// ErrSuperseded is the error of a writer that was replaced by another: the log has messages
// that this writer did not append. Its remaining events are not in the log. Start again
// from [Log.Position], or stop.
var ErrSuperseded = errors.New("another writer has appended to the log")

// A Log is a JetStream stream with the events of one feed, in order. One writer at a time
// appends to it; any number of readers follow it. A Log is safe for concurrent use, and
// need not be closed.
type Log struct {
	stream    jetstream.Stream
	publisher jetstream.JetStream
	name      string
	config    LogConfig
	subjects  []string // of the stream
}

// A LogConfig configures a [Log]. The zero LogConfig works for a stream with one subject.
type LogConfig struct {
	// Subject returns the subject of an event, which determines its partition, see
	// [PartitionBy]. Default: the stream's first subject, which then must have no wildcard.
	Subject func(codec.Event) string
	// Replicas is the minimum number of replicas of the stream. Set it if the log must
	// survive the loss of a server. Default: 1.
	Replicas int
	// MaxPending is the maximum number of published, unacknowledged messages. At the limit
	// [Log.Append] stops reading. Default: 2048.
	MaxPending int
}

// OpenLog returns the log in the named stream, which must exist. It returns an error that
// says what to change if the cluster cannot be reached, or if the stream does not exist,
// has fewer replicas than config requires, is sealed, is a copy of another stream, does not
// acknowledge messages, or deletes messages once they are consumed.
func OpenLog(ctx context.Context, js jetstream.JetStream, stream string, config LogConfig) (*Log, error) {
	s, err := openStream(ctx, js, stream)
	if err != nil {
		return nil, err
	}
	if config.MaxPending <= 0 {
		config.MaxPending = 2048
	}
	l := &Log{stream: s, name: stream, config: config, subjects: s.CachedInfo().Config.Subjects}
	err = l.check(s.CachedInfo().Config)
	if err == nil {
		l.publisher, err = newPublisher(js, config.MaxPending)
	}
	if err != nil {
		return nil, fmt.Errorf("jetstream: stream %q: %w", stream, err)
	}
	return l, nil
}

// openStream returns a stream, or an error that says what to change.
func openStream(ctx context.Context, js jetstream.JetStream, name string) (jetstream.Stream, error) {
	stream, err := js.Stream(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, fmt.Errorf("jetstream: stream %q does not exist; create it, for example with nats stream add", name)
	case err != nil:
		return nil, fmt.Errorf("jetstream: open stream %q%w", name, at(js.Conn(), err))
	}
	return stream, nil
}

// newPublisher returns a separate JetStream context, because the timeout and the number of
// pending acknowledgements are settings of the context.
func newPublisher(js jetstream.JetStream, maxPending int) (jetstream.JetStream, error) {
	opts := []jetstream.JetStreamOpt{
		jetstream.WithDefaultTimeout(js.Options().DefaultTimeout),
		jetstream.WithPublishAsyncMaxPending(maxPending),
		jetstream.WithPublishAsyncTimeout(ackTimeout),
	}
	switch of := js.Options(); {
	case of.Domain != "":
		return jetstream.NewWithDomain(js.Conn(), of.Domain, opts...)
	case of.APIPrefix != "":
		return jetstream.NewWithAPIPrefix(js.Conn(), of.APIPrefix, opts...)
	default:
		return jetstream.New(js.Conn(), opts...)
	}
}

// check reports why a stream is unfit for a log.
func (l *Log) check(c jetstream.StreamConfig) error {
	switch {
	case c.Retention != jetstream.LimitsPolicy:
		return fmt.Errorf("its retention is %s, which deletes messages that have been consumed; create a stream with limits: nats stream add --retention limits", c.Retention)
	case c.Replicas < l.config.Replicas:
		return fmt.Errorf("it has %d replicas and LogConfig.Replicas wants %d; run nats stream edit %s --replicas %[2]d, or change LogConfig.Replicas", c.Replicas, l.config.Replicas, c.Name)
	case c.Mirror != nil || len(c.Sources) > 0:
		return errors.New("it is a mirror or has sources, so it holds messages of other streams; append to the original")
	case c.Sealed:
		return errors.New("it is sealed, which cannot be undone; create another stream")
	case c.NoAck:
		return errors.New("it does not acknowledge messages; set NoAck to false in its configuration")
	case len(c.Subjects) == 0:
		return fmt.Errorf("it has no subjects; run nats stream edit %s --subjects NAME", c.Name)
	case l.config.Subject == nil && strings.ContainsAny(c.Subjects[0], "*>"):
		return fmt.Errorf("its subject %q has a wildcard; set LogConfig.Subject", c.Subjects[0])
	}
	return nil
}

// Name returns the name of the stream.
func (l *Log) Name() string { return l.name }

// Position returns the feed's ID of the last event in the log, after which the feed
// resumes: pass it to source.WithLastEventID. It is "" for an empty log, and for one whose
// last event has no ID.
func (l *Log) Position(ctx context.Context) (lastEventID string, err error) {
	last, err := l.last(ctx)
	if err != nil {
		return "", err
	}
	return idOf(last.header), nil
}

// A tail is the end of a log.
type tail struct {
	sequence uint64      // of the last message; the next one gets sequence + 1
	header   nats.Header // of the last message, nil if there is none
}

// last returns the end of the log, as the stream's leader has it.
func (l *Log) last(ctx context.Context) (tail, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return tail{}, fmt.Errorf("jetstream: read the end of stream %q: %w", l.name, err)
	}
	end := tail{sequence: info.State.LastSeq}
	if info.State.Msgs == 0 {
		return end, nil
	}
	sequence, header, err := l.lastMessage(ctx)
	if err != nil {
		return tail{}, fmt.Errorf("jetstream: read the last message of stream %q: %w", l.name, err)
	}
	// The last message may have been deleted, or another one appended since.
	return tail{sequence: max(end.sequence, sequence), header: header}, nil
}

// lastMessage returns the sequence and the header of the last message that is left in the
// log, 0 and nil for none.
func (l *Log) lastMessage(ctx context.Context) (sequence uint64, header nats.Header, err error) {
	sequence, header, err = l.lastOf(ctx, ">")
	if err != nil || sequence > 0 {
		return sequence, header, err
	}
	// For ">" the server looks only at the very last message. If that was deleted, these two
	// patterns make it look for an earlier one. Together they match every subject.
	for _, pattern := range []string{"*", "*.>"} {
		s, h, err := l.lastOf(ctx, pattern)
		if err != nil {
			return 0, nil, err
		}
		if s > sequence {
			sequence, header = s, h
		}
	}
	return sequence, header, nil
}

// lastOf returns the sequence and the header of the last message with a subject that
// matches pattern, 0 and nil for none. It asks the stream's leader: Stream.GetMsg asks any
// server if the stream allows direct access, and that server may be behind.
func (l *Log) lastOf(ctx context.Context, pattern string) (sequence uint64, header nats.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	answer, err := l.publisher.Conn().RequestWithContext(ctx, l.apiPrefix()+"STREAM.MSG.GET."+l.name, []byte(`{"last_by_subj":"`+pattern+`"}`))
	if err != nil {
		return 0, nil, err
	}
	var response struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Sequence uint64 `json:"seq"`
			Header   []byte `json:"hdrs"`
		} `json:"message"`
	}
	if err := json.Unmarshal(answer.Data, &response); err != nil {
		return 0, nil, err
	}
	if e := response.Error; e != nil {
		if e.ErrorCode == jetstream.JSErrCodeMessageNotFound {
			return 0, nil, nil
		}
		return 0, nil, e
	}
	if m := response.Message; len(m.Header) > 0 { // else another program has written it
		header, err = nats.DecodeHeadersMsg(m.Header)
	}
	return response.Message.Sequence, header, err
}

// apiPrefix returns the subject prefix of the JetStream API.
func (l *Log) apiPrefix() string {
	switch of := l.publisher.Options(); {
	case of.Domain != "":
		return "$JS." + of.Domain + ".API."
	case of.APIPrefix != "":
		return strings.TrimSuffix(of.APIPrefix, ".") + "."
	default:
		return jetstream.DefaultAPIPrefix
	}
}

// subject returns the subject of e, or an error if the stream does not cover it.
func (l *Log) subject(e codec.Event) (string, error) {
	if l.config.Subject == nil {
		return l.subjects[0], nil
	}
	subject := l.config.Subject(e)
	for _, pattern := range l.subjects {
		if matches(pattern, subject) {
			return subject, nil
		}
	}
	return "", fmt.Errorf("jetstream: event %q: subject %q is not a subject of stream %q (%s)", e.ID, subject, l.name, strings.Join(l.subjects, ", "))
}

// matches reports whether a subject without wildcards matches pattern.
func matches(pattern, subject string) bool {
	return !strings.ContainsAny(subject, " \t\r\n*>") && covers(pattern, subject)
}

// covers reports whether pattern matches each subject that the other pattern matches.
func covers(pattern, subject string) bool {
	for {
		want, restPattern, morePattern := strings.Cut(pattern, ".")
		have, restSubject, moreSubject := strings.Cut(subject, ".")
		switch {
		case have == "":
			return false
		case want == ">":
			return true
		case have == ">":
			return false
		case want != "*" && want != have:
			return false
		case morePattern != moreSubject:
			return false
		case !morePattern:
			return true
		}
		pattern, subject = restPattern, restSubject
	}
}

// at adds the server to err, without its credentials, or advice if no server is connected.
func at(nc *nats.Conn, err error) error {
	url := nc.ConnectedUrlRedacted()
	switch {
	case url == "":
		return fmt.Errorf(": no NATS server can be reached; check the URL and the network: %w", err)
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf(" on %s: no server answers for JetStream; enable it, for example with nats-server -js: %w", url, err)
	}
	return fmt.Errorf(" on %s: %w", url, err)
}
