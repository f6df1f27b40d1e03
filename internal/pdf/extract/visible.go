package extract

import (
	"bytes"
	"math"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// textState is the part of the graphics state that decides whether text is seen (ISO 32000-2 §9.3, §11.3.7).
type textState struct {
	ctm     contentstream.Matrix
	font    *TextFont
	size    float64
	leading float64
	mode    int64   // rendering mode: 3 and 7 draw nothing
	alpha   float64 // of filling

	charSpace, wordSpace, rise float64
	widen                      float64 // horizontal scaling less 100 percent
}

// The smallest text, in points, and the faintest that count as readable.
const (
	leastSize  = 3
	leastAlpha = 0.1
)

// Source is what the pages of a file share while they are read.
type Source struct {
	d     *pdf.Document
	All   bool                        // also hidden text
	Shown func(*TextFont, pdf.String) // called for each string that is read, if set
	fonts map[fontKey]*TextFont
	forms int // drawn so far; forms that draw forms can be a bomb
	known map[drawing]string
	buf   bytes.Buffer // of the page's content
}

// drawing is all on which the text depends that a form shows: a form that many pages draw alike is read once.
type drawing struct {
	form       pdf.Ref
	state      textState
	tm, lineTM contentstream.Matrix
	box        pdf.Rect
	unit       float64
	depth      int
}

const (
	maxForms = 100_000
	maxKnown = 1000
)

// NewSource reads the pages of d.
func NewSource(d *pdf.Document) *Source {
	return &Source{d: d, fonts: map[fontKey]*TextFont{}, known: map[drawing]string{}}
}

type textReader struct {
	*Source
	page  pdf.Page
	out   strings.Builder
	depth int

	textState
	stack      []textState
	tm, lineTM contentstream.Matrix
	placed     *placed // where glyphs are; nil when only the text is asked for
}

// reader begins to read a page.
func (t *Source) reader(p pdf.Page) *textReader {
	r := &textReader{Source: t, page: p}
	r.ctm, r.alpha = contentstream.Matrix{1, 0, 0, 1, 0, 0}, 1
	return r
}

// VisibleText returns the text that a page draws, in the order of its content stream, without white space: text in
// rendering mode 3, nearly transparent, unreadably small, or beginning outside the page, is left out. Codes that the
// font gives no Unicode value are left out too, and so are forms that are damaged or of more than 16 MiB. Annotations
// are not looked at.
func (t *Source) VisibleText(p pdf.Page) (_ string, err error) {
	defer pdf.Guard(&err)
	t.buf.Reset()
	if err := contentstream.AppendContent(t.d, &t.buf, p); err != nil {
		return "", err
	}
	r := t.reader(p)
	if err := r.run(t.buf.Bytes(), p.Resources); err != nil {
		return "", err
	}
	return r.out.String(), nil
}

// Unspaced returns s without white space.
func Unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// run interprets one content stream.
func (r *textReader) run(content []byte, resources pdf.Object) error {
	res, err := r.d.Dict(resources)
	if err != nil {
		return err
	}
	c := contentstream.NewReader(content, r.d.Limits().Depth)
	for {
		op, ok := c.Next()
		if !ok {
			return nil
		}
		if err := r.operator(string(op), c, res); pdf.Fatal(err) {
			return err // one that names something damaged does nothing
		}
	}
}

func (r *textReader) operator(op string, c *contentstream.Reader, res pdf.Dict) error {
	switch op {
	case "q":
		if len(r.stack) < 1000 {
			r.stack = append(r.stack, r.textState)
		}
	case "Q":
		if n := len(r.stack); n > 0 {
			r.textState, r.stack = r.stack[n-1], r.stack[:n-1]
		}
	case "cm":
		r.ctm = c.Matrix().Times(r.ctm)
	case "gs":
		return r.graphicsState(c, res)
	case "Do":
		return r.form(c, res)
	case "BI":
		c.SkipInlineImage()
	default:
		return r.textOperator(op, c, res)
	}
	return nil
}

func (r *textReader) textOperator(op string, c *contentstream.Reader, res pdf.Dict) (err error) {
	switch op {
	case "BT":
		r.tm = contentstream.Matrix{1, 0, 0, 1, 0, 0}
		r.lineTM = r.tm
	case "Tf":
		if len(c.Args) == 2 {
			r.size = c.Number(1)
			r.font, err = r.textFont(res, c.Object(0))
		}
	case "Tr":
		if len(c.Args) == 1 {
			r.mode, _ = c.Object(0).(int64)
		}
	case "TL":
		r.leading = c.Number(0)
	case "Tc":
		r.charSpace = c.Number(0)
	case "Tw":
		r.wordSpace = c.Number(0)
	case "Ts":
		r.rise = c.Number(0)
	case "Tz":
		r.widen = c.Number(0) - 100
	case "Tm":
		r.lineTM = c.Matrix()
		r.tm = r.lineTM
	case "Td":
		r.move(c)
	case "TD":
		if r.move(c) {
			r.leading = -c.Number(1)
		}
	case "T*":
		r.nextLine()
	case "Tj":
		if len(c.Args) == 1 {
			r.show(c.Object(0))
		}
	case "TJ":
		if list, ok := c.Object(0).(pdf.Array); ok && len(c.Args) == 1 {
			r.show(list...)
		}
	case "'":
		r.nextLine()
		if len(c.Args) == 1 {
			r.show(c.Object(0))
		}
	case "\"":
		r.nextLine()
		if len(c.Args) == 3 {
			r.wordSpace, r.charSpace = c.Number(0), c.Number(1)
			r.show(c.Object(2))
		}
	}
	return err
}

func (r *textReader) move(c *contentstream.Reader) bool {
	if len(c.Args) != 2 {
		return false
	}
	r.offset(c.Number(0), c.Number(1))
	return true
}

func (r *textReader) nextLine() { r.offset(0, -r.leading) }

func (r *textReader) offset(x, y float64) {
	r.lineTM = contentstream.Matrix{1, 0, 0, 1, x, y}.Times(r.lineTM)
	r.tm = r.lineTM
}

func (r *textReader) show(list ...pdf.Object) {
	if r.placed != nil {
		r.place(list)
		return
	}
	if r.font == nil || !r.All && !r.seen() {
		return
	}
	for _, o := range list {
		if s, ok := o.(pdf.String); ok {
			r.font.write(&r.out, s)
			if r.Shown != nil {
				r.Shown(r.font, s)
			}
		}
	}
}

// seen reports whether a reader of the page sees text that is shown now.
func (r *textReader) seen() bool {
	m := r.tm.Times(r.ctm)
	size := math.Abs(r.size) * math.Sqrt(math.Abs(m[0]*m[3]-m[1]*m[2])) * r.page.UserUnit
	box := r.page.CropBox
	within := m[4] >= box.X0 && m[4] <= box.X1 && m[5] >= box.Y0 && m[5] <= box.Y1
	return r.mode != 3 && r.mode != 7 && r.alpha >= leastAlpha && size >= leastSize && within
}

func (r *textReader) graphicsState(c *contentstream.Reader, res pdf.Dict) error {
	dict, err := r.resource(res, "ExtGState", c)
	if err != nil || dict == nil {
		return err
	}
	state, err := r.d.Dict(dict)
	if err != nil {
		return err
	}
	if o, err := r.d.Resolve(state["ca"]); err == nil && o != nil {
		r.alpha, _ = pdf.Number(o)
	}
	return nil
}

// form draws a form XObject (§8.10).
func (r *textReader) form(c *contentstream.Reader, res pdf.Dict) error {
	o, err := r.resource(res, "XObject", c)
	if err != nil || o == nil {
		return err
	}
	s, err := r.d.Stream(o)
	if err != nil || s == nil || r.d.Name(s.Dict["Subtype"]) != "Form" || r.depth >= 12 {
		return err
	}
	if r.forms++; r.forms > maxForms {
		return &pdf.Refusal{Reason: pdf.ReasonTooManyObjects, Detail: "form XObjects that draw form XObjects"}
	}
	if r.placed != nil {
		return r.draw(s, res)
	}
	ref, _ := o.(pdf.Ref)
	key := drawing{ref, r.textState, r.tm, r.lineTM, r.page.CropBox, r.page.UserUnit, r.depth}
	if text, ok := r.known[key]; ok && ref != (pdf.Ref{}) {
		r.out.WriteString(text)
		return r.d.Charge(len(text))
	}
	before := r.out.Len()
	if err := r.draw(s, res); pdf.Fatal(err) {
		return err
	}
	if len(r.known) < maxKnown && s.Dict["Resources"] != nil {
		r.known[key] = r.out.String()[before:]
	}
	return nil
}

// draw reads a form; one without resources uses those of what draws it, as readers do.
func (r *textReader) draw(s *pdf.Stream, resources pdf.Object) error {
	if own := s.Dict["Resources"]; own != nil {
		resources = own
	}
	content, err := r.d.DecodeMost(s, contentstream.MaxScan)
	if err != nil || content == nil {
		return err
	}
	if r.placed != nil {
		if err := r.d.Charge(len(content)); err != nil {
			return err
		}
	}
	saved, stack, tm, line := r.textState, r.stack, r.tm, r.lineTM
	r.stack = nil
	r.depth++
	if a, err := r.d.Array(s.Dict["Matrix"]); err == nil && len(a) == 6 {
		r.ctm = contentstream.MatrixOf(r.d, a).Times(r.ctm)
	}
	err = r.run(content, resources)
	r.depth--
	r.textState, r.stack, r.tm, r.lineTM = saved, stack, tm, line
	return err
}

func (r *textReader) resource(res pdf.Dict, kind pdf.Name, c *contentstream.Reader) (pdf.Object, error) {
	if len(c.Args) != 1 {
		return nil, nil
	}
	name, _ := c.Object(0).(pdf.Name)
	list, err := r.d.Dict(res[kind])
	return list[name], err
}

// PageText returns all text that the page's content and the appearances of its annotations show, without white space,
// as far as it can be read. Content of more than 16 MiB is not read.
func (t *Source) PageText(p pdf.Page) (_ string, err error) {
	defer pdf.Guard(&err)
	r := t.reader(p)
	content, err := contentstream.PageContent(t.d, &t.buf, p)
	if err == nil {
		err = r.run(content, p.Resources)
	}
	if pdf.Fatal(err) {
		return r.out.String(), err
	}
	list, listErr := t.d.Array(p.Dict["Annots"])
	if pdf.Fatal(listErr) {
		return r.out.String(), listErr
	}
	for _, o := range list {
		if e := r.annotation(o); pdf.Fatal(e) {
			return r.out.String(), e
		}
	}
	return r.out.String(), err
}

// annotation reads every normal appearance of an annotation.
func (r *textReader) annotation(o pdf.Object) error {
	a, err := r.d.Dict(o)
	if err != nil {
		return err
	}
	ap, err := r.d.Dict(a["AP"])
	if err != nil {
		return err
	}
	n, err := r.d.Resolve(ap["N"])
	if err != nil {
		return err
	}
	appearances := []pdf.Object{n}
	if states, ok := n.(pdf.Dict); ok {
		appearances = appearances[:0]
		for _, k := range states.SortedKeys() {
			appearances = append(appearances, states[k])
		}
	}
	for _, o := range appearances {
		s, err := r.d.Stream(o)
		if err == nil && s != nil {
			err = r.draw(s, nil)
		}
		if pdf.Fatal(err) {
			return err
		}
	}
	return nil
}
