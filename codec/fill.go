package codec

// fill reads more of the stream, after what can be dropped of the line being
// read and what lies before it.
func (d *Decoder) fill() error {
	t := &d.text
	if err := d.checkPartial(); err != nil {
		return err
	}
	d.pack()
	switch most := d.limit + fastBuffer + minRoom; {
	case t.room() < minRoom:
		t.grow(most)
	case t.full && len(t.buf) < fastBuffer:
		t.grow(min(fastBuffer, most))
	}
	// Everything counted was once in the buffer.
	d.checked = d.limit < 8*len(t.buf) || d.ids.now().len() > len(t.buf)
	return t.read()
}

// checkPartial looks at the line being read, of which the end is not there yet:
// it is dropped if it is of no interest, and refused if it is already too large.
func (d *Decoder) checkPartial() error {
	t := &d.text
	if t.line == t.end {
		return nil
	}
	if !d.skipping {
		line := t.buf[t.line:t.end]
		f, n := parse(line)
		switch {
		case f == fieldUnknown && len(line) > longestName, f == fieldComment && !d.comments:
			d.skipping = true
		case f != fieldUnknown && n < len(line) && d.tooLarge(f, len(line)-n):
			return &SizeError{Limit: d.limit, Offset: t.lineOffset(), Field: f.String()}
		}
	}
	if d.skipping {
		t.line = t.end
	}
	return nil
}

// pack moves the data and the line being read to the beginning of the buffer, if
// that is little work for what it frees or there is no other room. A byte is left
// between them for the LF that may join them.
func (d *Decoder) pack() {
	t, b := &d.text, &d.block
	to, held := 0, t.raw-t.line
	if b.hasData {
		to = b.end - b.start + 1
		held += to
	}
	if freed := t.line - to; freed == 0 || freed < held && t.room() >= minRoom {
		return
	}
	b.typ.keep(t.buf)
	d.ids.now().keep(t.buf)
	d.ids.pending().keep(t.buf)
	if b.hasData {
		b.end = copy(t.buf, t.buf[b.start:b.end])
		b.start = 0
	}
	t.move(to)
}
