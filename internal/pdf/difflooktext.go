package pdf

import "math"

func (l *look) begin([]float64, []Object) error {
	l.inText, l.a, l.d = true, 1, 1
	l.at, l.line = [2]float64{}, [2]float64{}
	return nil
}

func (l *look) end([]float64, []Object) error {
	l.inText = false
	return nil
}

// move begins the next line of text (ISO 32000-2 table 106).
func (l *look) move(tx, ty float64) {
	l.line[0] += tx * l.a
	l.line[1] += ty * l.d
	l.at = l.line
}

func (l *look) matrix(n []float64, _ []Object) error {
	if n[0] <= 0 || n[3] <= 0 || n[1] != 0 || n[2] != 0 || n[0] > 2*n[3] || n[3] > 2*n[0] {
		return doubt("its text is turned or stretched")
	}
	l.a, l.d = n[0], n[3]
	l.line = [2]float64{n[4], n[5]}
	l.at = l.line
	return nil
}

func (l *look) setFont(n []float64, args []Object) error {
	font, err := l.fonts.get(args[0].(Name))
	if err != nil {
		return err
	}
	l.state.font, l.state.size = font, n[1]
	return nil
}

// backwards bounds, in thousandths of the font size, how far a number in TJ may move back: kerning, not another order.
const backwards = 200

func (l *look) showAll(a Array) error {
	for _, o := range a {
		if s, ok := o.(String); ok {
			if err := l.show(s); err != nil {
				return err
			}
			continue
		}
		n, ok := Number(o)
		if !ok || n > backwards || n < -1e6 {
			return doubt("its text is out of order")
		}
		l.at[0] -= n / 1000 * l.state.size * l.state.scale * l.a
	}
	return nil
}

// show reads a string and checks that it can be seen: in the color of the field, large enough, within the field, not over
// or before what was shown already.
func (l *look) show(s String) error {
	st := &l.state
	if st.font == nil {
		return doubt("its text has no font")
	}
	text, advance, codes, spaces, err := st.font.read(s)
	if err != nil {
		return err
	}
	if l.text.Len()+len(text) > maxLook {
		return doubt("its text is too long")
	}
	high := st.size * l.d
	wide := (advance/1000*st.size + float64(codes)*st.char + float64(spaces)*st.word) * st.scale * l.a
	x, y := l.at[0]+st.dx, l.at[1]+st.dy
	l.at[0] += wide
	if folded(text) == "" {
		l.text.WriteString(text)
		return nil
	}
	const narrowest, tightest, widest = 0.5, -0.05, 0.5
	switch {
	case !st.fill.near(l.ink):
		return doubt("its text has another color than its default appearance")
	case high > l.largest, high < l.smallest, l.shown && math.Abs(high-l.lastSize) > l.lastSize/10:
		return doubt("its text has another size than its default appearance, or several")
	case st.scale < narrowest || st.scale > 1/narrowest || st.char < tightest*st.size || st.word < 2*tightest*st.size, !l.comb && st.char > widest*st.size:
		return doubt("its text is squeezed or pulled apart")
	case l.cut(x, y, wide, high):
		return doubt("its text is cut off")
	}
	gap, ok := l.follows(x, y, high)
	if !ok {
		return doubt("its text is out of order or pulled apart")
	}
	l.text.WriteString(gap)
	l.text.WriteString(text)
	l.loose = l.loose || !st.font.measured()
	l.shown, l.last, l.lastExtent, l.lastSize = true, [2]float64{x, y}, wide, high
	return nil
}

// cut reports whether more than an edge of a string is outside of what is shown. Of characters the part above the baseline
// counts, up to the height of a digit.
func (l *look) cut(x, y, wide, high float64) bool {
	const digit = 0.7
	clip := l.state.clip
	if !l.state.font.measured() {
		wide *= 0.85
	}
	return x < clip.X0-high/20 || y < clip.Y0-high/10 || y+digit*high > clip.Y1+high/8 || x+wide > clip.X1+high/4
}

// follows reports whether text at x, y is read after what was shown last: behind it on its line, or on a lower one, and as
// what white space what is between them is read. How far text reaches is an estimate where the font does not say.
func (l *look) follows(x, y, high float64) (white string, ok bool) {
	const kerning, space, leading = 0.12, 0.15, 0.7
	switch {
	case !l.shown:
	case math.Abs(y-l.height) < high/3:
		l.lowest = min(l.lowest, y)
		gap := x - l.last[0]
		switch {
		case !l.state.font.measured():
			return "", gap >= l.lastExtent/2
		case gap > l.lastExtent+space*high && !l.comb:
			white = " "
		}
		return white, gap >= l.lastExtent-kerning*high
	case !l.lines || y > l.lowest-leading*high:
		return "", false
	default:
		white = "\n"
	}
	l.height, l.lowest = y, y
	return white, true
}
