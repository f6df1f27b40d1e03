package revision

import (
	"bytes"
	"math"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// inkFont is how wide the characters of a font are, in thousandths of its size.
type inkFont struct {
	bytes   int // of a code; 0 when the font is unknown
	first   int64
	widths  []float64
	missing float64
	rough   bool // the widths are not in the file
	fixed   bool // all are 600
	turned  bool // it writes from top to bottom, or draws its characters by procedures
	cids    map[int]float64
	ranges  []cidWidth
}

// cidWidth is the width of the characters of a composite font from one number to another.
type cidWidth struct {
	from, to int
	width    float64
}

// textOperator follows the text operators (ISO 32000-2 §9.3, §9.4).
func (s *inkScan) textOperator(op string, c *contentstream.Reader, res pdf.Dict) error {
	st, n := &s.state, c.Number
	switch op {
	case "BT":
		s.tm = contentstream.Matrix{1, 0, 0, 1, 0, 0}
		s.lm = s.tm
	case "Tf":
		st.size = n(1)
		return s.setFont(c.Object(0), res)
	case "Tr":
		st.mode, _ = c.Object(0).(int64)
	case "Tc":
		st.char = n(0)
	case "Tw":
		st.word = n(0)
	case "Tz":
		st.scale = n(0) / 100
	case "TL":
		st.lead = n(0)
	case "Ts":
		st.rise = n(0)
	case "Tm":
		s.lm = c.Matrix()
		s.tm = s.lm
	case "TD":
		st.lead = -n(1)
		s.newLine(n(0), n(1))
	case "Td":
		s.newLine(n(0), n(1))
	case "T*":
		s.newLine(0, -st.lead)
	case "Tj":
		s.show(c.Object(0))
	case "TJ":
		list, _ := c.Object(0).(pdf.Array)
		s.show(list...)
	case "'":
		s.newLine(0, -st.lead)
		s.show(c.Object(0))
	case "\"":
		st.word, st.char = n(0), n(1)
		s.newLine(0, -st.lead)
		s.show(c.Object(2))
	case "gs":
		return s.graphicsState(c, res)
	}
	return nil
}

func (s *inkScan) newLine(x, y float64) {
	s.lm = contentstream.Matrix{1, 0, 0, 1, x, y}.Times(s.lm)
	s.tm = s.lm
}

// graphicsState takes over what of a state concerns ink: line width and font.
func (s *inkScan) graphicsState(c *contentstream.Reader, res pdf.Dict) error {
	list, err := s.d.Dict(res["ExtGState"])
	if err != nil {
		return err
	}
	name, _ := c.Object(0).(pdf.Name)
	gs, err := s.d.Dict(list[name])
	if err != nil {
		return err
	}
	if w, ok := s.d.Number(gs["LW"]); ok {
		s.state.width = w
	}
	if f, err := s.d.Array(gs["Font"]); err == nil && len(f) == 2 {
		s.state.size, _ = s.d.Number(f[1])
		s.state.font, err = inkFontOf(s.d, f[0])
		return err
	}
	return nil
}

func (s *inkScan) setFont(name pdf.Object, res pdf.Dict) error {
	fonts, err := s.d.Dict(res["Font"])
	if err != nil {
		return err
	}
	key, _ := name.(pdf.Name)
	s.state.font, err = inkFontOf(s.d, fonts[key])
	return err
}

// maxWidths bounds the widths of a simple font.
const maxWidths = 1 << 16

func inkFontOf(d *pdf.Document, o pdf.Object) (*inkFont, error) {
	dict, err := d.Dict(o)
	if err != nil {
		return nil, err
	}
	f := &inkFont{bytes: 1, missing: 1000}
	switch d.Name(dict["Subtype"]) {
	case "Type0":
		f.bytes = 2
		encoding, _ := d.Resolve(dict["Encoding"])
		name, _ := encoding.(pdf.Name)
		f.turned = strings.HasSuffix(string(name), "V")
		return f, descendant(d, f, dict)
	case "Type3":
		f.turned = true
		return f, nil
	}
	f.fixed = strings.Contains(string(d.Name(dict["BaseFont"])), "Courier")
	f.first, _ = d.Int(dict["FirstChar"])
	list, err := d.Array(dict["Widths"])
	if err != nil {
		return nil, err
	}
	f.rough = len(list) == 0
	for _, w := range list[:min(len(list), maxWidths)] {
		v, _ := d.Number(w)
		f.widths = append(f.widths, v)
	}
	return f, nil
}

// descendant reads the widths of a composite font (§9.7.4.3). Codes are taken for the numbers of characters, as
// Identity-H has it; with another encoding the greatest width is that of all.
func descendant(d *pdf.Document, f *inkFont, dict pdf.Dict) error {
	list, err := d.Array(dict["DescendantFonts"])
	if err != nil || len(list) == 0 {
		return err
	}
	cid, err := d.Dict(list[0])
	if err != nil {
		return err
	}
	if w, ok := d.Number(cid["DW"]); ok {
		f.missing = w
	}
	widths, err := d.Array(cid["W"])
	if err != nil || d.Name(dict["Encoding"]) != "Identity-H" {
		f.missing = max(f.missing, 1000)
		return err
	}
	f.cids = map[int]float64{}
	for i := 0; i+1 < len(widths) && len(f.cids)+len(f.ranges) < maxWidths; {
		from, _ := d.Int(widths[i])
		if each, err := d.Array(widths[i+1]); err == nil && each != nil {
			for k, w := range each[:min(len(each), maxWidths)] {
				f.cids[int(from)+k], _ = d.Number(w)
			}
			i += 2
			continue
		}
		to, _ := d.Int(widths[i+1])
		if i+2 < len(widths) {
			w, _ := d.Number(widths[i+2])
			f.ranges = append(f.ranges, cidWidth{int(from), int(to), w})
		}
		i += 3
	}
	return nil
}

func (f *inkFont) cid(n int) float64 {
	if w, ok := f.cids[n]; ok {
		return w
	}
	for _, r := range f.ranges[:min(len(f.ranges), 1000)] {
		if n >= r.from && n <= r.to {
			return r.width
		}
	}
	return f.missing
}

// width returns the width of a string's characters at size 1, without spacing, and how many there are.
func (f *inkFont) width(str pdf.String) (w float64, n int) {
	if f.bytes == 2 {
		for i := 0; i+1 < len(str); i += 2 {
			w += f.cid(int(str[i])<<8 | int(str[i+1]))
		}
		return w / 1000, (len(str) + 1) / 2
	}
	for _, c := range []byte(str) {
		i := int64(c) - f.first
		switch {
		case f.fixed:
			w += 600
		case f.rough:
			w += roughWidth(c)
		case i >= 0 && i < int64(len(f.widths)):
			w += f.widths[i]
		default:
			w += f.missing
		}
	}
	return w / 1000, len(str)
}

// roughWidth is a width, in thousandths, that no standard font exceeds for a character (§9.6.2.2).
func roughWidth(c byte) float64 {
	switch {
	case strings.IndexByte("ijl.,;:' !|I", c) >= 0:
		return 390
	case strings.IndexByte("frt()[]{}/\\-\"*`", c) >= 0:
		return 560
	case strings.IndexByte("mwMW%@&", c) >= 0 || c >= 0x80:
		return 1020
	case c >= 'A' && c <= 'Z':
		return 790
	}
	return 620
}

// show draws text. Numbers in the list move it.
func (s *inkScan) show(list ...pdf.Object) {
	st := &s.state
	for _, o := range list {
		if v, ok := pdf.Number(o); ok {
			s.tm = contentstream.Matrix{1, 0, 0, 1, -v / 1000 * st.size * st.scale, 0}.Times(s.tm)
			continue
		}
		str, ok := o.(pdf.String)
		if !ok || len(str) == 0 {
			continue
		}
		w, n := st.font.width(str)
		spaces := bytes.Count([]byte(str), []byte(" "))
		w = (w*st.size + float64(n)*st.char + float64(spaces)*st.word) * st.scale
		s.text(str, w)
		s.tm = contentstream.Matrix{1, 0, 0, 1, w, 0}.Times(s.tm)
	}
}

// text is ink for a string as wide as w in text space.
func (s *inkScan) text(str pdf.String, w float64) {
	st := &s.state
	const invisible, clipping = 3, 7
	blank := st.font.bytes != 2 && strings.Trim(string(str), " ") == ""
	filled, stroked := st.mode%4 == 0 || st.mode%4 == 2, st.mode%4 == 1 || st.mode%4 == 2
	if blank || st.mode == invisible || st.mode == clipping ||
		(!filled || st.fill.white) && (!stroked || st.stroke.white) {
		return
	}
	m := s.tm.Times(st.ctm)
	box := pdf.NewRect(min(0, w), st.rise-0.25*math.Abs(st.size), max(0, w), st.rise+0.95*math.Abs(st.size))
	if st.font.turned || st.size < 0 {
		long := max(math.Abs(w), math.Abs(st.size))
		box = pdf.NewRect(-long, -long, long, long)
	}
	s.ink(bounds(m, box), "text")
}
