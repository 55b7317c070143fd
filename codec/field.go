package codec

// A field says what a line sets, or that it is a comment.
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

// usualField is parseLine for the most common lines, and returns fieldUnknown for others.
func usualField(line []byte) (f field, value int) {
	switch {
	case len(line) > 6 && string(line[:6]) == "data: ":
		return fieldData, 6
	case len(line) > 7 && string(line[:7]) == "event: ":
		return fieldEvent, 7
	case len(line) > 4 && string(line[:4]) == "id: ":
		return fieldID, 4
	}
	return fieldUnknown, 0
}

// parseLine returns the field of a line, which is not empty, and where its value begins.
func parseLine(line []byte) (f field, value int) {
	switch line[0] {
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
	case ':':
		return fieldComment, 1
	}
	switch {
	case f == fieldUnknown, value == len(line): // a name without a colon has an empty value
		return f, value
	case line[value] != ':':
		return fieldUnknown, 0
	}
	value++
	if value < len(line) && line[value] == ' ' {
		value++
	}
	return f, value
}
