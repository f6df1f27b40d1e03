package pdf

import (
	"bytes"
	"maps"
	"strconv"
)

// parser reads objects from a byte slice (ISO 32000-2 §7.2, §7.3).
type parser struct {
	b        []byte
	pos      int
	depth    int
	maxDepth int
	cost     int // about how many bytes of memory the objects read take
	maxCost  int // 0 for no bound
	// plain refuses numbers that are not written as the standard says: readers differ on what they mean.
	plain bool
	// duplicate is set when a dictionary names one key twice: readers differ on which value counts.
	duplicate bool
	// spans, when not nil, receives where the values of the outermost dictionary stand.
	spans map[Name][2]int
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

func damaged(detail string) error { return &Refusal{Reason: ReasonDamaged, Detail: detail} }

// skip passes white space and comments.
func (p *parser) skip() {
	for p.pos < len(p.b) {
		c := p.b[p.pos]
		switch {
		case isSpace(c):
			p.pos++
		case c == '%':
			for p.pos < len(p.b) && p.b[p.pos] != '\n' && p.b[p.pos] != '\r' {
				p.pos++
			}
		default:
			return
		}
	}
}

// word reads a run of regular characters.
func (p *parser) word() []byte {
	start := p.pos
	for p.pos < len(p.b) && isRegular(p.b[p.pos]) {
		p.pos++
	}
	return p.b[start:p.pos]
}

// keyword reads the given word and reports whether it stood there; otherwise nothing is consumed.
func (p *parser) keyword(k string) bool {
	p.skip()
	if !bytes.HasPrefix(p.b[p.pos:], []byte(k)) {
		return false
	}
	if end := p.pos + len(k); end < len(p.b) && isRegular(p.b[end]) {
		return false
	}
	p.pos += len(k)
	return true
}

// uint reads an unsigned decimal integer of at most ten digits; otherwise nothing is consumed.
func (p *parser) uint() (int, bool) {
	p.skip()
	start, n := p.pos, 0
	for p.pos < len(p.b) && p.b[p.pos] >= '0' && p.b[p.pos] <= '9' && p.pos-start < 11 {
		n = n*10 + int(p.b[p.pos]-'0')
		p.pos++
	}
	if d := p.pos - start; d == 0 || d > 10 || (p.pos < len(p.b) && isRegular(p.b[p.pos])) {
		p.pos = start
		return 0, false
	}
	return n, true
}

// What objects take in memory, in bytes: any object with the place where it stands, and what an array or dictionary takes beside.
const (
	costObject    = 40
	costContainer = 64
	costDict      = 256 // more
	costKey       = 24
)

var errObject = &Refusal{Reason: ReasonTooManyObjects, Detail: "an object of too many parts"}

// object reads one object; "1 0 R" is one.
func (p *parser) object() (Object, error) {
	p.skip()
	if p.pos >= len(p.b) {
		return nil, damaged("unexpected end")
	}
	if p.cost += costObject; p.cost > p.maxCost && p.maxCost > 0 {
		return nil, errObject
	}
	switch c := p.b[p.pos]; {
	case c == '/':
		return p.name()
	case c == '(':
		return p.literal()
	case c == '<':
		if p.pos+1 < len(p.b) && p.b[p.pos+1] == '<' {
			return p.nested((*parser).dict)
		}
		return p.hexadecimal()
	case c == '[':
		return p.nested((*parser).array)
	case c >= '0' && c <= '9':
		return p.numberOrRef()
	case c == '+' || c == '-' || c == '.':
		return p.number()
	}
	at := p.pos
	switch w := p.word(); string(w) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	return nil, damaged("unexpected token at byte " + strconv.Itoa(at))
}

func (p *parser) nested(f func(*parser) (Object, error)) (Object, error) {
	p.cost += costContainer
	if p.depth++; p.depth > p.maxDepth {
		p.depth--
		return nil, &Refusal{Reason: ReasonTooDeep, Detail: "objects nested beyond the limit"}
	}
	o, err := f(p)
	p.depth--
	return o, err
}

func (p *parser) name() (Object, error) {
	p.pos++
	w := p.word()
	p.cost += len(w)
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

func (p *parser) array() (Object, error) {
	p.pos++
	out := Array{}
	for {
		p.skip()
		if p.pos < len(p.b) && p.b[p.pos] == ']' {
			p.pos++
			return out, nil
		}
		o, err := p.object()
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
}

func (p *parser) dict() (Object, error) {
	p.pos += 2
	out, null := Dict{}, false
	p.cost += costDict
	outer := p.depth == 1 && p.spans != nil
	for {
		p.skip()
		if bytes.HasPrefix(p.b[p.pos:], []byte(">>")) {
			p.pos += 2
			if null {
				maps.DeleteFunc(out, func(_ Name, v Object) bool { return v == nil })
			}
			return out, nil
		}
		if p.pos >= len(p.b) || p.b[p.pos] != '/' {
			return nil, damaged("malformed dictionary at byte " + strconv.Itoa(p.pos))
		}
		key, err := p.name()
		if err != nil {
			return nil, err
		}
		p.cost += costKey
		p.skip()
		from := p.pos
		v, err := p.object()
		if err != nil {
			return nil, err
		}
		k := key.(Name)
		if _, ok := out[k]; ok {
			p.duplicate = true
		}
		if outer {
			p.spans[k] = [2]int{from, p.pos}
		}
		out[k], null = v, null || v == nil
	}
}
