package pdf

import "bytes"

// A contentReader reads a content stream (ISO 32000-2 §7.8.2), or a CMap, which has the same syntax: operands, then the
// operator that takes them. What is no object is passed over, as readers do.
type contentReader struct {
	p    parser
	args []operand
}

// operand is an object before an operator. Most are numbers of paths that nobody asks for, so a number is only found here,
// and read when it is wanted.
type operand struct {
	object Object
	number int // where it stands, when it is a number; else -1
}

// maxOperands bounds what is kept of the operands of one operator.
const maxOperands = 1 << 16

func newContentReader(b []byte, depth int) *contentReader {
	return &contentReader{p: parser{b: b, maxDepth: depth, maxCost: maxObject}}
}

// next returns the next operator, after whose operands the methods below ask; false at the end.
func (r *contentReader) next() (op []byte, ok bool) {
	r.args, r.p.cost = r.args[:0], 0
	for r.p.skip(); r.p.pos < len(r.p.b); r.p.skip() {
		c := r.p.b[r.p.pos]
		switch {
		case startsNumber(c):
			r.push(operand{number: r.p.pos})
			r.p.word()
		case isOperator(r.p.b[r.p.pos:]):
			return r.p.word(), true
		default:
			at := r.p.pos
			o, err := r.p.object()
			if err != nil {
				r.pass(at)
				continue
			}
			r.push(operand{object: o, number: -1})
		}
	}
	return nil, false
}

// pass goes on behind what is no object although it began as one. What has no end goes to the end of the content.
func (r *contentReader) pass(at int) {
	switch r.p.b[at] {
	case '(', '<', '[':
		if r.p.pos = afterOperand(r.p.b, at); r.p.pos < 0 {
			r.p.pos = len(r.p.b)
		}
	default:
		r.p.pos = max(r.p.pos, at+1)
	}
}

func (r *contentReader) push(o operand) {
	if len(r.args) < maxOperands {
		r.args = append(r.args, o)
	}
}

func startsNumber(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '.' || c == '+' }

func isOperator(b []byte) bool {
	c := b[0]
	if c != '\'' && c != '"' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
		return false
	}
	for _, k := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(b, []byte(k)) && (len(b) == len(k) || !isRegular(b[len(k)])) {
			return false
		}
	}
	return true
}

// skipInlineImage passes the rest of an inline image after its operator BI (§8.9.7).
func (r *contentReader) skipInlineImage() {
	for _, end := range []string{"\nEI", " EI", "\rEI"} {
		if i := bytes.Index(r.p.b[r.p.pos:], []byte(end)); i >= 0 {
			r.p.pos += i + len(end)
			return
		}
	}
	r.p.pos = len(r.p.b)
}

// object returns operand i; null when there is none.
func (r *contentReader) object(i int) Object {
	if i >= len(r.args) {
		return nil
	}
	a := r.args[i]
	if a.number < 0 {
		return a.object
	}
	p := parser{b: r.p.b, pos: a.number}
	o, err := p.number()
	if err != nil {
		return nil
	}
	return o
}

// number returns operand i; 0 when it is no number.
func (r *contentReader) number(i int) float64 {
	f, _ := Number(r.object(i))
	return f
}

// Matrix returns the first six operands.
func (r *contentReader) matrix() (m Matrix) {
	for i := range m {
		m[i] = r.number(i)
	}
	return m
}
