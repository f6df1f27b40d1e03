package cms

import "bytes"

// Bounds of a structure in BER.
const (
	maxBERSize     = 1 << 20
	maxBERElements = 20_000
	maxBERDepth    = 32
)

// Definite turns BER (X.690 §8) with indefinite lengths or strings in pieces, as some Java signers write it, into the
// definite lengths of DER. It returns the first element of b so written, and how long that was in b. Order and values
// stay: what was not DER in another way still is not.
func Definite(b []byte) (der []byte, size int, ok bool) {
	c := berReader{left: maxBERElements}
	der, rest, ok := c.element(b[:min(len(b), maxBERSize)], 0)
	return der, min(len(b), maxBERSize) - len(rest), ok
}

type berReader struct{ left int }

const (
	constructed       = 0x20
	octets            = 0x04
	octetsConstructed = octets | constructed
)

func (c *berReader) element(b []byte, depth int) (der, rest []byte, ok bool) {
	if c.left--; c.left < 0 || depth > maxBERDepth || len(b) < 2 {
		return nil, nil, false
	}
	if b[1] == 0x80 {
		if b[0]&constructed == 0 || b[0]&0x1F == 0x1F {
			return nil, nil, false
		}
		body, rest, ok := c.members(b[2:], b[0], depth, true)
		return Element(b[0], body), rest, ok
	}
	tag, content, whole, rest, ok := ReadElement(b)
	switch {
	case !ok:
		return nil, nil, false
	case tag&constructed == 0:
		return whole, rest, true
	}
	body, _, ok := c.members(content, tag, depth, false)
	return Element(tag, body), rest, ok
}

// members joins the elements within a constructed one: all of b, or, when open, up to the end-of-contents octets.
func (c *berReader) members(b []byte, tag byte, depth int, open bool) (body, rest []byte, ok bool) {
	for {
		switch {
		case open && bytes.HasPrefix(b, []byte{0, 0}):
			return body, b[2:], true
		case !open && len(b) == 0:
			return body, nil, true
		}
		var der []byte
		if der, b, ok = c.element(b, depth+1); !ok {
			return nil, nil, false
		}
		if tag == octetsConstructed {
			piece, content, _, _, ok := ReadElement(der)
			if !ok || piece != octets {
				return nil, nil, false
			}
			der = content
		}
		body = append(body, der...)
	}
}

// Element writes one element; an octet string in pieces becomes one.
func Element(tag byte, content []byte) []byte {
	if tag == octetsConstructed {
		tag = octets
	}
	out, n := []byte{tag}, len(content)
	switch {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 1<<8:
		out = append(out, 0x81, byte(n))
	case n < 1<<16:
		out = append(out, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		out = append(out, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}

// ReadElement takes one element off b. It fails on tags of more than one byte and lengths of more than four, which do
// not occur in what is read.
func ReadElement(b []byte) (tag byte, content, whole, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1F == 0x1F {
		return 0, nil, nil, nil, false
	}
	n, at := int(b[1]), 2
	if n >= 0x80 {
		size := n & 0x7F
		if n, at = 0, 2+size; size < 1 || size > 4 || len(b) < at {
			return 0, nil, nil, nil, false
		}
		for _, x := range b[2:at] {
			n = n<<8 | int(x)
		}
	}
	if n > len(b)-at {
		return 0, nil, nil, nil, false
	}
	return b[0], b[at : at+n], b[:at+n], b[at+n:], true
}
