package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
)

// drainServer is set for the child process that BenchmarkDrain reads from: the CPU of
// a server in the same process would be counted too.
const drainServer = "RXSSE_DRAIN_SERVER"

// drainEvent is an event of 300 bytes.
func drainEvent() string {
	const head, tail = "event: trade\nid: 1234567890\ndata: ", "\n\n"
	return head + strings.Repeat("x", 300-len(head)-len(tail)) + tail
}

// serveDrain serves the number of events in the path, until standard input ends.
func serveDrain() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	block := []byte(strings.Repeat(drainEvent(), 128))
	go func() { // ends with the process
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Path[1:])
			w.Header().Set("Content-Type", "text/event-stream")
			for left := n * 300; left > 0; left -= len(block) {
				if _, err := w.Write(block[:min(left, len(block))]); err != nil {
					return
				}
			}
		}))
	}()
	fmt.Println("http://" + listener.Addr().String())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startDrainServer starts it and returns its address.
func startDrainServer(b *testing.B) string {
	b.Helper()
	server := exec.Command(os.Args[0], "-test.run=^$")
	server.Env = append(os.Environ(), drainServer+"=1")
	stdin, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = server.Wait()
		http.DefaultClient.CloseIdleConnections()
	})
	var url string
	if _, err := fmt.Fscanln(stdout, &url); err != nil {
		b.Fatal(err)
	}
	return url
}

// BenchmarkDrain measures what a stream of 300-byte events costs the client over loopback:
// compare the CPU time of "source" with that of "copy" and "decoder" together. The first
// reads, decodes and counts; the second reads the body and discards it; the third decodes
// events in memory.
func BenchmarkDrain(b *testing.B) {
	url := startDrainServer(b)
	b.Run("source", func(b *testing.B) {
		cpu := startCPU(b)
		n := 0
		for _, err := range source.SSE(url+"/"+strconv.Itoa(b.N), source.WithReconnect(source.ReconnectNever))(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		cpu.stop()
		if n != b.N {
			b.Fatalf("%d events, want %d", n, b.N)
		}
	})
	b.Run("copy", func(b *testing.B) {
		cpu := startCPU(b)
		req, err := http.NewRequestWithContext(context.WithoutCancel(b.Context()), http.MethodGet, url+"/"+strconv.Itoa(b.N), nil)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		cpu.stop()
		if err != nil || n != int64(b.N)*300 {
			b.Fatal(n, err)
		}
	})
	b.Run("decoder", func(b *testing.B) {
		cpu := startCPU(b)
		d := codec.NewDecoder(&repeated{text: []byte(drainEvent()), left: b.N})
		n := 0
		for _, err := d.Next(); err == nil; _, err = d.Next() {
			n++
		}
		cpu.stop()
		if n != b.N {
			b.Fatalf("%d events, want %d", n, b.N)
		}
	})
}

// repeated reads a text again and again.
type repeated struct {
	text []byte
	left int
	at   bytes.Reader
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.at.Len() == 0 {
			if r.left == 0 {
				break
			}
			r.left--
			r.at.Reset(r.text)
		}
		m, _ := r.at.Read(p[n:])
		n += m
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// A cpuTimer reports the CPU time of a benchmark in addition to its duration.
type cpuTimer struct {
	b     *testing.B
	start int64
}

func startCPU(b *testing.B) cpuTimer {
	b.Helper()
	b.SetBytes(300)
	b.ReportAllocs()
	b.ResetTimer()
	return cpuTimer{b, cpuTime()}
}

func (c cpuTimer) stop() {
	c.b.StopTimer()
	c.b.ReportMetric(float64(cpuTime()-c.start)/float64(c.b.N), "cpu-ns/op")
}
