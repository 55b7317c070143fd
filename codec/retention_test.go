package codec

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What decoders and encoders keep for the next event must not grow with the last.

func TestLongTypesAreNotKept(t *testing.T) {
	var table typeTable
	long := strings.Repeat("x", maxInternedType+1)
	assert.Equal(t, long, table.intern([]byte(long)))
	assert.Equal(t, typeTable{}, table)
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

	table = typeTable{}
	var first []string
	for i := range 8 {
		first = append(first, table.intern(name(i)))
	}
	for i := range 8 {
		assert.Same(t, unsafe.StringData(first[i]), unsafe.StringData(table.intern(name(i))), "type%d", i)
	}
}

// An idle stream has a buffer that holds one small event.
func TestFirstBuffer(t *testing.T) {
	d := NewDecoder(strings.NewReader("event: tick\ndata: x\n\n"))
	_, err := d.Next()
	require.NoError(t, err)
	assert.Len(t, d.buffer.bytes, firstBuffer)
	assert.Greater(t, firstBuffer, minRoom+expansion*utf8.UTFMax, "room for a read")
}

// A small event and its ID are one allocation. The ID of a large one is a string of its own,
// which later events share.
func TestLargeEventsAreNotKeptForTheirID(t *testing.T) {
	for size, shares := range map[int]bool{10: true, maxShared - 1: true, maxShared: false} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			d := NewDecoder(strings.NewReader("id: 7\ndata: " + strings.Repeat("x", size) + "\n\ndata: y\n\n"))
			first, err := d.Next()
			require.NoError(t, err)
			require.Len(t, first.Data, size)
			afterID := unsafe.Add(unsafe.Pointer(unsafe.StringData(first.ID)), len("7\ndata: "))
			assert.Equal(t, shares, afterID == unsafe.Pointer(unsafe.StringData(first.Data)))
			e, err := d.Next()
			require.NoError(t, err)
			assert.Equal(t, "7", e.ID)
			assert.Same(t, unsafe.StringData(first.ID), unsafe.StringData(e.ID))
		})
	}
}

// An ID is copied once, however many events have it.
func TestLongIDsAreHeldOnce(t *testing.T) {
	for name, size := range map[string]int{"just too long": maxPackedID + 1, "7 MiB": 7 << 20} {
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

// Data and an ID near it are copied in one piece, whichever comes first. Those far apart
// share an allocation too, but not what is between them.
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
	long := strings.Repeat("x", 2*maxKeptStore)
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
		assert.LessOrEqual(t, cap(l.store), maxKeptStore)
	}
}

func TestEncoderKeepsNoLargeBuffer(t *testing.T) {
	enc := NewEncoder(io.Discard)
	require.NoError(t, enc.Encode(Event{Data: "x"}))
	kept := cap(enc.buf)
	assert.Positive(t, kept)
	require.NoError(t, enc.Encode(Event{Data: strings.Repeat("x", maxKeptBuffer)}))
	assert.Equal(t, kept, cap(enc.buf))
}
