package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
)

// CheckCopy verifies that raw is what a marked copy should be: it carries no signature, form or action that could pass it off as
// the authoritative copy, and on each of its pages every one of texts (the mark, the copy's id) stands as text that a
// reader draws. White space does not count. The error says what is missing, and on which page; a file that cannot be read
// is a [*Refusal].
func CheckCopy(raw []byte, texts ...string) error {
	d, err := Open(raw, Limits{Bytes: int64(len(raw)), Decoded: 1 << 30})
	if err != nil {
		return err
	}
	if err := d.checkUnsigned(); err != nil {
		return err
	}
	pages, err := d.Pages()
	if err != nil {
		return err
	}
	t := &textSource{d: d, fonts: map[Ref]*textFont{}}
	for _, p := range pages {
		text, err := t.visibleText(p)
		if err != nil {
			return fmt.Errorf("page %d: %w", p.Number, err)
		}
		for _, want := range texts {
			if !strings.Contains(text, unspaced(want)) {
				return fmt.Errorf("page %d does not show %q", p.Number, want)
			}
		}
	}
	return nil
}

// checkUnsigned looks for everything by which a reader could take the file for a signed or a fillable one.
func (d *Document) checkUnsigned() error {
	catalog, err := d.Catalog()
	if err != nil {
		return err
	}
	for _, key := range []Name{"AcroForm", "Perms", "DSS", "OpenAction", "AA"} {
		o, err := d.Resolve(catalog[key])
		if err != nil {
			return err
		}
		if o != nil {
			return fmt.Errorf("the catalog has /%s", key)
		}
	}
	n, err := d.CountByteRanges()
	if err != nil {
		return err
	}
	if n != 0 {
		return fmt.Errorf("%d objects have a /ByteRange", n)
	}
	return nil
}

// textFont maps the codes of a font to text.
type textFont struct {
	width int // bytes of a code
	runes map[int]string
	base  []codeRange
}

type codeRange struct{ from, to, first int }

func (f *textFont) text(s String) string {
	var b strings.Builder
	for i := 0; i+f.width <= len(s); i += f.width {
		code := 0
		for _, c := range []byte(s[i : i+f.width]) {
			code = code<<8 | int(c)
		}
		b.WriteString(f.char(code))
	}
	return b.String()
}

func (f *textFont) char(code int) string {
	if s, ok := f.runes[code]; ok {
		return s
	}
	for _, r := range f.base {
		if code >= r.from && code <= r.to {
			return string(rune(r.first + code - r.from))
		}
	}
	return ""
}

// matrix is a PDF transformation [a b c d e f] (ISO 32000-2 §8.3.4).
type matrix [6]float64

func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// textState is the part of the graphics state that decides whether text is seen (§9.3, §11.3.7).
type textState struct {
	ctm     matrix
	font    *textFont
	size    float64
	leading float64
	mode    int64   // rendering mode: 3 and 7 draw nothing
	alpha   float64 // of filling
}

// The smallest text, in points, and the faintest that count as readable.
const (
	leastSize  = 3
	leastAlpha = 0.1
)

// textSource is what the pages of a file share while they are read.
type textSource struct {
	d     *Document
	fonts map[Ref]*textFont
	forms int // drawn so far; forms that draw forms can be a bomb
}

const maxForms = 100_000

type textReader struct {
	*textSource
	page  Page
	out   strings.Builder
	depth int

	textState
	stack      []textState
	tm, lineTM matrix
}

