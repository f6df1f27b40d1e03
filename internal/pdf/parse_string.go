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

func (p *Parser) hexadecimal() (Object, error) {
	p.Pos++
	start, digits := p.Pos, 0
	for p.Pos < len(p.Bytes) && (unhex(p.Bytes[p.Pos]) >= 0 || IsSpace(p.Bytes[p.Pos])) {
		if unhex(p.Bytes[p.Pos]) >= 0 {
			digits++
		}
		p.Pos++
	}
	switch {
	case p.Pos == len(p.Bytes):
		return nil, Damaged("unterminated hexadecimal string")
	case p.Bytes[p.Pos] != '>':
		return nil, Damaged("malformed hexadecimal string")
	}
	out := appendHex(make([]byte, 0, (digits+1)/2), p.Bytes[start:p.Pos])
	p.Pos++
	p.Cost += len(out)
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

func (p *Parser) literal() (Object, error) {
	p.Pos++
	start := p.Pos
	end, plain := p.literalEnd()
	if end < 0 {
		p.Pos = len(p.Bytes)
		return nil, Damaged("unterminated string")
	}
	p.Cost += end - start
	if plain {
		p.Pos = end + 1
		return String(p.Bytes[start:end]), nil
	}
	out := make([]byte, 0, end-start)
	for ; p.Pos < end; p.Pos++ {
		c := p.Bytes[p.Pos]
		switch c {
		case '\\':
			out = p.escape(out)
			continue
		case '\r':
			if p.Bytes[p.Pos+1] == '\n' {
				p.Pos++
			}
			c = '\n'
		}
		out = append(out, c)
	}
	p.Pos = end + 1
	return String(out), nil
}

// literalEnd returns where the string that was opened before pos is closed, -1 if nowhere, and whether it is what it
// stands for as it is written.
func (p *Parser) literalEnd() (end int, plain bool) {
	plain = true
	for i, open := p.Pos, 1; i < len(p.Bytes); i++ {
		switch p.Bytes[i] {
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
func (p *Parser) escape(out []byte) []byte {
	p.Pos++
	if p.Pos >= len(p.Bytes) {
		return out
	}
	c := p.Bytes[p.Pos]
	if e, ok := escapes[c]; ok {
		return append(out, e)
	}
	switch {
	case c >= '0' && c <= '7':
		v := 0
		for i := 0; i < 3 && p.Pos < len(p.Bytes) && p.Bytes[p.Pos] >= '0' && p.Bytes[p.Pos] <= '7'; i++ {
			v = v<<3 | int(p.Bytes[p.Pos]-'0')
			p.Pos++
		}
		p.Pos--
		return append(out, byte(v))
	case c == '\r':
		if p.Pos+1 < len(p.Bytes) && p.Bytes[p.Pos+1] == '\n' {
			p.Pos++
		}
		return out
	case c == '\n':
		return out
	}
	return append(out, c)
}
