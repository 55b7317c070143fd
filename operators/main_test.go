package operators

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ties is how often a test repeats what happens exactly at a deadline: the result
// has to be the same each time.
const ties = 10_000
