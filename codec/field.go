package codec

// A field is what a line is about.
type field int

const (
	fieldUnknown field = iota
	fieldComment
	fieldData
	fieldEvent
	fieldID
	fieldRetry
)

func (f field) String() string {
	return [...]string{"unknown", "comment", "data", "event", "id", "retry"}[f]
}

// longestName is the length of the longest field name with a meaning.
const longestName = len("event")

// parse returns the field of a line that is not empty, and where its value begins.
func parse(line []byte) (f field, value int) {
	switch line[0] {
	case ':':
		return fieldComment, 1
	case 'd':
		if len(line) >= 4 && string(line[:4]) == "data" {
			f, value = fieldData, 4
		}
	case 'e':
		if len(line) >= 5 && string(line[:5]) == "event" {
			f, value = fieldEvent, 5
		}
	case 'i':
		if len(line) >= 2 && line[1] == 'd' {
			f, value = fieldID, 2
		}
	case 'r':
		if len(line) >= 5 && string(line[:5]) == "retry" {
			f, value = fieldRetry, 5
		}
	}
	if value == len(line) || f == fieldUnknown {
		return f, value
	}
	if line[value] != ':' {
		return fieldUnknown, 0
	}
	value++
	if value < len(line) && line[value] == ' ' {
		value++
	}
	return f, value
}
