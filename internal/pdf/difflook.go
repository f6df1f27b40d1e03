package pdf

import (
	"io"
	"math"
	"slices"
	"strings"
	"unicode"
)

// maxLook bounds the decoded content of one appearance.
const maxLook = 1 << 20

// formKeys are the entries that the appearance of a filled field may have (ISO 32000-2 table 93).
var formKeys = []Name{"Type", "Subtype", "FormType", "BBox", "Matrix", "Resources", "Length", "Filter", "DecodeParms"}

// shows wants the appearance stream ref of a text or choice field to show text, all of it and nothing else, where the
// widget stands and with fonts that were there.
func (c *comparison) shows(f formField, w widget, before Object, ref Ref, text string) error {
	s, err := c.new.Stream(ref)
	if err != nil {
		return err
	}
	if s == nil || s.Dict["Subtype"] != Name("Form") {
		return doubt("its appearance is no form")
	}
	for k := range s.Dict {
		if !slices.Contains(formKeys, k) {
			return doubtf("its appearance has /%s", k)
		}
	}
	if filter, err := c.new.Resolve(s.Dict["Filter"]); err != nil || !plainlyCoded(filter) || s.Dict["DecodeParms"] != nil {
		return doubt("its appearance is coded in an unusual way")
	}
	l, err := c.newLook(f, w, before, s.Dict)
	if err != nil {
		return err
	}
	l.loose = l.comb
	content, err := c.content(c.new, s)
	if err != nil {
		return err
	}
	if err := l.run(content, c.new.limits.Depth); err != nil {
		return err
	}
	if l.shown && l.unseen() {
		return doubt("its text is light, and without the background of the field")
	}
	if !sameText(l.text.String(), text, l.loose) {
		return doubtf("it shows other text than its value: %s", quoted(strings.TrimSpace(l.text.String())))
	}
	return nil
}

// newLook prepares to read an appearance with the given dictionary.
func (c *comparison) newLook(f formField, w widget, before Object, form Dict) (*look, error) {
	box, err := lookBox(c.new, w.now, form)
	if err != nil {
		return nil, err
	}
	fonts, err := c.lookFonts(form["Resources"], before)
	if err != nil {
		return nil, err
	}
	ink, size, err := c.ink(f, w)
	if err != nil {
		return nil, err
	}
	l := &look{fonts: fonts, box: box, ink: ink, smallest: max(3, 0.75*size), largest: 1.25 * size, state: lookState{clip: box, scale: 1}}
	if size <= 0 {
		l.largest = box.Height()
	}
	l.comb, l.lines = f.kind == "Tx" && f.flags&flagComb != 0, f.kind == "Tx" && f.flags&flagMultiline != 0
	return l, c.frame(l, w, before)
}

// plainlyCoded reports whether a filter is one that all readers decode alike: none, or Flate.
func plainlyCoded(filter Object) bool {
	if list, ok := filter.(Array); ok && len(list) == 1 {
		filter = list[0]
	}
	list, ok := filter.(Array)
	return filter == nil || filter == Object(Name("FlateDecode")) || (ok && len(list) == 0)
}

// content decodes an appearance.
func (c *comparison) content(d *Document, s *Stream) ([]byte, error) {
	r, err := d.decoder(s)
	if err != nil {
		return nil, err
	}
	defer r.close()
	b, err := readAll(io.LimitReader(r, maxLook+1), len(s.Raw))
	if err == nil && len(b) > maxLook {
		err = doubt("its appearance is too large")
	}
	if err == nil {
		err = c.spend(len(b))
	}
	return b, err
}

// lookBox returns /BBox, which must be as large as the widget, so that nothing is scaled or turned (§12.5.5).
func lookBox(d *Document, widget, form Dict) (Rect, error) {
	rect, ok1 := d.Rect(widget["Rect"])
	box, ok2 := d.Rect(form["BBox"])
	near := func(a, b float64) bool { return math.Abs(a-b) <= max(1, 0.02*b) }
	if !ok1 || !ok2 || !near(box.Width(), rect.Width()) || !near(box.Height(), rect.Height()) {
		return Rect{}, doubt("its appearance is not as large as its widget")
	}
	if form["Matrix"] == nil {
		return box, nil
	}
	m, err := d.Array(form["Matrix"])
	if err != nil {
		return Rect{}, err
	}
	if len(m) != 6 {
		return Rect{}, doubt("its appearance is malformed")
	}
	for i, want := range []float64{1, 0, 0, 1, 0, 0} {
		if v, ok := d.number(m[i]); !ok || v != want {
			return Rect{}, doubt("its appearance is turned, scaled or moved")
		}
	}
	return box, nil
}

// folded is s without white space.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// sameText reports whether what is shown is the value, with white space where the value has it and nowhere else. Where a line
// ends, the value may have white space or not. When loose, only white space that is shown counts. Apostrophes are alike:
// fonts without an encoding draw them round.
func sameText(shown, value string, loose bool) bool {
	v, at := []rune(value), 0
	gap, end := false, false // before the next character
	for _, r := range shown {
		if unicode.IsSpace(r) {
			gap, end = true, end || r == '\n'
			continue
		}
		from := at
		for at < len(v) && unicode.IsSpace(v[at]) {
			at++
		}
		if has := at > from; from > 0 && !end && gap != has && (gap || !loose) {
			return false
		}
		if at == len(v) || folded(string(v[at])) != folded(string(r)) {
			return false
		}
		at++
		gap, end = false, false
	}
	return folded(string(v[at:])) == ""
}

