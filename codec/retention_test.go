package codec

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The memory that decoders and encoders keep for the next event must not grow with the last
// one.

func TestLongTypesAreNotKept(t *testing.T) {
	var table typeTable
	for size, kept := range map[int]bool{64: true, 65: false} {
		name := strings.Repeat("x", size)
		first := table.intern([]byte(name))
		table.intern([]byte("another"))
		again := table.intern([]byte(name))
		assert.Equal(t, name, first)
		assert.Equal(t, name, again)
		assert.Equal(t, kept, unsafe.StringData(first) == unsafe.StringData(again), "%d bytes", size)
	}
}

// A type equal to the previous one is the same string, even if another type has since taken
// its place in the table.
func TestRepeatedType(t *testing.T) {
	var table typeTable
	first := table.intern([]byte("tick"))
	assert.Same(t, unsafe.StringData(first), unsafe.StringData(table.intern([]byte("tick"))))
	assert.Equal(t, "trade", table.intern([]byte("trade")))
	assert.Equal(t, "tick", table.intern([]byte("tick")))
	table.names = nil
	assert.Same(t, unsafe.StringData(first), unsafe.StringData(table.intern([]byte("tick"))))
}

// A table is small while it has few names, keeps all of them as it grows, and stops growing.
func TestTypeTableGrows(t *testing.T) {
	var table typeTable
	name := func(i int) []byte { return []byte("type" + strconv.Itoa(i)) }
	for i := range 1000 {
		assert.Equal(t, string(name(i)), table.intern(name(i)))
		if i == 0 {
			assert.Len(t, table.names, firstTypes)
		}
	}
	assert.Len(t, table.names, internedTypes)
	assert.NotContains(t, table.names, "", "all places are used")

	table = typeTable{}
	var first []string
	for i := range 8 {
		first = append(first, table.intern(name(i)))
	}
	for i := range 8 {
		assert.Same(t, unsafe.StringData(first[i]), unsafe.StringData(table.intern(name(i))), "type%d", i)
	}
}

// The buffer of a stream grows when an event or a read fills it, and not before.
func TestBufferGrows(t *testing.T) {
	const event = "event: tick\ndata: x\n\n"
	full := strings.Repeat(event, 10_000)
	for name, c := range map[string]struct {
		stream io.Reader
		size   int
	}{
		"one event":             {strings.NewReader(event), 768},
		"one event a read":      {&pieces{full, len(event)}, 768},
		"data moves up":         {&pieces{":" + strings.Repeat("x", 250) + "\ndata: y\n" + strings.Repeat("data: z\n", 40), 100}, 768},
		"half an event":         {strings.NewReader("data: " + strings.Repeat("x", 200)), 768},
		"reads that fill it":    {strings.NewReader(full), 48 << 10},
		"no room for 128 bytes": {&pieces{"data: " + strings.Repeat("x", 376), 94}, 3072},
		"room for 128 bytes":    {&pieces{"data: " + strings.Repeat("x", 375), 127}, 768},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDecoder(c.stream)
			for d.Scan() {
			}
			require.NoError(t, d.Err())
			assert.Equal(t, c.size, len(d.buffer.bytes))
		})
	}
}

// The buffer takes the whole limit only for an event that needs more than half of it.
func TestBufferOfLargeEvents(t *testing.T) {
	const limit = 2 << 20
	for size, want := range map[int]int{700_000: 768 << 10, 1_100_000: limit + 48<<10} {
		d := NewDecoder(strings.NewReader("data: "+strings.Repeat("x", size)+"\n\n"), WithMaxEventSize(limit))
		require.True(t, d.Scan())
		assert.Equal(t, want, len(d.buffer.bytes), "for %d bytes", size)
	}
}

// A pieces reader returns a text in pieces of a size.
type pieces struct {
	text string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(p.size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

// A small event and its ID are one allocation. The ID of a large one is a separate string,
// which later events share.
func TestLargeEventsAreNotKeptForTheirID(t *testing.T) {
	for size, shares := range map[int]bool{10: true, 4095: true, 4096: false} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			d := NewDecoder(strings.NewReader("id: 7\ndata: " + strings.Repeat("x", size) + "\n\ndata: y\n\n"))
			first, err := d.Next()
			require.NoError(t, err)
			require.Len(t, first.Data, size)
			distance := uintptr(unsafe.Pointer(unsafe.StringData(first.Data))) - uintptr(unsafe.Pointer(unsafe.StringData(first.ID)))
			assert.Equal(t, shares, distance <= uintptr(len("7\ndata: ")))
			e, err := d.Next()
			require.NoError(t, err)
			assert.Equal(t, "7", e.ID)
			assert.Same(t, unsafe.StringData(first.ID), unsafe.StringData(e.ID))
		})
	}
}

