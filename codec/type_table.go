package codec

const (
	firstTypes      = 4  // places of a new table
	internedTypes   = 64 // places of the largest; both are powers of two
	maxInternedType = 64
)

// A typeTable returns the same string for the same type name, so that a stream allocates
// once for each of its types. It holds a bounded number of short names. Each has one place.
// When two names have the same place, the table doubles; in the largest the new name
// replaces the old one.
type typeTable struct {
	names []string // nil until there is one: many streams name no type
	last  string   // the one returned last, which is often the next one too
}

func (t *typeTable) intern(name []byte) string {
	if string(name) == t.last {
		return t.last
	}
	if len(name) > maxInternedType {
		return string(name)
	}
	t.last = t.find(name)
	return t.last
}

// find returns the name that is in the table, or puts it there.
func (t *typeTable) find(name []byte) string {
	if t.names == nil {
		t.names = make([]string, firstTypes)
	}
	h := hash(name)
	place := t.place(h)
	if *place == string(name) {
		return *place
	}
	for *place != "" && len(t.names) < internedTypes {
		t.double()
		place = t.place(h)
	}
	*place = string(name)
	return *place
}

// place returns where the name with that hash belongs.
func (t *typeTable) place(h uint32) *string { return &t.names[int(h)&(len(t.names)-1)] }

// double doubles the number of places. Two names that have different places still do.
func (t *typeTable) double() {
	old := t.names
	t.names = make([]string, 2*len(old))
	for _, name := range old {
		if name != "" {
			*t.place(hash([]byte(name))) = name
		}
	}
}

// hash is FNV-1a.
func hash(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
