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

func (p *parser) numberOrRef() (Object, error) {
	start := p.pos
	if num, ok := p.uint(); ok {
		if gen, ok := p.uint(); ok && p.keyword("R") {
			return Ref{Num: num, Gen: gen}, nil
		}
	}
	p.pos = start
	return p.number()
}

func (p *parser) number() (Object, error) {
	at := p.pos
	w := p.word()
	if o := plainNumber(w); o != nil {
		return o, nil
	}
	s := string(w)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '+' && c != '-' {
			return nil, damaged("malformed number at byte " + strconv.Itoa(at))
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, nil
	}
	// Sloppy producers write "--5" and "0.-3"; common readers take the sign or stop at the second one.
	return sloppyNumber(s), nil
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// plainNumber reads a number of at most 15 digits, for which one division gives what strconv would; nil for anything else.
func plainNumber(w []byte) Object {
	neg := len(w) > 0 && w[0] == '-'
	digits, point, n := 0, -1, int64(0)
	for i, c := range w {
		switch {
		case c >= '0' && c <= '9':
			n, digits = 10*n+int64(c-'0'), digits+1
		case c == '.' && point < 0:
			point = digits
		case i > 0 || (c != '-' && c != '+'):
			return nil
		}
		if digits > 15 {
			return nil
		}
	}
	switch {
	case digits == 0:
		return nil
	case point < 0 && neg:
		return -n
	case point < 0:
		return n
	}
	f := float64(n) / powers[digits-point]
	if neg {
		f = -f
	}
	return f
}

func sloppyNumber(s string) Object {
	neg := false
	for len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = neg || s[0] == '-'
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] == '-' || s[i] == '+' {
			s = s[:i]
			break
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return int64(0)
	}
	if neg {
		f = -f
	}
	return f
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
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

func (p *parser) hexadecimal() (Object, error) {
	p.pos++
	start, digits := p.pos, 0
	for p.pos < len(p.b) && (unhex(p.b[p.pos]) >= 0 || isSpace(p.b[p.pos])) {
		if unhex(p.b[p.pos]) >= 0 {
			digits++
		}
		p.pos++
	}
	switch {
	case p.pos == len(p.b):
		return nil, damaged("unterminated hexadecimal string")
	case p.b[p.pos] != '>':
		return nil, damaged("malformed hexadecimal string")
	}
	out := appendHex(make([]byte, 0, (digits+1)/2), p.b[start:p.pos])
	p.pos++
	p.cost += len(out)
	return String(out), nil
}

// appendHex appends the bytes that hexadecimal digits stand for; other characters are passed over, and a last digit
// without its other half is the first of two (§7.3.4.3).
func appendHex(out, digits []byte) []byte {
	half := -1
	for _, c := range digits {
		switch v := unhex(c); {
		case v < 0:
		case half < 0:
			half = v
		default:
			out, half = append(out, byte(half<<4|v)), -1
		}
	}
	if half >= 0 {
		out = append(out, byte(half<<4))
	}
	return out
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f', '(': '(', ')': ')', '\\': '\\'}

func (p *parser) literal() (Object, error) {
	p.pos++
	start := p.pos
	end, plain := p.literalEnd()
	if end < 0 {
		p.pos = len(p.b)
		return nil, damaged("unterminated string")
	}
	p.cost += end - start
	if plain {
		p.pos = end + 1
		return String(p.b[start:end]), nil
	}
	out := make([]byte, 0, end-start)
	for ; p.pos < end; p.pos++ {
		c := p.b[p.pos]
		switch c {
		case '\\':
			out = p.escape(out)
			continue
		case '\r':
			if p.b[p.pos+1] == '\n' {
				p.pos++
			}
			c = '\n'
		}
		out = append(out, c)
	}
	p.pos = end + 1
	return String(out), nil
}

// literalEnd returns where the string that was opened before pos is closed, -1 if nowhere, and whether it is what it
// stands for as it is written.
func (p *parser) literalEnd() (end int, plain bool) {
	plain = true
	for i, open := p.pos, 1; i < len(p.b); i++ {
		switch p.b[i] {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return i, plain
			}
		case '\\':
			plain = false
			i++
		case '\r':
			plain = false
		}
	}
	return -1, false
}

// escape reads the escape at pos and leaves pos on its last byte.
func (p *parser) escape(out []byte) []byte {
	p.pos++
	if p.pos >= len(p.b) {
		return out
	}
	c := p.b[p.pos]
	if e, ok := escapes[c]; ok {
		return append(out, e)
	}
	switch {
	case c >= '0' && c <= '7':
		v := 0
		for i := 0; i < 3 && p.pos < len(p.b) && p.b[p.pos] >= '0' && p.b[p.pos] <= '7'; i++ {
			v = v<<3 | int(p.b[p.pos]-'0')
			p.pos++
		}
		p.pos--
		return append(out, byte(v))
	case c == '\r':
		if p.pos+1 < len(p.b) && p.b[p.pos+1] == '\n' {
			p.pos++
		}
		return out
	case c == '\n':
		return out
	}
	return append(out, c)
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
