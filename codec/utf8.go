package codec

import "unicode/utf8"

// replacement is U+FFFD in UTF-8.
const replacement = "\uFFFD"

// sequence measures the beginning of p, which is not empty, as UTF-8: need is the
// length of the sequence that the first byte begins (0 if no sequence begins
// with it), and n is how many bytes of p are a prefix of such a sequence, at
// least 1.
//
// The sequence is complete if n == need; it may be completed by bytes not yet
// read if n == len(p) < need; otherwise these n bytes are what Unicode calls a
// maximal subpart, to be replaced by one U+FFFD. The ranges of the second byte
// are those of the Encoding Standard's UTF-8 decoder (§8.1.1).
func sequence(p []byte) (n, need int) {
	lower, upper := byte(0x80), byte(0xBF)
	switch first := p[0]; {
	case first < 0x80:
		return 1, 1
	case first < 0xC2 || first > 0xF4:
		return 1, 0
	case first < 0xE0:
		need = 2
	case first < 0xF0:
		need = 3
		switch first {
		case 0xE0:
			lower = 0xA0
		case 0xED:
			upper = 0x9F
		}
	default:
		need = 4
		switch first {
		case 0xF0:
			lower = 0x90
		case 0xF4:
			upper = 0x8F
		}
	}
	for n = 1; n < need && n < len(p) && lower <= p[n] && p[n] <= upper; n++ {
		lower, upper = 0x80, 0xBF
	}
	return n, need
}

// unfinished returns how many bytes at the end of p, 0 to 3, begin a sequence
// that more bytes may complete.
func unfinished(p []byte) int {
	for k := 1; k <= min(len(p), utf8.UTFMax-1); k++ {
		tail := p[len(p)-k:]
		if !utf8.RuneStart(tail[0]) {
			continue
		}
		if n, need := sequence(tail); n == k && n < need {
			return k
		}
		return 0
	}
	return 0
}

// validPrefix returns the length of the longest prefix of p that is valid UTF-8.
func validPrefix(p []byte) int {
	i := 0
	for i < len(p) {
		n, need := sequence(p[i:])
		if n != need {
			break
		}
		i += n
	}
	return i
}

// appendValid appends p to dst with each maximal subpart of an ill-formed
// sequence replaced by one U+FFFD. This is what the Encoding Standard's decoder
// does; strings.ToValidUTF8 replaces a run of them by one, a range loop each byte.
func appendValid(dst, p []byte) []byte {
	for {
		n := validPrefix(p)
		dst = append(dst, p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return dst
		}
		n, _ = sequence(p)
		dst = append(dst, replacement...)
		p = p[n:]
	}
}
