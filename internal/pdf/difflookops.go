package pdf

import (
	"math"
	"strings"
	"sync"
)

// A look follows the content of an appearance (ISO 32000-2 §8, §9). It knows the operators with which fields are drawn;
// any other is a doubt.
type look struct {
	fonts              *lookFonts
	box                Rect
	ink                rgb
	smallest, largest  float64 // size of the text
	comb, lines        bool    // the field's characters stand apart; its text may take several lines
	loose              bool    // where words end cannot be told
	background, border *rgb    // that may be painted
	behind             *rgb    // what the text was meant to stand on; nil for the page
	backed             bool    // it was painted

	state lookState
	stack []lookState
	text  strings.Builder

	inText     bool
	marked     int
	path       []Rect // rectangles of the path
	clipping   bool   // W came, the path must end now
	at, line   [2]float64
	a, d       float64 // scale of the text matrix
	shown      bool
	last       [2]float64 // where the last string began
	lastExtent float64
	lastSize   float64
	height     float64 // where the line of text begins
	lowest     float64 // where it is lowest
}

// lookState is the graphics state that q and Q save.
type lookState struct {
	clip                                 Rect
	fill, stroke                         rgb
	font                                 *lookFont
	size, char, word, scale, lead, width float64
	dx, dy                               float64 // translation of the coordinate system
}

// lookOp is an operator: its operands (n number, s string, t array, N name, d dictionary, o name or dictionary) and what it does.
type lookOp struct {
	args string
	do   func(l *look, n []float64, args []Object) error
}

const maxStates = 32

var lookOps = sync.OnceValue(func() map[string]lookOp {
	nothing := func(*look, []float64, []Object) error { return nil }
	fill := func(l *look, n []float64, _ []Object) error { l.state.fill, _ = colorOf(n); return nil }
	stroke := func(l *look, n []float64, _ []Object) error { l.state.stroke, _ = colorOf(n); return nil }
	painted := func(inner, outer bool) func(*look, []float64, []Object) error {
		return func(l *look, _ []float64, _ []Object) error { return l.paint(inner, outer) }
	}
	set := func(to func(*lookState) *float64) func(*look, []float64, []Object) error {
		return func(l *look, n []float64, _ []Object) error { *to(&l.state) = n[0]; return nil }
	}
	next := func(l *look) { l.move(0, -l.state.lead) }
	return map[string]lookOp{
		"q": {"", (*look).save}, "Q": {"", (*look).restore},
		"cm": {"nnnnnn", (*look).translate},
		"re": {"nnnn", (*look).rectangle}, "W": {"", (*look).clip}, "W*": {"", (*look).clip},
		"n": {"", painted(false, false)}, "f": {"", painted(true, false)}, "F": {"", painted(true, false)}, "f*": {"", painted(true, false)},
		"S": {"", painted(false, true)}, "s": {"", painted(false, true)}, "B": {"", painted(true, true)}, "b": {"", painted(true, true)},
		"g": {"n", fill}, "rg": {"nnn", fill}, "k": {"nnnn", fill},
		"G": {"n", stroke}, "RG": {"nnn", stroke}, "K": {"nnnn", stroke},
		"w": {"n", set(func(s *lookState) *float64 { return &s.width })}, "j": {"n", nothing}, "J": {"n", nothing}, "M": {"n", nothing}, "i": {"n", nothing}, "d": {"tn", nothing},
		"BMC": {"N", (*look).mark}, "BDC": {"Nd", (*look).mark}, "EMC": {"", (*look).unmark},
		"BT": {"", (*look).begin}, "ET": {"", (*look).end},
		"Tf": {"Nn", (*look).setFont},
		"Tc": {"n", set(func(s *lookState) *float64 { return &s.char })}, "Tw": {"n", set(func(s *lookState) *float64 { return &s.word })},
		"TL": {"n", set(func(s *lookState) *float64 { return &s.lead })},
		"Tz": {"n", func(l *look, n []float64, _ []Object) error { l.state.scale = n[0] / 100; return nil }},
		"Td": {"nn", func(l *look, n []float64, _ []Object) error { l.move(n[0], n[1]); return nil }},
		"TD": {"nn", func(l *look, n []float64, _ []Object) error { l.state.lead = -n[1]; l.move(n[0], n[1]); return nil }},
		"Tm": {"nnnnnn", (*look).matrix},
		"T*": {"", func(l *look, _ []float64, _ []Object) error { next(l); return nil }},
		"Tj": {"s", func(l *look, _ []float64, args []Object) error { return l.show(args[0].(String)) }},
		"TJ": {"t", func(l *look, _ []float64, args []Object) error { return l.showAll(args[0].(Array)) }},
		"'":  {"s", func(l *look, _ []float64, args []Object) error { next(l); return l.show(args[0].(String)) }},
		"\"": {"nns", func(l *look, n []float64, args []Object) error {
			l.state.word, l.state.char = n[0], n[1]
			next(l)
			return l.show(args[2].(String))
		}},
	}
})

