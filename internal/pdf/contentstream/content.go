package contentstream

import (
	"bytes"

	"github.com/evaultlib/evault/internal/pdf"
)

// A contentReader reads a content stream (ISO 32000-2 §7.8.2), or a CMap, which has the same syntax: operands, then the
// operator that takes them. What is no object is passed over, as readers do.
type Reader struct {
	Parser pdf.Parser
	Args   []operand
}

// operand is an object before an operator. Most are numbers of paths that nobody asks for, so a number is only found
// here, and read when it is wanted.
type operand struct {
	object pdf.Object
	number int // where it stands, when it is a number; else -1
}

// maxOperands bounds what is kept of the operands of one operator.
const maxOperands = 1 << 16

// NewReader reads content b, whose operands may be nested depth deep.
func NewReader(b []byte, depth int) *Reader {
	return &Reader{Parser: pdf.Parser{Bytes: b, MaxDepth: depth, MaxCost: pdf.MaxObject}}
}

// Next returns the next operator, after whose operands the methods below ask; false at the end.
func (r *Reader) Next() (op []byte, ok bool) {
	r.Args, r.Parser.Cost = r.Args[:0], 0
	for r.Parser.Skip(); r.Parser.Pos < len(r.Parser.Bytes); r.Parser.Skip() {
		c := r.Parser.Bytes[r.Parser.Pos]
		switch {
		case startsNumber(c):
			r.push(operand{number: r.Parser.Pos})
			r.Parser.Word()
		case isOperator(r.Parser.Bytes[r.Parser.Pos:]):
			return r.Parser.Word(), true
		default:
			at := r.Parser.Pos
			o, err := r.Parser.Object()
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
func (r *Reader) pass(at int) {
	switch r.Parser.Bytes[at] {
	case '(', '<', '[':
		if r.Parser.Pos = afterOperand(r.Parser.Bytes, at); r.Parser.Pos < 0 {
			r.Parser.Pos = len(r.Parser.Bytes)
		}
	default:
		r.Parser.Pos = max(r.Parser.Pos, at+1)
	}
}

func (r *Reader) push(o operand) {
	if len(r.Args) < maxOperands {
		r.Args = append(r.Args, o)
	}
}

func startsNumber(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '.' || c == '+' }

func isOperator(b []byte) bool {
	c := b[0]
	if c != '\'' && c != '"' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
		return false
	}
	for _, k := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(b, []byte(k)) && (len(b) == len(k) || !pdf.IsRegular(b[len(k)])) {
			return false
		}
	}
	return true
}

// SkipInlineImage passes the rest of an inline image after its operator BI (§8.9.7).
func (r *Reader) SkipInlineImage() {
	for _, end := range []string{"\nEI", " EI", "\rEI"} {
		if i := bytes.Index(r.Parser.Bytes[r.Parser.Pos:], []byte(end)); i >= 0 {
			r.Parser.Pos += i + len(end)
			return
		}
	}
	r.Parser.Pos = len(r.Parser.Bytes)
}

// Object returns operand i; null when there is none.
func (r *Reader) Object(i int) pdf.Object {
	if i >= len(r.Args) {
		return nil
	}
	a := r.Args[i]
	if a.number < 0 {
		return a.object
	}
	p := pdf.Parser{Bytes: r.Parser.Bytes, Pos: a.number}
	o, err := p.Number()
	if err != nil {
		return nil
	}
	return o
}

// Number returns operand i; 0 when it is no number.
func (r *Reader) Number(i int) float64 {
	f, _ := pdf.Number(r.Object(i))
	return f
}

// Matrix returns the first six operands.
func (r *Reader) Matrix() (m Matrix) {
	for i := range m {
		m[i] = r.Number(i)
	}
	return m
}