// An ID of up to 1 KiB shares an allocation with its event's data.
func TestShortIDsShareAnAllocation(t *testing.T) {
	id := strings.Repeat("x", 1024)
	e, err := NewDecoder(strings.NewReader("id: " + id + "\ndata: y\n\n")).Next()
	require.NoError(t, err)
	assert.Equal(t, id, e.ID)
	afterID := unsafe.Add(unsafe.Pointer(unsafe.StringData(e.ID)), len(id+"\ndata: "))
	assert.Equal(t, unsafe.Pointer(unsafe.StringData(e.Data)), afterID)
}

// A longer ID is copied once, however many events have it.
func TestLongIDsAreHeldOnce(t *testing.T) {
	for name, size := range map[string]int{"just too long": 1025, "7 MiB": 7 << 20} {
		t.Run(name, func(t *testing.T) {
			id := strings.Repeat("x", size)
			d := NewDecoder(strings.NewReader("id: " + id + "\ndata: a\n\n" + strings.Repeat("data: b\n\n: comment\n\n", 300)))
			first, err := d.Next()
			require.NoError(t, err)
			require.Len(t, first.ID, size)
			n := 0
			for e, err := range d.Events() {
				require.NoError(t, err)
				require.Same(t, unsafe.StringData(first.ID), unsafe.StringData(e.ID), "event %d", n)
				assert.Equal(t, "b", e.Data)
				n++
			}
			assert.Equal(t, 300, n)
			assert.Same(t, unsafe.StringData(first.ID), unsafe.StringData(d.LastEventID()))
		})
	}
}

// Data and an ID near it are copied in one piece, in either order. If they are far apart
// they share an allocation too, but without the bytes between them.
func TestDataAndIDShareOnlyWhatIsNear(t *testing.T) {
	far := ":" + strings.Repeat("x", 1000) + "\n"
	for name, c := range map[string]struct {
		stream, data string
		distance     int // from the ID to the data
	}{
		"ID first":           {"id: 7\ndata: y\n\n", "y", len("7\ndata: ")},
		"data first":         {"data: y\nid: 7\n\n", "y", -len("y\nid: ")},
		"several data lines": {"data: y\ndata: z\nid: 7\n\n", "y\nz", -len("y\ndata: z\nid: ")},
		"ID between":         {"data: y\nid: 7\ndata: z\n\n", "y\nz", len("7")},
		"ID first, far":      {"id: 7\n" + far + "data: y\n\n", "y", len("7")},
		"data first, far":    {"data: y\n" + far + "id: 7\n\n", "y", len("7")},
		"16 bytes between":   {"id: 7\n:1234567\ndata: y\n\n", "y", len("7\n:1234567\ndata: ")},
		"17 bytes between":   {"id: 7\n:12345678\ndata: y\n\n", "y", len("7")},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := NewDecoder(strings.NewReader(c.stream)).Next()
			require.NoError(t, err)
			assert.Equal(t, "7", e.ID)
			assert.Equal(t, c.data, e.Data)
			afterID := unsafe.Add(unsafe.Pointer(unsafe.StringData(e.ID)), c.distance)
			assert.Equal(t, unsafe.Pointer(unsafe.StringData(e.Data)), afterID)
		})
	}
}

func TestLongValuesAreNotKept(t *testing.T) {
	long := strings.Repeat("x", 4500)
	d := NewDecoder(io.MultiReader(
		strings.NewReader("event: "+long+"\nid: "+long+"\ndata: x\n"), strings.NewReader("data: y\n\n"),
		strings.NewReader("event: a\nid: b\ndata: x\ndata: y\n\nid: c\ndata: x\ndata: y\n\n")))
	require.True(t, d.Scan())
	assert.Equal(t, long, string(d.View().Type))
	assert.Equal(t, long, string(d.View().ID))
	for d.Scan() {
	}
	require.NoError(t, d.Err())
	for _, l := range []span{d.block.typ, d.block.id.ids[0], d.block.id.ids[1]} {
		assert.LessOrEqual(t, cap(l.store), 4096)
	}
}

// An encoder reuses its buffer for events of up to 64 KiB.
func TestEncoderKeepsNoLargeBuffer(t *testing.T) {
	for size, reuses := range map[int]bool{1: true, 65_536: true, 65_537: false} {
		enc, event := NewEncoder(io.Discard), Event{Data: strings.Repeat("x", max(0, size-len("data: \n\n")))}
		require.NoError(t, enc.Encode(event))
		allocs := testing.AllocsPerRun(10, func() { enc.Encode(event) }) //nolint:errcheck // never fails
		assert.Equal(t, reuses, allocs == 0, "%d bytes", size)
	}
}
