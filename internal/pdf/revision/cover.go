package revision

import (
	"bytes"
	"math"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// Bounds of what is looked at to tell what a page shows in a rectangle. What lies beyond counts as shown.
const (
	maxInkOperators = 4_000_000
	maxInkDecoded   = 256 << 20
	maxInkDepth     = 12
	maxInkSegments  = 100_000 // of one path
	maxInkStates    = 1000    // saved by q
)

// covers says what a page shows in a rectangle, in words, or "" for nothing: text, pictures, whatever is painted in
// another color than white, annotations but for those given. Rules do not count, for signatures are written on them;
// nor does text that is not drawn.
func covers(d *pdf.Document, p pdf.Page, r pdf.Rect, except map[pdf.Ref]bool, e *Effort) (string, error) {
	const edge = 1 // point; neighbors may touch
	if r.Width() > 4*edge && r.Height() > 4*edge {
		r = pdf.NewRect(r.X0+edge, r.Y0+edge, r.X1-edge, r.Y1-edge)
	}
	list, err := d.Array(p.Dict["Annots"])
	if err != nil {
		return "", err
	}
	for _, a := range list {
		ref, _ := a.(pdf.Ref)
		dict, err := d.Dict(a)
		if err != nil {
			return "", err
		}
		at, ok := d.Rect(dict["Rect"])
		flags, _ := d.Int(dict["F"])
		switch subtype := d.Name(dict["Subtype"]); {
		case except[ref] && ref != (pdf.Ref{}), subtype == "Link", subtype == "Popup", flags&pdf.FlagHidden != 0:
		case ok && meets(at, r):
			return "an annotation", nil
		}
	}
	if e.spent() {
		return beyond, nil
	}
	var buf bytes.Buffer
	if err := contentstream.AppendContent(d, &buf, p); err != nil {
		return "", err
	}
	e.decoded += buf.Len()
	s := &inkScan{d: d, target: r, effort: e}
	s.state = inkState{ctm: contentstream.Matrix{1, 0, 0, 1, 0, 0}, clip: p.CropBox, font: &inkFont{}, scale: 1, width: 1}
	err = s.run(buf.Bytes(), p.Resources, 0)
	return s.found, err
}

// beyond is what a page shows that is not looked at.
const beyond = "more than is looked at"

// meets reports whether two rectangles have an area in common.
func meets(r pdf.Rect, o pdf.Rect) bool {
	return r.X0 < o.X1 && o.X0 < r.X1 && r.Y0 < o.Y1 && o.Y0 < r.Y1
}

// inkState is the part of the graphics state that says where ink goes.
type inkState struct {
	ctm                     contentstream.Matrix
	clip                    pdf.Rect
	width                   float64 // of lines
	fill, stroke            inkColor
	font                    *inkFont
	size, char, word, scale float64
	lead, rise              float64
	mode                    int64
}

// inkColor is what is known of a color.
type inkColor struct {
	white bool
	space int // components of a space in which white is known: 1, 3 or 4; else 0
}

// inkScan follows the content of a page until it finds something in the target.
type inkScan struct {
	d      *pdf.Document
	target pdf.Rect
	found  string
	effort *Effort

	state  inkState
	stack  []inkState
	tm, lm contentstream.Matrix
	at     [2]float64 // current point of the path, in user space
	whole  pdf.Rect   // bounds of the path
	parts  []pdf.Rect // bounds of its subpaths
	lines  []pdf.Rect // of its segments
	start  [2]float64 // of the subpath
	clips  bool       // W came
}

func (s *inkScan) run(content []byte, resources pdf.Object, depth int) error {
	res, err := s.d.Dict(resources)
	if err != nil {
		return err
	}
	s.newPath()
	c := contentstream.NewReader(content, s.d.Limits().Depth)
	for s.found == "" {
		op, ok := c.Next()
		if !ok {
			return nil
		}
		if s.effort.operators++; s.effort.spent() {
			s.found = beyond
			return nil
		}
		if err := s.operator(string(op), c, res, depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *inkScan) operator(op string, c *contentstream.Reader, res pdf.Dict, depth int) error {
	st := &s.state
	switch op {
	case "q":
		if s.stack = append(s.stack, *st); len(s.stack) > maxInkStates {
			s.found = beyond
		}
	case "Q":
		if n := len(s.stack); n > 0 {
			*st, s.stack = s.stack[n-1], s.stack[:n-1]
		}
	case "cm":
		st.ctm = c.Matrix().Times(st.ctm)
	case "w":
		st.width = c.Number(0)
	case "Do":
		return s.object(c, res, depth)
	case "BI":
		s.ink(bounds(st.ctm, pdf.NewRect(0, 0, 1, 1)), "a picture")
		c.SkipInlineImage()
	case "sh":
		s.ink(st.clip, "a shading")
	case "W", "W*":
		s.clips = true
	case "n":
		s.paint(false, false)
	default:
		if !s.pathOperator(op, c) && !s.colorOperator(op, c, res) {
			return s.textOperator(op, c, res)
		}
	}
	return nil
}

// ink notes that something is drawn in a rectangle of default user space.
func (s *inkScan) ink(r pdf.Rect, what string) {
	c := s.state.clip
	r = pdf.NewRect(max(r.X0, c.X0), max(r.Y0, c.Y0), min(r.X1, c.X1), min(r.Y1, c.Y1))
	// Comparisons with what is no number are false: it counts.
	if t := s.target; !(r.X1 <= t.X0 || r.X0 >= t.X1 || r.Y1 <= t.Y0 || r.Y0 >= t.Y1 || r.X1 < r.X0 || r.Y1 < r.Y0) {
		s.found = what
	}
}

func (s *inkScan) newPath() {
	none := pdf.NewRect(math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1))
	s.whole, s.parts, s.lines, s.clips = none, s.parts[:0], s.lines[:0], false
}

// to adds a segment through points in the current space, the last of which is where it ends.
func (s *inkScan) to(points ...float64) {
	box := pdf.NewRect(s.at[0], s.at[1], s.at[0], s.at[1])
	m := s.state.ctm
	for i := 0; i+1 < len(points); i += 2 {
		x, y := m[0]*points[i]+m[2]*points[i+1]+m[4], m[1]*points[i]+m[3]*points[i+1]+m[5]
		box = with(box, pdf.NewRect(x, y, x, y))
		s.at = [2]float64{x, y}
	}
	s.whole = with(s.whole, box)
	if len(s.lines) < maxInkSegments {
		s.lines = append(s.lines, box)
	} else {
		s.lines[0] = with(s.lines[0], s.whole)
	}
	if n := len(s.parts); n > 0 {
		s.parts[n-1] = with(s.parts[n-1], box)
	}
}

// with returns the smallest rectangle around both.
func with(r pdf.Rect, o pdf.Rect) pdf.Rect {
	return pdf.NewRect(min(r.X0, o.X0), min(r.Y0, o.Y0), max(r.X1, o.X1), max(r.Y1, o.Y1))
}

func (s *inkScan) move(x, y float64) {
	m := s.state.ctm
	s.at = [2]float64{m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]}
	s.start = s.at
	if at := pdf.NewRect(s.at[0], s.at[1], s.at[0], s.at[1]); len(s.parts) < maxInkSegments {
		s.parts = append(s.parts, at)
	} else {
		s.parts[len(s.parts)-1] = with(s.parts[len(s.parts)-1], at)
	}
}

func (s *inkScan) close() {
	box := with(
		pdf.NewRect(s.at[0], s.at[1], s.at[0], s.at[1]), pdf.NewRect(s.start[0], s.start[1], s.start[0], s.start[1]),
	)
	s.lines = append(s.lines[:min(len(s.lines), maxInkSegments)], box)
	s.at = s.start
}

func (s *inkScan) pathOperator(op string, c *contentstream.Reader) bool {
	n := c.Number
	switch op {
	case "m":
		s.move(n(0), n(1))
	case "l":
		s.to(n(0), n(1))
	case "c":
		s.to(n(0), n(1), n(2), n(3), n(4), n(5))
	case "v", "y":
		s.to(n(0), n(1), n(2), n(3))
	case "h":
		s.close()
	case "re":
		x, y, w, h := n(0), n(1), n(2), n(3)
		s.move(x, y)
		s.to(x+w, y)
		s.to(x+w, y+h)
		s.to(x, y+h)
		s.close()
	case "f", "F", "f*":
		s.paint(true, false)
	case "B", "B*":
		s.paint(true, true)
	case "b", "b*":
		s.close()
		s.paint(true, true)
	case "S":
		s.paint(false, true)
	case "s":
		s.close()
		s.paint(false, true)
	default:
		return false
	}
	return true
}

// paint ends a path.
func (s *inkScan) paint(fill, stroke bool) {
	if fill && !s.state.fill.white {
		for _, r := range s.parts {
			s.drawn(r)
		}
	}
	if stroke && !s.state.stroke.white {
		m := s.state.ctm
		half := s.state.width / 2 * math.Sqrt(max(m[0]*m[0]+m[1]*m[1], m[2]*m[2]+m[3]*m[3]))
		half = max(half, 0.25)
		for _, r := range s.lines {
			s.drawn(pdf.NewRect(r.X0-half, r.Y0-half, r.X1+half, r.Y1+half))
		}
	}
	if s.clips && len(s.lines) > 0 {
		c, w := s.state.clip, s.whole
		s.state.clip = pdf.NewRect(max(c.X0, w.X0), max(c.Y0, w.Y0), min(c.X1, w.X1), min(c.Y1, w.Y1))
	}
	s.newPath()
}

// drawn is ink for a part of a path, unless it is a rule.
func (s *inkScan) drawn(r pdf.Rect) {
	const thick, long = 1.5, 20
	if r.Height() > thick || r.Width() < long {
		s.ink(r, "a drawing")
	}
}

func (s *inkScan) colorOperator(op string, c *contentstream.Reader, res pdf.Dict) bool {
	to := &s.state.fill
	if op[0] >= 'A' && op[0] <= 'Z' {
		to = &s.state.stroke
	}
	switch op {
	case "g", "G":
		*to = inkColor{space: 1}
	case "rg", "RG":
		*to = inkColor{space: 3}
	case "k", "K":
		*to = inkColor{space: 4}
	case "cs", "CS":
		*to = inkColor{space: s.components(c.Object(0), res)}
		return true
	case "sc", "scn", "SC", "SCN":
	default:
		return false
	}
	to.white = to.space > 0 && len(c.Args) == to.space
	for i := range c.Args {
		v, ok := pdf.Number(c.Object(i))
		to.white = to.white && ok && (to.space == 4 && v <= 0.01 || to.space != 4 && v >= 0.99)
	}
	return true
}

// components returns how many components a color space has in which white is known, else 0.
func (s *inkScan) components(o pdf.Object, res pdf.Dict) int {
	known := map[pdf.Name]int{"DeviceGray": 1, "CalGray": 1, "DeviceRGB": 3, "CalRGB": 3, "DeviceCMYK": 4}
	name, _ := o.(pdf.Name)
	if n := known[name]; n > 0 {
		return n
	}
	spaces, err := s.d.Dict(res["ColorSpace"])
	if err != nil {
		return 0
	}
	a, err := s.d.Array(spaces[name])
	if err != nil || len(a) == 0 {
		return 0
	}
	kind := s.d.Name(a[0])
	if kind != "ICCBased" || len(a) < 2 {
		return known[kind]
	}
	profile, err := s.d.Stream(a[1])
	if err != nil || profile == nil {
		return 0
	}
	n, _ := s.d.Int(profile.Dict["N"])
	return int(n)
}

// object draws an XObject (ISO 32000-2 §8.8).
func (s *inkScan) object(c *contentstream.Reader, res pdf.Dict, depth int) error {
	list, err := s.d.Dict(res["XObject"])
	if err != nil {
		return err
	}
	name, _ := c.Object(0).(pdf.Name)
	x, err := s.d.Stream(list[name])
	if err != nil || x == nil {
		return err
	}
	if s.d.Name(x.Dict["Subtype"]) != "Form" {
		s.ink(bounds(s.state.ctm, pdf.NewRect(0, 0, 1, 1)), "a picture")
		return nil
	}
	saved, stack, tm, lm := s.state, s.stack, s.tm, s.lm
	s.stack = nil
	if a, err := s.d.Array(x.Dict["Matrix"]); err == nil && len(a) == 6 {
		s.state.ctm = contentstream.MatrixOf(s.d, a).Times(s.state.ctm)
	}
	if box, ok := s.d.Rect(x.Dict["BBox"]); ok {
		b, clip := bounds(s.state.ctm, box), s.state.clip
		s.state.clip = pdf.NewRect(max(b.X0, clip.X0), max(b.Y0, clip.Y0), min(b.X1, clip.X1), min(b.Y1, clip.Y1))
	}
	if meets(s.state.clip, s.target) {
		content, err := s.d.DecodeMost(x, contentstream.MaxScan)
		s.effort.decoded += len(content)
		switch {
		case err != nil:
			return err
		case content == nil || depth >= maxInkDepth:
			s.found = beyond
			return nil
		}
		if x.Dict["Resources"] != nil {
			err = s.run(content, x.Dict["Resources"], depth+1)
		} else {
			err = s.run(content, res, depth+1)
		}
		if err != nil {
			return err
		}
	}
	s.state, s.stack, s.tm, s.lm = saved, stack, tm, lm
	s.newPath()
	return nil
}
