package pdf

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// color is a color of fill and stroke.
type color int

const (
	ink color = iota
	gray
	pale
	blueInk
	warning
	white
	shade // behind the head of a table
	panel // behind a code
)

// rgb returns the color in DeviceRGB, each part 0 to 1.
func (c color) rgb() [3]float64 {
	switch c {
	case gray:
		return [3]float64{0.4, 0.4, 0.4}
	case pale:
		return [3]float64{0.78, 0.78, 0.78}
	case blueInk:
		return [3]float64{0.05, 0.1, 0.45}
	case warning:
		return [3]float64{0.65, 0.05, 0.05}
	case white:
		return [3]float64{1, 1, 1}
	case shade:
		return [3]float64{0.93, 0.94, 0.97}
	case panel:
		return [3]float64{0.94, 0.95, 0.98}
	}
	return [3]float64{}
}

// canvas builds the content of one form XObject or page. Its coordinates are points from the top-left corner, y downwards;
// text is placed by its baseline.
type canvas struct {
	w, h     float64
	fonts    Fonts
	set      *fontSet
	lenient  bool // write characters that no font has as code points
	content  []byte
	xobjects Dict
	states   Dict

	decoration bool // all of a form is an artifact (ISO 32000-2 §14.8.2.2)
	tags       *tagger
	key        int64 // in the parent tree
	marked     []Ref // elements by the number of their marked content
	inside     bool  // of marked content
	shownOn    Ref   // the page
	stream     Ref   // the form, if it is one
}

func newCanvas(w, h float64, fonts Fonts, set *fontSet) *canvas {
	return &canvas{w: w, h: h, fonts: fonts, set: set, xobjects: Dict{}, states: Dict{}}
}

// scale makes lettering of a usual size larger on pages that are much larger than usual.
func (c *canvas) scale() float64 { return max(1, min(c.w, c.h)/800) }

// num formats a coordinate with at most four decimals.
func num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 4, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

func (c *canvas) op(operator string, args ...float64) {
	for _, a := range args {
		c.content = append(append(c.content, num(a)...), ' ')
	}
	c.content = append(append(c.content, operator...), '\n')
}

func (c *canvas) fill(col color) {
	rgb := col.rgb()
	c.op("rg", rgb[:]...)
}

func (c *canvas) stroke(col color) {
	rgb := col.rgb()
	c.op("RG", rgb[:]...)
}

func (c *canvas) line(x1, y1, x2, y2, thick float64, col color) {
	c.artifact(func() {
		c.stroke(col)
		c.op("w", thick)
		c.op("m", x1, c.h-y1)
		c.op("l", x2, c.h-y2)
		c.op("S")
	})
}

func (c *canvas) rect(x, y, w, h float64, col color) {
	c.artifact(func() {
		c.fill(col)
		c.op("re", x, c.h-y-h, w, h)
		c.op("f")
	})
}

// alpha sets the opacity of what follows.
func (c *canvas) alpha(a float64) {
	name := Name("G" + strconv.Itoa(int(a*100)))
	c.states[name] = Dict{"Type": Name("ExtGState"), "ca": a, "CA": a}
	c.content = fmt.Appendf(c.content, "/%s gs\n", name)
}

// image draws the image XObject ref into a rectangle.
func (c *canvas) image(ref Ref, x, y, w, h float64) {
	name := Name(fmt.Sprintf("I%d", len(c.xobjects)))
	c.xobjects[name] = ref
	c.op("q")
	c.op("cm", w, 0, 0, h, x, c.h-y-h)
	c.content = fmt.Appendf(c.content, "/%s Do\n", name)
	c.op("Q")
}

// measure maps s to glyphs of a style.
func (c *canvas) measure(st style, s string) ([]glyph, error) {
	return c.fonts.glyphs(st, s, c.lenient)
}

// text draws s with its baseline beginning at x, y.
func (c *canvas) text(st style, size, x, y float64, col color, s string) error {
	gs, err := c.measure(st, s)
	if err != nil {
		return err
	}
	c.show(gs, size, x, y, col)
	return nil
}

// fit draws s like text, made smaller where needed to be at most most points wide, and returns the size used.
func (c *canvas) fit(st style, size, x, y, most float64, col color, s string) (float64, error) {
	gs, err := c.measure(st, s)
	if err != nil {
		return 0, err
	}
	w := width(gs, size)
	if end := strings.TrimSuffix(s, " "); end != s {
		if gs, err := c.measure(st, end); err == nil {
			w = width(gs, size) // a space at the end needs no room
		}
	}
	if w > most && w > 0 {
		size *= most / w
	}
	c.show(gs, size, x, y, col)
	return size, nil
}

