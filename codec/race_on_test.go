//go:build race

package codec_test

// underRace says that the tests run ten times slower.
const underRace = true
