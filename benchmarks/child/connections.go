package child

// reserved are the files that a process has open beside its connections.
const reserved = 200

// Connections returns n, or as many connections as a process may have at the same time
// where that is less. Each is an open file.
func Connections(n int) int { return min(n, files()-reserved) }