// textOps are the operators that belong between BT and ET, and not elsewhere.
var textOps = map[string]bool{"Td": true, "TD": true, "Tm": true, "T*": true, "Tj": true, "TJ": true, "'": true, "\"": true, "ET": true}

// pageOps are the operators that may stand on either side of BT and ET. All others stand outside.
var pageOps = map[string]bool{
	"g": true, "rg": true, "k": true, "G": true, "RG": true, "K": true, "w": true, "j": true, "J": true, "M": true, "i": true, "d": true,
	"BMC": true, "BDC": true, "EMC": true, "Tf": true, "Tc": true, "Tw": true, "TL": true, "Tz": true,
}

func (l *look) run(content []byte, depth int) error {
	ops := lookOps()
	err := eachOperator(content, depth, func(op string, args []Object) error {
		o, ok := ops[op]
		if !ok {
			return doubtf("its appearance does more than show text: %s", quoted(op))
		}
		n, ok := o.operands(args)
		if !ok || (!pageOps[op] && l.inText != textOps[op]) || (len(l.path) > 0 && !pathOps[op]) {
			return doubt("its appearance is malformed")
		}
		return o.do(l, n, args)
	})
	if err == nil && (len(l.stack) > 0 || l.inText || l.marked > 0 || len(l.path) > 0) {
		return doubt("its appearance is malformed")
	}
	return err
}

// pathOps are the operators that may follow the first of a path.
var pathOps = map[string]bool{"re": true, "W": true, "W*": true, "n": true, "f": true, "F": true, "f*": true, "S": true, "s": true, "B": true, "b": true}

// operands checks the kinds of operands and returns those that are numbers, each at its place.
func (o lookOp) operands(args []Object) ([]float64, bool) {
	if len(args) != len(o.args) {
		return nil, false
	}
	out := make([]float64, len(args))
	for i, a := range args {
		ok := false
		switch o.args[i] {
		case 'n':
			out[i], ok = Number(a)
			ok = ok && math.Abs(out[i]) < 1e6
		case 's':
			_, ok = a.(String)
		case 't':
			_, ok = a.(Array)
		case 'N':
			_, ok = a.(Name)
		case 'd':
			_, ok = a.(Dict)
		}
		if !ok {
			return nil, false
		}
	}
	return out, true
}

func (l *look) save([]float64, []Object) error {
	if len(l.stack) == maxStates {
		return doubt("its appearance is malformed")
	}
	l.stack = append(l.stack, l.state)
	return nil
}

func (l *look) restore([]float64, []Object) error {
	if len(l.stack) == 0 {
		return doubt("its appearance is malformed")
	}
	l.state, l.stack = l.stack[len(l.stack)-1], l.stack[:len(l.stack)-1]
	return nil
}

func (l *look) translate(n []float64, _ []Object) error {
	if n[0] != 1 || n[1] != 0 || n[2] != 0 || n[3] != 1 {
		return doubt("its appearance is turned or scaled")
	}
	l.state.dx, l.state.dy = l.state.dx+n[4], l.state.dy+n[5]
	return nil
}

func (l *look) rectangle(n []float64, _ []Object) error {
	x, y := n[0]+l.state.dx, n[1]+l.state.dy
	if len(l.path) == maxStates {
		return doubt("its appearance is malformed")
	}
	l.path = append(l.path, Rect{min(x, x+n[2]), min(y, y+n[3]), max(x, x+n[2]), max(y, y+n[3])})
	return nil
}

func (l *look) clip([]float64, []Object) error {
	if len(l.path) != 1 {
		return doubt("its appearance is malformed")
	}
	l.clipping = true
	return nil
}

// paint ends a path. What is painted must be the background or the border of the field, behind its text.
func (l *look) paint(inner, outer bool) error {
	for _, r := range l.path {
		switch {
		case !inner && !outer:
			continue
		case l.shown || !fills(r, l.box) || l.clipping,
			inner && (l.background == nil || !l.background.near(l.state.fill)),
			outer && (l.border == nil || !l.border.near(l.state.stroke) || l.state.width > edge):
			return doubt("its appearance paints something")
		}
	}
	l.backed = l.backed || inner && len(l.path) == 1 && fills(l.state.clip, l.box)
	if l.clipping {
		r, c := l.path[0], l.state.clip
		l.state.clip = Rect{max(r.X0, c.X0), max(r.Y0, c.Y0), min(r.X1, c.X1), min(r.Y1, c.Y1)}
	}
	l.path, l.clipping = l.path[:0], false
	return nil
}

// unseen reports whether the text is light and was meant for a background that is not painted.
func (l *look) unseen() bool {
	const light = 0.5
	return l.behind != nil && !l.backed && (l.ink[0]+l.ink[1]+l.ink[2])/3 > light
}

// mark begins marked content, which must not be optional (§8.11.3.2).
func (l *look) mark(_ []float64, args []Object) error {
	if args[0] == Name("OC") {
		return doubt("its appearance is optional")
	}
	l.marked++
	return nil
}

func (l *look) unmark([]float64, []Object) error {
	if l.marked--; l.marked < 0 {
		return doubt("its appearance is malformed")
	}
	return nil
}
