package codec

const (
	internedTypes   = 64 // a power of two
	maxInternedType = 64
)

// A typeTable returns the same string for the same type name, so that a stream allocates
// once for each of its types. It holds a bounded number of short names. Each has one place,
// where the next name with that place replaces it.
type typeTable struct {
	names *[internedTypes]string // nil until there is one: many streams name no type
}

func (t *typeTable) intern(name []byte) string {
	if len(name) > maxInternedType {
		return string(name)
	}
	if t.names == nil {
		t.names = new([internedTypes]string)
	}
	place := &t.names[hash(name)%internedTypes]
	if *place != string(name) {
		*place = string(name)
	}
	return *place
}

// hash is FNV-1a.
func hash(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
