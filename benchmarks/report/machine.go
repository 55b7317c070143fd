package report

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// Machine describes the machine in one line.
func Machine() string {
	return fmt.Sprintf("%s, %d cores used, %s/%s, %s", processor(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// processor returns the name of the processor, if the system reports it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // without it there is no line to find
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor unknown"
}

// Versions returns those of the named modules that were built in, without ours.
func Versions(paths ...string) []string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var versions []string
	for _, path := range paths {
		for _, m := range build.Deps {
			if m.Path == path {
				versions = append(versions, path+" "+m.Version)
			}
		}
	}
	return versions
}
