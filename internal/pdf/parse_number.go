package pdf

import "strconv"

func (p *Parser) numberOrRef() (Object, error) {
	start := p.Pos
	if num, ok := p.Uint(); ok {
		if gen, ok := p.Uint(); ok && p.Keyword("R") {
			return Ref{Num: num, Gen: gen}, nil
		}
	}
	p.Pos = start
	return p.Number()
}

// Number reads a number: an int64 or a float64.
func (p *Parser) Number() (Object, error) {
	at := p.Pos
	w := p.Word()
	if o := plainNumber(w); o != nil {
		return o, nil
	}
	if p.plain {
		return nil, Damaged("malformed number at byte " + strconv.Itoa(at))
	}
	s := string(w)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '+' && c != '-' {
			return nil, Damaged("malformed number at byte " + strconv.Itoa(at))
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, nil
	}
	// Sloppy producers write "--5" and "0.-3"; common readers take the sign or stop at the second one.
	return sloppyNumber(s), nil
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// plainNumber reads a number of at most 15 digits, for which one division gives what strconv would; nil for anything
// else.
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
