package pdf

import (
	"bufio"
	"io"
)

// hexReader decodes ASCIIHexDecode (ISO 32000-2 §7.4.2).
type hexReader struct {
	in  *bufio.Reader
	err error
}

func (r *hexReader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && r.err == nil {
		var hi, lo byte
		if hi, r.err = r.digit(); r.err != nil {
			break
		}
		if lo, r.err = r.digit(); r.err != nil && r.err != io.EOF {
			break
		}
		b[n] = hi<<4 | lo
		n++
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// digit returns the next digit's value; at the end 0 and io.EOF.
func (r *hexReader) digit() (byte, error) {
	for {
		c, err := r.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case c == '>':
			return 0, io.EOF
		case IsSpace(c):
		case unhex(c) < 0:
			return 0, Damaged("malformed hexadecimal stream")
		default:
			return byte(unhex(c)), nil
		}
	}
}

// armorReader takes the marks "<~" and "~>" off ASCII85Decode (§7.4.3), the first of which not all producers write.
type armorReader struct {
	in      *bufio.Reader
	started bool
	err     error
}

func (r *armorReader) Read(b []byte) (int, error) {
	if !r.started {
		r.started = true
		r.begin()
	}
	n := 0
	for n < len(b) && r.err == nil {
		var c byte
		if c, r.err = r.in.ReadByte(); r.err != nil {
			break
		}
		if c == '~' {
			r.err = io.EOF
			break
		}
		b[n] = c
		n++
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

func (r *armorReader) begin() {
	for {
		mark, err := r.in.Peek(2)
		switch {
		case err == nil && mark[0] == '<' && mark[1] == '~':
			_, r.err = r.in.Discard(2)
			return
		case len(mark) > 0 && IsSpace(mark[0]):
			_, r.err = r.in.Discard(1)
		default:
			return
		}
	}
}

// runLengthReader decodes RunLengthDecode (§7.4.5).
type runLengthReader struct {
	in     *bufio.Reader
	left   int // of the run that is being read
	repeat bool
	value  byte
	err    error
}

func (r *runLengthReader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && r.err == nil {
		if r.left == 0 {
			r.next()
			continue
		}
		if !r.repeat {
			if r.value, r.err = r.in.ReadByte(); r.err != nil {
				break
			}
		}
		b[n] = r.value
		n++
		r.left--
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// next reads the length of a run.
func (r *runLengthReader) next() {
	var c byte
	if c, r.err = r.in.ReadByte(); r.err != nil {
		return
	}
	switch {
	case c == 128:
		r.err = io.EOF
	case c < 128:
		r.left, r.repeat = int(c)+1, false
	default:
		r.left, r.repeat = 257-int(c), true
		r.value, r.err = r.in.ReadByte()
	}
}