func (c *canvas) show(gs []glyph, size, x, y float64, col color) {
	c.showMatrix(gs, size, [6]float64{1, 0, 0, 1, x, c.h - y}, col)
}

// showMatrix draws glyphs with a text matrix in coordinates whose y grows upwards.
func (c *canvas) showMatrix(gs []glyph, size float64, m [6]float64, col color) {
	if len(gs) == 0 {
		return
	}
	c.artifact(func() { c.write(gs, size, m, col) })
}

func (c *canvas) write(gs []glyph, size float64, m [6]float64, col color) {
	c.op("BT")
	c.fill(col)
	c.op("Tm", m[:]...)
	w := textWriter{c: c, size: size}
	for i := 0; i < len(gs); {
		n := max(gs[i].of, 1)
		if n > 1 {
			w.close()
			c.content = fmt.Appendf(c.content, "/Span <</ActualText <FEFF%X>>> BDC\n", utf16BE(gs[i].whole))
		}
		for _, g := range gs[i : i+n] {
			w.show(g)
		}
		if n > 1 {
			w.close()
			c.content = append(c.content, "EMC\n"...)
		}
		i += n
	}
	w.close()
	c.op("ET")
}

// textWriter writes glyphs as text showing operators (ISO 32000-2 §9.4.3).
type textWriter struct {
	c    *canvas
	size float64
	font *usedFont
	open byte    // '[' inside of an array, '<' inside of a string in it, 0 outside
	owed float64 // how far the pen has yet to move, at size 1
}

func (w *textWriter) show(g glyph) {
	f, cid := w.c.set.code(g)
	if f != w.font {
		w.close()
		w.c.content = fmt.Appendf(w.c.content, "/%s %s Tf\n", f.name, num(w.size))
		w.font = f
	}
	if g.dy != 0 {
		w.close()
		w.c.op("Ts", g.dy*w.size)
	}
	w.move(g.dx)
	if w.open == 0 {
		w.c.content = append(w.c.content, '[')
	}
	if w.open != '<' {
		w.c.content = append(w.c.content, '<')
	}
	w.open = '<'
	w.c.content = fmt.Appendf(w.c.content, "%04X", cid)
	w.owed = g.advance - g.dx - g.face.advance(g.id)
	if g.dy != 0 {
		w.close()
		w.c.op("Ts", 0)
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
		w.c.content = append(w.c.content, '[')
	case '<':
		w.c.content = append(w.c.content, '>')
	}
	w.open = '['
	w.c.content = append(w.c.content, num(-1000*d)...)
}

// close ends the array; what is owed stays owed.
func (w *textWriter) close() {
	switch w.open {
	case '<':
		w.c.content = append(w.c.content, ">] TJ\n"...)
	case '[':
		w.c.content = append(w.c.content, "] TJ\n"...)
	}
	w.open = 0
}

func (c *canvas) resources() Dict {
	res := Dict{"Font": c.set.ref}
	if len(c.xobjects) > 0 {
		res["XObject"] = c.xobjects
	}
	if len(c.states) > 0 {
		res["ExtGState"] = c.states
	}
	return res
}

// form writes what was drawn as a form XObject (ISO 32000-2 §8.10) placed by m.
func (c *canvas) form(m [6]float64) Ref {
	matrix := make(Array, 6)
	for i, v := range m {
		matrix[i] = v
	}
	dict := Dict{
		"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": Array{0.0, 0.0, c.w, c.h}, "Matrix": matrix, "Resources": c.resources(),
	}
	content := c.content
	if c.decoration {
		content = slices.Concat([]byte("/Artifact BMC\n"), content, []byte("EMC\n"))
	}
	if len(c.marked) > 0 {
		dict["StructParents"] = c.key
	}
	c.stream = c.set.u.Add(Deflate(dict, content))
	return c.stream
}

// page returns what was drawn as a page dictionary.
func (c *canvas) page(u *Update) Dict {
	d := Dict{"MediaBox": Array{0.0, 0.0, c.w, c.h}, "Resources": c.resources(), "Contents": u.Add(Deflate(Dict{}, c.content))}
	if len(c.marked) > 0 {
		d["StructParents"], d["Tabs"] = c.key, Name("S")
	}
	return d
}

// appendPage appends what was drawn as a new last page.
func (c *canvas) appendPage(u *Update) (err error) {
	c.shownOn, err = u.AppendPage(c.page(u))
	return err
}