// rgb is a color, as far as it is compared.
type rgb [3]float64

func (a rgb) near(b rgb) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > 0.03 {
			return false
		}
	}
	return true
}

// colorOf turns the operands of g, rg and k, or the entries of /MK, into a color.
func colorOf(n []float64) (rgb, bool) {
	switch len(n) {
	case 1:
		return rgb{n[0], n[0], n[0]}, true
	case 3:
		return rgb(n), true
	case 4:
		return rgb{(1 - n[0]) * (1 - n[3]), (1 - n[1]) * (1 - n[3]), (1 - n[2]) * (1 - n[3])}, true
	}
	return rgb{}, false
}

// ink returns the color and the size of the field's text, which its default appearance /DA says and which were signed
// (§12.7.4.3). A size of 0 is for the reader to choose.
func (c *comparison) ink(f formField, w widget) (ink rgb, size float64, _ error) {
	da := f.da
	if own, ok := w.old["DA"]; ok {
		da = own
	}
	o, err := c.old.Resolve(da)
	if err != nil {
		return ink, 0, err
	}
	s, _ := o.(String)
	if len(s) > maxFieldName {
		return ink, 0, doubt("its default appearance is too long")
	}
	err = eachOperator([]byte(s), c.old.limits.Depth, func(op string, args []Object) error {
		switch op {
		case "g", "rg", "k":
			if n, ok := numbers(args); ok {
				ink, _ = colorOf(n)
			}
		case "Tf":
			if len(args) == 2 {
				size, _ = Number(args[1])
			}
		}
		return nil
	})
	return ink, size, err
}

// frame reads the colors of background and border (/MK, table 192), the only things that may be painted, behind the text.
// The background is one only if the widget showed it when it was signed: else it would cover what was signed.
func (c *comparison) frame(l *look, w widget, before Object) error {
	mk, err := c.old.Dict(w.old["MK"])
	if err != nil {
		return err
	}
	if l.border, err = c.markColor(mk["BC"]); err != nil {
		return err
	}
	background, err := c.markColor(mk["BG"])
	if err != nil || background == nil {
		return err
	}
	l.behind = background
	s, err := c.old.Stream(before)
	if err != nil || s == nil {
		return err
	}
	box, err := lookBox(c.old, w.old, s.Dict)
	if err != nil {
		return nil // nothing is known of a background that was drawn in another way
	}
	content, err := c.content(c.old, s)
	if fatal(err) {
		return err
	}
	if err == nil && backed(content, box, *background, c.old.limits.Depth) {
		l.background = background
	}
	return nil
}

func (c *comparison) markColor(o Object) (*rgb, error) {
	a, err := c.old.Array(o)
	if err != nil {
		return nil, err
	}
	if len(a) > 4 {
		return nil, doubt("its colors are malformed")
	}
	n, ok := numbers(a)
	color, known := colorOf(n)
	if !ok || !known {
		return nil, nil
	}
	return &color, nil
}

// backed reports whether content begins with filling all of box with a color.
func backed(content []byte, box Rect, color rgb, depth int) bool {
	found, fill, path := false, rgb{}, Rect{}
	end := doubt("seen enough")
	_ = eachOperator(content, depth, func(op string, args []Object) error {
		n, ok := numbers(args)
		switch op {
		case "g", "rg", "k":
			fill, _ = colorOf(n)
		case "re":
			if ok && len(n) == 4 {
				path = Rect{n[0], n[1], n[0] + n[2], n[1] + n[3]}
			}
		case "f", "f*", "F", "B", "b":
			found = fills(path, box) && fill.near(color)
			return end
		case "q", "BMC", "w", "G", "RG", "K":
		default:
			return end
		}
		return nil
	})
	return found
}

// edge is how far, in points, a background or border may be from the edge of its field.
const edge = 4

// fills reports whether r is about as large as box.
func fills(r, box Rect) bool {
	return r.X0 <= box.X0+edge && r.Y0 <= box.Y0+edge && r.X1 >= box.X1-edge && r.Y1 >= box.Y1-edge
}

func numbers(args []Object) ([]float64, bool) {
	out := make([]float64, len(args))
	for i, a := range args {
		v, ok := Number(a)
		if !ok || math.Abs(v) > 1e6 {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// maxArgs bounds the operands of one operator of an appearance.
const maxArgs = 8

// eachOperator hands each operator of content with its operands to do. Whatever readers may read differently is an error.
func eachOperator(content []byte, depth int, do func(op string, args []Object) error) error {
	p := parser{b: content, maxDepth: depth, maxCost: maxObject, plain: true}
	var args []Object
	for p.skip(); p.pos < len(p.b); p.skip() {
		var o Object
		var err error
		switch c := p.b[p.pos]; {
		case startsNumber(c):
			if o = plainNumber(p.word()); o == nil {
				err = doubt("its appearance has a malformed number")
			}
		case isOperator(p.b[p.pos:]):
			if err := do(string(p.word()), args); err != nil {
				return err
			}
			args, p.cost = args[:0], 0
			continue
		default:
			o, err = p.object()
		}
		if err != nil || p.duplicate || len(args) == maxArgs {
			return doubt("its appearance is malformed")
		}
		args = append(args, o)
	}
	if len(args) > 0 {
		return doubt("its appearance is malformed")
	}
	return nil
}
