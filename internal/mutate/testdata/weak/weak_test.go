package weak

import (
	"fmt"
	"os"
	"os/exec"
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

func TestInChild(t *testing.T) {
	const child = "WEAK_CHILD"
	if os.Getenv(child) != "" {
		if runsInChild() {
			os.Exit(3)
		}
		os.Exit(4)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestInChild$")
	cmd.Env = append(os.Environ(), child+"=1")
	if err := cmd.Run(); err == nil || err.Error() != "exit status 3" {
		t.Error(err)
	}
}

func ExampleClamp() {
	fmt.Println(Clamp(250, 0, Full))
	// Output: 100
}
