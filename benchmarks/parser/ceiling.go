package parser

import "bytes"

// indexByte finds the line ends, which every parser must do.
func indexByte() contender {
	return contender{
		name:  "ceiling: bytes.IndexByte",
		about: "finds the line ends and does nothing else",
		read: func(wire []byte) (lines int, err error) {
			for {
				i := bytes.IndexByte(wire, '\n')
				if i < 0 {
					return lines, nil
				}
				lines++
				wire = wire[i+1:]
			}
		},
	}
}

// memcpy copies the bytes once, which every reader of a connection must do.
func memcpy() contender {
	buffer := make([]byte, 64<<10)
	return contender{
		name:  "ceiling: memcpy",
		about: "copies the bytes and does nothing else",
		read: func(wire []byte) (blocks int, err error) {
			for len(wire) > 0 {
				wire = wire[copy(buffer, wire):]
				blocks++
			}
			return blocks, nil
		},
	}
}
