package extract

import (
	"math"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// A Glyph is a character, or a few that are drawn as one, where a page shows it. The box is in fractions of the page as
// displayed, from its top-left corner, and lies within the page; it reaches from the font's descent to its ascent.
type Glyph struct {
	Text       string // without white space
	X, Y, W, H float64
	// Apart says that white space, or a gap as wide as one, stands between the glyph before and this one, or that this one
	// begins another line.
	Apart bool
}

// maxGlyphs bounds the glyphs of one page. A page of small print has about ten thousand.
const maxGlyphs = 200_000

// gap is how far two glyphs are apart that a reader takes for two words, in units of the font size.
const gap = 0.16

// Glyphs returns the text of a page, glyph by glyph, in the order of its content stream; hidden text too, which scanners
// lay over pictures. Codes without a Unicode value, and what lies outside of the page, are left out. All content that is
// read is charged to the document's Limits.Decoded. Of a page with more than 200,000 glyphs it is the first.
func (t *Source) Glyphs(p pdf.Page) (_ []Glyph, err error) {
	defer pdf.Guard(&err)
	t.buf.Reset()
	if err := contentstream.AppendContent(t.d, &t.buf, p); err != nil {
		return nil, err
	}
	if err := t.d.Charge(t.buf.Len()); err != nil {
		return nil, err
	}
	r := t.reader(p)
	r.placed = &placed{display: contentstream.Inverse(contentstream.Display(p))}
	r.placed.width, r.placed.height = contentstream.Size(p)
	if err := r.run(t.buf.Bytes(), p.Resources); err != nil {
		return nil, err
	}
	return r.placed.glyphs, nil
}

// placed collects where glyphs are.
type placed struct {
	glyphs        []Glyph
	display       contentstream.Matrix // from default user space to the displayed page, from its bottom-left corner
	width, height float64              // of the displayed page, in points

	any        bool // a glyph was shown
	endX, endY float64
}

// place shows strings, and the moves between them in thousandths of the font size (§9.4.3).
func (r *textReader) place(list []pdf.Object) {
	if r.font == nil {
		return
	}
	for _, o := range list {
		if s, ok := o.(pdf.String); ok {
			r.showPlaced(s)
		} else if n, ok := pdf.Number(o); ok {
			r.advance(-n / 1000 * r.size * r.stretch())
		}
	}
}

// showPlaced shows a string and moves on by the widths of its glyphs (§9.4.4).
func (r *textReader) showPlaced(s pdf.String) {
	f := r.font
	if f.metrics == nil {
		f.metrics = measure(r.d, f.dict)
	}
	for i := 0; i+f.Width <= len(s); i += f.Width {
		n := 0
		for _, c := range []byte(s[i : i+f.Width]) {
			n = n<<8 | int(c)
		}
		wide := f.metrics.width(n)*r.size + r.charSpace
		if text := f.Char(n); text != "" {
			r.placeGlyph(text, f.metrics.width(n))
			r.placed.endX, r.placed.endY = r.point(wide*r.stretch(), r.rise)
			r.placed.any = true
		}
		if f.Width == 1 && n == ' ' {
			wide += r.wordSpace
		}
		r.advance(wide * r.stretch())
	}
}

// advance moves the pen along the line.
func (r *textReader) advance(by float64) { r.tm = contentstream.Matrix{1, 0, 0, 1, by, 0}.Times(r.tm) }

// stretch is the horizontal scaling (§9.3.4).
func (r *textReader) stretch() float64 { return 1 + r.widen/100 }

// point takes a point of text space to the displayed page, in points from its bottom-left corner.
func (r *textReader) point(x, y float64) (float64, float64) {
	m := r.tm.Times(r.ctm).Times(r.placed.display)
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// placeGlyph notes a glyph that begins at the pen.
func (r *textReader) placeGlyph(text string, wide float64) {
	p := r.placed
	if len(p.glyphs) >= maxGlyphs {
		return
	}
	low, high := r.rise+r.font.metrics.descent*r.size, r.rise+r.font.metrics.ascent*r.size
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, x := range []float64{0, wide * r.size * r.stretch()} {
		for _, y := range []float64{low, high} {
			px, py := r.point(x, y)
			x0, y0, x1, y1 = min(x0, px), min(y0, py), max(x1, px), max(y1, py)
		}
	}
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, p.width), min(y1, p.height)
	if !(x0 <= x1 && y0 < y1) { // outside, or no number
		return
	}
	g := Glyph{Text: text, X: x0 / p.width, Y: 1 - y1/p.height, W: (x1 - x0) / p.width, H: (y1 - y0) / p.height}
	if p.any {
		px, py := r.point(0, r.rise)
		ux, uy := r.point(r.size, r.rise)
		g.Apart = math.Hypot(px-p.endX, py-p.endY) > gap*math.Hypot(ux-px, uy-py)
	}
	p.glyphs = append(p.glyphs, g)
}
