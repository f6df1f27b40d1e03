package pdf

import (
	"bytes"
	"maps"
	"strconv"
)

// Parser reads objects from a byte slice (ISO 32000-2 §7.2, §7.3).
type Parser struct {
	Bytes    []byte
	Pos      int
	depth    int
	MaxDepth int
	Cost     int // about how many bytes of memory the objects read take
	MaxCost  int // 0 for no bound
	// plain refuses numbers that are not written as the standard says: readers differ on what they mean.
	plain bool
	// Duplicate is set when a dictionary has a duplicate key: readers differ on which value counts.
	Duplicate bool
	// Spans, when not nil, receives where the values of the outermost dictionary stand.
	Spans map[Name][2]int
}

// IsSpace reports whether c is white space (ISO 32000-2 §7.2.3).
func IsSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// IsRegular reports whether c is neither white space nor a delimiter (ISO 32000-2 §7.2.3).
func IsRegular(c byte) bool { return !IsSpace(c) && !isDelimiter(c) }

// Damaged returns a [*Refusal] with [ReasonDamaged].
func Damaged(detail string) error { return &Refusal{Reason: ReasonDamaged, Detail: detail} }

// Skip passes white space and comments.
func (p *Parser) Skip() {
	for p.Pos < len(p.Bytes) {
		c := p.Bytes[p.Pos]
		switch {
		case IsSpace(c):
			p.Pos++
		case c == '%':
			for p.Pos < len(p.Bytes) && p.Bytes[p.Pos] != '\n' && p.Bytes[p.Pos] != '\r' {
				p.Pos++
			}
		default:
			return
		}
	}
}

// Word reads a run of regular characters.
func (p *Parser) Word() []byte {
	start := p.Pos
	for p.Pos < len(p.Bytes) && IsRegular(p.Bytes[p.Pos]) {
		p.Pos++
	}
	return p.Bytes[start:p.Pos]
}

// Keyword reads the given word and reports whether it stood there; otherwise nothing is consumed.
func (p *Parser) Keyword(k string) bool {
	p.Skip()
	if !bytes.HasPrefix(p.Bytes[p.Pos:], []byte(k)) {
		return false
	}
	if end := p.Pos + len(k); end < len(p.Bytes) && IsRegular(p.Bytes[end]) {
		return false
	}
	p.Pos += len(k)
	return true
}

// Uint reads an unsigned decimal integer of at most ten digits; otherwise nothing is consumed.
func (p *Parser) Uint() (int, bool) {
	p.Skip()
	start, n := p.Pos, 0
	for p.Pos < len(p.Bytes) && p.Bytes[p.Pos] >= '0' && p.Bytes[p.Pos] <= '9' && p.Pos-start < 11 {
		n = n*10 + int(p.Bytes[p.Pos]-'0')
		p.Pos++
	}
	if d := p.Pos - start; d == 0 || d > 10 || (p.Pos < len(p.Bytes) && IsRegular(p.Bytes[p.Pos])) {
		p.Pos = start
		return 0, false
	}
	return n, true
}

// What objects take in memory, in bytes: any object with the place where it stands, and what an array or dictionary
// takes beside.
const (
	costObject    = 40
	costContainer = 64
	costDict      = 256 // more
	costKey       = 24
)

var errObject = &Refusal{Reason: ReasonTooManyObjects, Detail: "an object with too many parts"}

// Object reads one object; "1 0 R" is one.
func (p *Parser) Object() (Object, error) {
	p.Skip()
	if p.Pos >= len(p.Bytes) {
		return nil, Damaged("unexpected end")
	}
	if p.Cost += costObject; p.Cost > p.MaxCost && p.MaxCost > 0 {
		return nil, errObject
	}
	switch c := p.Bytes[p.Pos]; {
	case c == '/':
		return p.name()
	case c == '(':
		return p.literal()
	case c == '<':
		if p.Pos+1 < len(p.Bytes) && p.Bytes[p.Pos+1] == '<' {
			return p.nested((*Parser).dict)
		}
		return p.hexadecimal()
	case c == '[':
		return p.nested((*Parser).array)
	case c >= '0' && c <= '9':
		return p.numberOrRef()
	case c == '+' || c == '-' || c == '.':
		return p.Number()
	}
	at := p.Pos
	switch w := p.Word(); string(w) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	return nil, Damaged("unexpected token at byte " + strconv.Itoa(at))
}

func (p *Parser) nested(f func(*Parser) (Object, error)) (Object, error) {
	p.Cost += costContainer
	if p.depth++; p.depth > p.MaxDepth {
		p.depth--
		return nil, &Refusal{Reason: ReasonTooDeep, Detail: "objects nested beyond the limit"}
	}
	o, err := f(p)
	p.depth--
	return o, err
}

func (p *Parser) name() (Object, error) {
	p.Pos++
	w := p.Word()
	p.Cost += len(w)
	if bytes.IndexByte(w, '#') < 0 {
		return Name(w), nil
	}
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] == '#' && i+2 < len(w) && unhex(w[i+1]) >= 0 && unhex(w[i+2]) >= 0 {
			out = append(out, byte(unhex(w[i+1])<<4|unhex(w[i+2])))
			i += 2
			continue
		}
		out = append(out, w[i])
	}
	return Name(out), nil
}

func (p *Parser) array() (Object, error) {
	p.Pos++
	out := Array{}
	for {
		p.Skip()
		if p.Pos < len(p.Bytes) && p.Bytes[p.Pos] == ']' {
			p.Pos++
			return out, nil
		}
		o, err := p.Object()
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
}

func (p *Parser) dict() (Object, error) {
	p.Pos += 2
	out, null := Dict{}, false
	p.Cost += costDict
	outer := p.depth == 1 && p.Spans != nil
	for {
		p.Skip()
		if bytes.HasPrefix(p.Bytes[p.Pos:], []byte(">>")) {
			p.Pos += 2
			if null {
				maps.DeleteFunc(out, func(_ Name, v Object) bool { return v == nil })
			}
			return out, nil
		}
		if p.Pos >= len(p.Bytes) || p.Bytes[p.Pos] != '/' {
			return nil, Damaged("malformed dictionary at byte " + strconv.Itoa(p.Pos))
		}
		key, err := p.name()
		if err != nil {
			return nil, err
		}
		p.Cost += costKey
		p.Skip()
		from := p.Pos
		v, err := p.Object()
		if err != nil {
			return nil, err
		}
		k := key.(Name)
		if _, ok := out[k]; ok {
			p.Duplicate = true
		}
		if outer {
			p.Spans[k] = [2]int{from, p.Pos}
		}
		out[k], null = v, null || v == nil
	}
}
