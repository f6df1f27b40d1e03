package pdf

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
