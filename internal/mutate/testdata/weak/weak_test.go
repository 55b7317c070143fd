package weak

import (
	"fmt"
	"testing"
)

func TestClamp(t *testing.T) {
	if Clamp(1, 2, 5) != 2 || Clamp(9, 2, 5) != 5 || Clamp(3, 2, 5) != 3 {
		t.Fail()
	}
}

func TestIsNegative(t *testing.T) {
	if IsNegative(0) {
		t.Fail()
	}
}

func ExampleClamp() {
	fmt.Println(Clamp(250, 0, Full))
	// Output: 100
}
