package canvas

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
)

// Color is a color of fill and stroke.
type Color int

// The colors.
const (
	Ink Color = iota // black
	Gray
	Pale
	BlueInk
	Warning
	White
	Shade // behind the head of a table
	Panel // behind a code
)

// rgb has the colors in DeviceRGB, each part 0 to 1.
var rgb = [...][]float64{
	Ink:     {0, 0, 0},
	Gray:    {0.4, 0.4, 0.4},
	Pale:    {0.78, 0.78, 0.78},
	BlueInk: {0.05, 0.1, 0.45},
	Warning: {0.65, 0.05, 0.05},
	White:   {1, 1, 1},
	Shade:   {0.93, 0.94, 0.97},
	Panel:   {0.94, 0.95, 0.98},
}

// Canvas builds the content of one form XObject or page. Its coordinates are points from the top-left corner, y
// downwards; text is placed by its baseline.
type Canvas struct {
	Width, Height float64
	fonts         font.Fonts
	Set           *font.Set
	Lenient       bool // write characters that no font has as code points
	Content       []byte
	Xobjects      pdf.Dict
	states        pdf.Dict

	Decoration bool // all of a form is an artifact (ISO 32000-2 §14.8.2.2)
	Tags       *Tagger
	key        int64     // in the parent tree
	marked     []pdf.Ref // elements by the number of their marked content
	inside     bool      // of marked content
	ShownOn    pdf.Ref   // the page
	stream     pdf.Ref   // the form, if it is one
}

// New returns an empty canvas of w by h points, whose text is drawn in fonts and embedded by set.
func New(w, h float64, fonts font.Fonts, set *font.Set) *Canvas {
	return &Canvas{Width: w, Height: h, fonts: fonts, Set: set, Xobjects: pdf.Dict{}, states: pdf.Dict{}}
}

// Scale makes lettering of a usual size larger on pages that are much larger than usual.
func (c *Canvas) Scale() float64 { return max(1, min(c.Width, c.Height)/800) }

// Num formats a coordinate with at most four decimals.
func Num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 4, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

// Op appends an operator with its arguments.
func (c *Canvas) Op(operator string, args ...float64) {
	for _, a := range args {
		c.Content = append(append(c.Content, Num(a)...), ' ')
	}
	c.Content = append(append(c.Content, operator...), '\n')
}

// Fill sets the color of what is filled, text included.
func (c *Canvas) Fill(col Color) {
	c.Op("rg", rgb[col]...)
}

func (c *Canvas) stroke(col Color) {
	c.Op("RG", rgb[col]...)
}

// Line draws a line from x1, y1 to x2, y2.
func (c *Canvas) Line(x1, y1, x2, y2, thick float64, col Color) {
	c.artifact(func() {
		c.stroke(col)
		c.Op("w", thick)
		c.Op("m", x1, c.Height-y1)
		c.Op("l", x2, c.Height-y2)
		c.Op("S")
	})
}

// Rect fills a rectangle whose top left corner is x, y.
func (c *Canvas) Rect(x, y, w, h float64, col Color) {
	c.artifact(func() {
		c.Fill(col)
		c.Op("re", x, c.Height-y-h, w, h)
		c.Op("f")
	})
}

// Alpha sets the opacity of what follows.
func (c *Canvas) Alpha(a float64) {
	name := pdf.Name("G" + strconv.Itoa(int(a*100)))
	c.states[name] = pdf.Dict{"Type": pdf.Name("ExtGState"), "ca": a, "CA": a}
	c.Content = fmt.Appendf(c.Content, "/%s gs\n", name)
}

// Image draws the image XObject ref into a rectangle.
func (c *Canvas) Image(ref pdf.Ref, x, y, w, h float64) {
	name := pdf.Name(fmt.Sprintf("I%d", len(c.Xobjects)))
	c.Xobjects[name] = ref
	c.Op("q")
	c.Op("cm", w, 0, 0, h, x, c.Height-y-h)
	c.Content = fmt.Appendf(c.Content, "/%s Do\n", name)
	c.Op("Q")
}

// Measure maps s to glyphs of a style.
func (c *Canvas) Measure(st font.Style, s string) ([]font.Glyph, error) {
	return c.fonts.Glyphs(st, s, c.Lenient)
}

// Text draws s with its baseline beginning at x, y.
func (c *Canvas) Text(st font.Style, size, x, y float64, col Color, s string) error {
	gs, err := c.Measure(st, s)
	if err != nil {
		return err
	}
	c.Show(gs, size, x, y, col)
	return nil
}

// Fit draws s like text, made smaller where needed to be at most most points wide, and returns the size used.
func (c *Canvas) Fit(st font.Style, size, x, y, most float64, col Color, s string) (float64, error) {
	gs, err := c.Measure(st, s)
	if err != nil {
		return 0, err
	}
	w := font.Width(gs, size)
	if end := strings.TrimSuffix(s, " "); end != s {
		if gs, err := c.Measure(st, end); err == nil {
			w = font.Width(gs, size) // a space at the end needs no room
		}
	}
	if w > most && w > 0 {
		size *= most / w
	}
	c.Show(gs, size, x, y, col)
	return size, nil
}