// visibleText returns the text that a page draws, in the order of its content stream, without white space: text in
// rendering mode 3, nearly transparent, unreadably small, or beginning outside the page, is left out. Codes that the font
// gives no Unicode value are left out too. Annotations are not looked at.
func (t *textSource) visibleText(p Page) (_ string, err error) {
	defer guard(&err)
	content, err := t.d.Content(p)
	if err != nil {
		return "", err
	}
	r := &textReader{textSource: t, page: p}
	r.ctm, r.alpha = matrix{1, 0, 0, 1, 0, 0}, 1
	if err := r.run(content, p.Resources); err != nil {
		return "", err
	}
	return unspaced(r.out.String()), nil
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// run interprets one content stream.
func (r *textReader) run(content []byte, resources Object) error {
	res, err := r.d.Dict(resources)
	if err != nil {
		return err
	}
	p := &parser{b: content, maxDepth: r.d.limits.Depth}
	var args Array
	for {
		p.skip()
		if p.pos >= len(p.b) {
			return nil
		}
		if isOperator(p.b[p.pos:]) {
			op := string(p.word())
			if op == "BI" {
				skipInlineImage(p)
			} else if err := r.operator(op, args, res); err != nil {
				return err
			}
			args = args[:0]
			continue
		}
		o, err := p.object()
		if err != nil {
			p.pos++ // what a reader skips over, too
			continue
		}
		if len(args) < 1<<12 {
			args = append(args, o)
		}
	}
}

func isOperator(b []byte) bool {
	c := b[0]
	if c != '\'' && c != '"' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
		return false
	}
	for _, k := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(b, []byte(k)) && (len(b) == len(k) || !isRegular(b[len(k)])) {
			return false
		}
	}
	return true
}

func skipInlineImage(p *parser) {
	for _, end := range []string{"\nEI", " EI", "\rEI"} {
		if i := bytes.Index(p.b[p.pos:], []byte(end)); i >= 0 {
			p.pos += i + len(end)
			return
		}
	}
	p.pos = len(p.b)
}

func (r *textReader) operator(op string, args Array, res Dict) error {
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
		r.ctm = numbers(args).times(r.ctm)
	case "gs":
		return r.graphicsState(args, res)
	case "Do":
		return r.form(args, res)
	default:
		return r.textOperator(op, args, res)
	}
	return nil
}

func (r *textReader) textOperator(op string, args Array, res Dict) (err error) {
	switch op {
	case "BT":
		r.tm = matrix{1, 0, 0, 1, 0, 0}
		r.lineTM = r.tm
	case "Tf":
		if len(args) == 2 {
			r.size, _ = Number(args[1])
			r.font, err = r.d.textFont(res, args[0], r.fonts)
		}
	case "Tr":
		if len(args) == 1 {
			r.mode, _ = args[0].(int64)
		}
	case "TL":
		r.leading = first(args)
	case "Tm":
		r.lineTM = numbers(args)
		r.tm = r.lineTM
	case "Td", "TD":
		if len(args) == 2 {
			x, _ := Number(args[0])
			y, _ := Number(args[1])
			if op == "TD" {
				r.leading = -y
			}
			r.move(x, y)
		}
	case "T*":
		r.move(0, -r.leading)
	case "Tj":
		r.show(args)
	case "TJ":
		if len(args) == 1 {
			list, _ := args[0].(Array)
			r.show(list)
		}
	case "'":
		r.move(0, -r.leading)
		r.show(args)
	case "\"":
		r.move(0, -r.leading)
		if len(args) == 3 {
			r.show(args[2:])
		}
	}
	return err
}

func (r *textReader) move(x, y float64) {
	r.lineTM = matrix{1, 0, 0, 1, x, y}.times(r.lineTM)
	r.tm = r.lineTM
}

func (r *textReader) show(list Array) {
	m := r.tm.times(r.ctm)
	size := math.Abs(r.size) * math.Sqrt(math.Abs(m[0]*m[3]-m[1]*m[2])) * r.page.UserUnit
	box := r.page.CropBox
	seen := m[4] >= box.X0 && m[4] <= box.X1 && m[5] >= box.Y0 && m[5] <= box.Y1
	if r.font == nil || r.mode == 3 || r.mode == 7 || r.alpha < leastAlpha || size < leastSize || !seen {
		return
	}
	for _, o := range list {
		if s, ok := o.(String); ok {
			r.out.WriteString(r.font.text(s))
		}
	}
}

func (r *textReader) graphicsState(args Array, res Dict) error {
	dict, err := r.resource(res, "ExtGState", args)
	if err != nil || dict == nil {
		return err
	}
	state, err := r.d.Dict(dict)
	if err != nil {
		return err
	}
	if o, err := r.d.Resolve(state["ca"]); err == nil && o != nil {
		r.alpha, _ = Number(o)
	}
	return nil
}

