package child

// reserved is the number of files reserved for other uses than connections.
const reserved = 200

// Connections returns n, or the number of connections that a process can have open if that
// is less. Each is an open file.
func Connections(n int) int { return min(n, files()-reserved) }