// Show draws glyphs with the baseline beginning at x, y.
func (c *Canvas) Show(gs []font.Glyph, size, x, y float64, col Color) {
	c.showMatrix(gs, size, [6]float64{1, 0, 0, 1, x, c.Height - y}, col)
}

// showMatrix draws glyphs with a text matrix in coordinates whose y grows upwards.
func (c *Canvas) showMatrix(gs []font.Glyph, size float64, m [6]float64, col Color) {
	if len(gs) == 0 {
		return
	}
	c.artifact(func() { c.write(gs, size, m, col) })
}

func (c *Canvas) write(gs []font.Glyph, size float64, m [6]float64, col Color) {
	c.Op("BT")
	c.Fill(col)
	c.Op("Tm", m[:]...)
	w := textWriter{c: c, size: size}
	for i := 0; i < len(gs); {
		n := max(gs[i].Chars, 1)
		if n > 1 {
			w.close()
			c.Content = fmt.Appendf(c.Content, "/Span <</ActualText <FEFF%X>>> BDC\n", font.UTF16BE(gs[i].Whole))
		}
		for _, g := range gs[i : i+n] {
			w.show(g)
		}
		if n > 1 {
			w.close()
			c.Content = append(c.Content, "EMC\n"...)
		}
		i += n
	}
	w.close()
	c.Op("ET")
}

// textWriter writes glyphs as text showing operators (ISO 32000-2 §9.4.3).
type textWriter struct {
	c    *Canvas
	size float64
	font *font.UsedFont
	open byte    // '[' inside of an array, '<' inside of a string in it, 0 outside
	owed float64 // how far the pen has yet to move, at size 1
}

func (w *textWriter) show(g font.Glyph) {
	f, cid := w.c.Set.Code(g)
	if f != w.font {
		w.close()
		w.c.Content = fmt.Appendf(w.c.Content, "/%s %s Tf\n", f.Name, Num(w.size))
		w.font = f
	}
	if g.Dy != 0 {
		w.close()
		w.c.Op("Ts", g.Dy*w.size)
	}
	w.move(g.Dx)
	if w.open == 0 {
		w.c.Content = append(w.c.Content, '[')
	}
	if w.open != '<' {
		w.c.Content = append(w.c.Content, '<')
	}
	w.open = '<'
	w.c.Content = fmt.Appendf(w.c.Content, "%04X", cid)
	w.owed = g.Advance - g.Dx - g.Face.Advance(g.ID)
	if g.Dy != 0 {
		w.close()
		w.c.Op("Ts", 0)
	}
}

// move settles what is owed and d besides, before a glyph.
func (w *textWriter) move(d float64) {
	d += w.owed
	w.owed = 0
	if math.Abs(d) < 1e-5 {
		return
	}
	switch w.open {
	case 0:
		w.c.Content = append(w.c.Content, '[')
	case '<':
		w.c.Content = append(w.c.Content, '>')
	}
	w.open = '['
	w.c.Content = append(w.c.Content, Num(-1000*d)...)
}

// close ends the array; what is owed stays owed.
func (w *textWriter) close() {
	switch w.open {
	case '<':
		w.c.Content = append(w.c.Content, ">] TJ\n"...)
	case '[':
		w.c.Content = append(w.c.Content, "] TJ\n"...)
	}
	w.open = 0
}

func (c *Canvas) resources() pdf.Dict {
	res := pdf.Dict{"Font": c.Set.Ref}
	if len(c.Xobjects) > 0 {
		res["XObject"] = c.Xobjects
	}
	if len(c.states) > 0 {
		res["ExtGState"] = c.states
	}
	return res
}

// Form writes what was drawn as a form XObject (ISO 32000-2 §8.10) placed by m.
func (c *Canvas) Form(m [6]float64) pdf.Ref {
	matrix := make(pdf.Array, 6)
	for i, v := range m {
		matrix[i] = v
	}
	dict := pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": pdf.Array{0.0, 0.0, c.Width, c.Height},
		"Matrix": matrix, "Resources": c.resources(),
	}
	content := c.Content
	if c.Decoration {
		content = slices.Concat([]byte("/Artifact BMC\n"), content, []byte("EMC\n"))
	}
	if len(c.marked) > 0 {
		dict["StructParents"] = c.key
	}
	c.stream = c.Set.Update.Add(pdf.Deflate(dict, content))
	return c.stream
}

// Page returns what was drawn as a page dictionary.
func (c *Canvas) Page(u *pdf.Update) pdf.Dict {
	d := pdf.Dict{
		"MediaBox": pdf.Array{0.0, 0.0, c.Width, c.Height}, "Resources": c.resources(),
		"Contents": u.Add(pdf.Deflate(pdf.Dict{}, c.Content)),
	}
	if len(c.marked) > 0 {
		d["StructParents"], d["Tabs"] = c.key, pdf.Name("S")
	}
	return d
}

// AppendPage appends what was drawn as a new last page.
func (c *Canvas) AppendPage(u *pdf.Update) (err error) {
	c.ShownOn, err = u.AppendPage(c.Page(u))
	return err
}