// form draws a form XObject (§8.10).
func (r *textReader) form(args Array, res Dict) error {
	o, err := r.resource(res, "XObject", args)
	if err != nil || o == nil {
		return err
	}
	s, err := r.d.Stream(o)
	if err != nil || s == nil || r.d.Name(s.Dict["Subtype"]) != "Form" || r.depth >= 12 {
		return err
	}
	if r.forms++; r.forms > maxForms {
		return &Refusal{Reason: ReasonTooManyObjects, Detail: "form XObjects that draw form XObjects"}
	}
	content, err := r.d.Decode(s)
	if err != nil {
		return err
	}
	saved, stack, tm, line := r.textState, r.stack, r.tm, r.lineTM
	r.stack = nil
	r.depth++
	if a, err := r.d.Array(s.Dict["Matrix"]); err == nil && len(a) == 6 {
		r.ctm = numbers(a).times(r.ctm)
	}
	err = r.run(content, s.Dict["Resources"])
	r.depth--
	r.textState, r.stack, r.tm, r.lineTM = saved, stack, tm, line
	return err
}

func (r *textReader) resource(res Dict, kind Name, args Array) (Object, error) {
	if len(args) != 1 {
		return nil, nil
	}
	name, _ := args[0].(Name)
	list, err := r.d.Dict(res[kind])
	return list[name], err
}

func numbers(args Array) matrix {
	var m matrix
	for i := range min(len(args), 6) {
		m[i], _ = Number(args[i])
	}
	return m
}

func first(args Array) float64 {
	if len(args) == 0 {
		return 0
	}
	f, _ := Number(args[0])
	return f
}

// textFont reads how a font's codes map to text: from its /ToUnicode (§9.10.3), else, for a simple font, as
// WinAnsiEncoding.
func (d *Document) textFont(res Dict, name Object, known map[Ref]*textFont) (*textFont, error) {
	list, err := d.Dict(res["Font"])
	if err != nil {
		return nil, err
	}
	key, _ := name.(Name)
	ref, indirect := list[key].(Ref)
	if f, ok := known[ref]; ok && indirect {
		return f, nil
	}
	dict, err := d.Dict(list[key])
	if err != nil || dict == nil {
		return nil, err
	}
	f := &textFont{width: 1, runes: map[int]string{}}
	if d.Name(dict["Subtype"]) == "Type0" {
		f.width = 2
	}
	if s, err := d.Stream(dict["ToUnicode"]); err == nil && s != nil {
		data, err := d.Decode(s)
		if err != nil {
			return nil, err
		}
		f.readCMap(data, d.limits.Depth)
	} else if f.width == 1 {
		f.runes = winAnsi()
	}
	if indirect {
		known[ref] = f
	}
	return f, nil
}

// readCMap reads bfchar and bfrange sections.
func (f *textFont) readCMap(data []byte, depth int) {
	p := &parser{b: data, maxDepth: depth}
	var args Array
	for p.skip(); p.pos < len(p.b); p.skip() {
		if isOperator(p.b[p.pos:]) {
			switch string(p.word()) {
			case "endbfchar":
				for i := 0; i+1 < len(args); i += 2 {
					f.runes[code(args[i])] = utf16Text(args[i+1])
				}
			case "endbfrange":
				f.ranges(args)
			}
			args = args[:0]
			continue
		}
		o, err := p.object()
		if err != nil {
			p.pos++
			continue
		}
		args = append(args, o)
	}
}

func (f *textFont) ranges(args Array) {
	for i := 0; i+2 < len(args); i += 3 {
		from, to := code(args[i]), code(args[i+1])
		switch v := args[i+2].(type) {
		case String:
			if text := []rune(utf16Text(v)); len(text) == 1 {
				f.base = append(f.base, codeRange{from, to, int(text[0])})
			}
		case Array:
			for n, o := range v {
				f.runes[from+n] = utf16Text(o)
			}
		}
	}
}

func code(o Object) int {
	s, _ := o.(String)
	n := 0
	for _, c := range []byte(s) {
		n = n<<8 | int(c)
	}
	return n
}

func utf16Text(o Object) string {
	s, _ := o.(String)
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}

// winAnsi is WinAnsiEncoding (annex D.2): Windows code page 1252.
func winAnsi() map[int]string {
	m := map[int]string{}
	for c := 0x20; c < 0x100; c++ {
		m[c] = string(rune(c))
	}
	for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
		m[0x80+i] = string(r)
	}
	return m
}
