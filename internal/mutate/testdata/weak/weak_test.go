package weak

import "testing"

func TestClamp(t *testing.T) {
	if Clamp(1, 2, 5) != 2 || Clamp(9, 2, 5) != 5 || Clamp(3, 2, 5) != 3 {
		t.Fail()
	}
}
