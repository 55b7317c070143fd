package jetstream

import (
	"hash/fnv"
	"strconv"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/argument"
)

// PartitionBy returns a function for [LogConfig.Subject] that distributes events over n
// subjects, from prefix.0 to prefix.(n-1). Events with the same key have the same subject,
// and thus keep their order when they are consumed. [Partitions] returns the names.
//
// Changing n moves keys to other partitions, so the order of a key is kept only among
// events appended with the same n. PartitionBy panics if n is less than 1.
func PartitionBy(prefix string, n int, key func(codec.Event) string) func(codec.Event) string {
	subjects := Partitions(prefix, n)
	return func(e codec.Event) string {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(key(e)))       // it never fails
		return subjects[hash.Sum32()%uint32(n)] //nolint:gosec // n is positive, and no stream has 2³² partitions
	}
}

// Partitions returns the n subjects of [PartitionBy], in the order of their numbers. It
// panics if n is less than 1.
func Partitions(prefix string, n int) []string {
	argument.MustBePositive("jetstream: Partitions: n", n)
	subjects := make([]string, n)
	for i := range subjects {
		subjects[i] = prefix + "." + strconv.Itoa(i)
	}
	return subjects
}
