package pdf

import (
	"slices"
	"strings"
)

// lookFonts are the fonts that the appearance of a filled field may use: those of the signed form's default resources or of
// the widget's earlier appearance, and plain standard ones (ISO 32000-2 §9.6.2.2).
type lookFonts struct {
	c           *comparison
	now, before Dict
}

// formFonts is what the default resources of the signed form offer.
type formFonts struct {
	refs      map[Ref]bool
	direct    map[string]bool // fonts written within, by their syntax
	encodings map[string]bool // the encodings of all of them
	known     map[knownKey]knownFont
}

type knownKey struct {
	ref   Ref
	there bool // in the signed revision, where the field may use it
}

type knownFont struct {
	font *lookFont
	err  error
}

func (c *comparison) lookFonts(resources, before Object) (*lookFonts, error) {
	res, err := c.new.Dict(resources)
	if err != nil {
		return nil, err
	}
	ref, shared := resources.(Ref)
	for k := range res {
		if k != "Font" && k != "ProcSet" && k != "Encoding" && (!shared || c.oldForm["DR"] != Object(ref)) {
			return nil, doubtf("its appearance has the resource /%s", k)
		}
	}
	l := &lookFonts{c: c}
	if l.now, err = c.new.Dict(res["Font"]); err != nil {
		return nil, err
	}
	earlier, err := c.old.Dict(before)
	if err != nil {
		return nil, err
	}
	had, err := c.old.Dict(earlier["Resources"])
	if err != nil {
		return nil, err
	}
	if l.before, err = c.old.Dict(had["Font"]); err != nil {
		return nil, err
	}
	return l, c.readFormFonts()
}

// readFormFonts reads the default resources once.
func (c *comparison) readFormFonts() error {
	if c.fonts != nil {
		return nil
	}
	f := &formFonts{refs: map[Ref]bool{}, direct: map[string]bool{}, encodings: map[string]bool{}, known: map[knownKey]knownFont{}}
	dr, err := c.old.Dict(c.oldForm["DR"])
	if err != nil {
		return err
	}
	fonts, err := c.old.Dict(dr["Font"])
	if err != nil {
		return err
	}
	for _, o := range fonts {
		if ref, ok := o.(Ref); ok {
			f.refs[ref] = true
		} else {
			f.direct[string(Append(nil, o))] = true
		}
		font, err := c.old.Dict(o)
		if fatal(err) {
			return err
		}
		if err == nil && font["Encoding"] != nil {
			encoding, err := c.old.Resolve(font["Encoding"])
			if err != nil {
				return err
			}
			f.encodings[string(Append(nil, encoding))] = true
		}
	}
	c.fonts = f
	return nil
}

// get returns the font that the appearance calls name.
func (l *lookFonts) get(name Name) (*lookFont, error) {
	o := l.now[name]
	if o == nil {
		return nil, doubt("its appearance names a font that it lacks")
	}
	ref, indirect := o.(Ref)
	if !indirect {
		there := small(o) && small(l.before[name]) && (Equal(o, l.before[name]) || l.c.fonts.direct[string(Append(nil, o))])
		return l.read(o, there)
	}
	there := l.c.isOld(ref) && (l.before[name] == o || l.c.fonts.refs[ref])
	key := knownKey{ref, there}
	known, ok := l.c.fonts.known[key]
	if !ok {
		known.font, known.err = l.read(o, there)
		l.c.fonts.known[key] = known
	}
	return known.font, known.err
}

// read reads a font, which must be a plain one unless it was there.
func (l *lookFonts) read(o Object, there bool) (*lookFont, error) {
	dict, err := l.c.new.Dict(o)
	if err != nil {
		return nil, err
	}
	encoding, err := l.c.new.Resolve(dict["Encoding"])
	if err != nil {
		return nil, err
	}
	if !small(dict) || !small(encoding) {
		return nil, doubt("its appearance has a font that is too large")
	}
	if !there && !l.plain(dict) {
		return nil, doubt("its appearance brings a font along")
	}
	return l.c.new.lookFont(dict)
}

// plainFontKeys are the entries of a font that is one of the standard 14 and nothing else.
var plainFontKeys = []Name{"Type", "Subtype", "BaseFont", "Encoding", "Name"}

// plain reports whether a font is a standard one with an encoding of the standard's, or of the form's.
func (l *lookFonts) plain(font Dict) bool {
	for k := range font {
		if !slices.Contains(plainFontKeys, k) {
			return false
		}
	}
	encoding, err := l.c.new.Resolve(font["Encoding"])
	if err != nil || l.c.new.Name(font["Subtype"]) != "Type1" || !standardFont(l.c.new.Name(font["BaseFont"])) {
		return false
	}
	switch e := encoding.(type) {
	case nil:
		return true
	case Name:
		return e == "WinAnsiEncoding" || e == "StandardEncoding" || e == "PDFDocEncoding" || e == "MacRomanEncoding"
	}
	return l.c.fonts.encodings[string(Append(nil, encoding))]
}

// standardFont reports whether a font is one of the standard 14 that are for text.
func standardFont(base Name) bool {
	family, style, _ := strings.Cut(string(base), "-")
	switch family {
	case "Helvetica", "Courier":
		return slices.Contains([]string{"", "Bold", "Oblique", "BoldOblique"}, style)
	case "Times":
		return slices.Contains([]string{"Roman", "Bold", "Italic", "BoldItalic"}, style)
	}
	return false
}

// symbolFont reports whether a font is one of the usual ones that have no letters.
func symbolFont(base Name) bool {
	_, name, tagged := strings.Cut(string(base), "+")
	if !tagged {
		name = string(base)
	}
	return slices.ContainsFunc([]string{"Symbol", "ZapfDingbats", "Wingdings", "Webdings"}, func(s string) bool { return strings.HasPrefix(name, s) })
}

// lookFont tells what the codes of a font show. What it does not know is no empty text, but a doubt.
type lookFont struct {
	bytes int // of a code
	runes map[int]string
	wide  map[int]float64 // widths in thousandths
	base  Name            // a standard font, whose widths are known; else ""
}

// read returns the text of a shown string, and how far it advances: the widths of its glyphs, how many, and how many of
// them are single-byte spaces, which take word spacing (§9.3.3).
func (f *lookFont) read(s String) (text string, advance float64, codes, spaces int, err error) {
	if len(s)%f.bytes != 0 {
		return "", 0, 0, 0, doubt("its text is in an unknown encoding")
	}
	var b strings.Builder
	for i := 0; i < len(s); i += f.bytes {
		n := 0
		for _, c := range []byte(s[i : i+f.bytes]) {
			n = n<<8 | int(c)
		}
		t, ok := f.runes[n]
		if !ok {
			return "", 0, 0, 0, doubt("its text is in an unknown encoding")
		}
		b.WriteString(t)
		advance += f.width(n, t)
		codes++
		if f.bytes == 1 && n == ' ' {
			spaces++
		}
	}
	return b.String(), advance, codes, spaces, nil
}

// width returns how wide a code is, in thousandths.
func (f *lookFont) width(code int, text string) float64 {
	if w, ok := f.wide[code]; ok {
		return w
	}
	if w := standardWidth(f.base, text); w > 0 {
		return w
	}
	return usualWidth(text)
}

// measured reports whether widths are known, not estimated.
func (f *lookFont) measured() bool { return f.base != "" || len(f.wide) > 0 }

// usualWidth is about how wide a character is, in thousandths, where the font does not say.
func usualWidth(s string) float64 {
	switch {
	case s == "" || strings.ContainsAny(s, "iljtfIr.,:;'|!()[]/\\-` "):
		return 290
	case strings.ContainsAny(s, "mwMW@%—…™"):
		return 850
	case s >= "A" && s <= "Z\U0010FFFF" && len(s) == 1:
		return 680
	case s >= "\u2E80":
		return 1000
	}
	return 540
}

// maxCodes bounds what is kept of the map of one font.
const maxCodes = 1 << 16

func (d *Document) lookFont(font Dict) (*lookFont, error) {
	f := &lookFont{bytes: 1, runes: map[int]string{}, wide: map[int]float64{}}
	var err error
	switch d.Name(font["Subtype"]) {
	case "Type0":
		f.bytes = 2
		if d.Name(font["Encoding"]) != "Identity-H" || font["ToUnicode"] == nil {
			return nil, doubt("its text is in an unknown encoding")
		}
	case "Type1", "TrueType", "MMType1":
		if f.runes, err = d.encodingOf(font); err != nil {
			return nil, err
		}
		if err := d.widthsOf(font, f.wide); err != nil {
			return nil, err
		}
		base := d.Name(font["BaseFont"])
		if standardFont(base) {
			f.base = base
		}
		if symbolFont(base) {
			clear(f.runes) // readers go by the font's own encoding, whatever another one says
		}
	default:
		return nil, doubt("its appearance has a font of an unknown kind")
	}
	if font["ToUnicode"] == nil {
		return f, nil
	}
	return f, d.unicodeOf(font["ToUnicode"], f)
}

func (d *Document) widthsOf(font Dict, wide map[int]float64) error {
	first, _ := d.Int(font["FirstChar"])
	list, err := d.Array(font["Widths"])
	if err != nil || first < 0 {
		return err
	}
	for i, o := range list[:min(len(list), 256)] {
		if w, ok := d.number(o); ok && w > 0 {
			wide[int(first)+i] = w
		}
	}
	return nil
}

// unicodeOf adds what /ToUnicode says to what the encoding says. Where they disagree, the text is not known.
func (d *Document) unicodeOf(o Object, f *lookFont) error {
	s, err := d.Stream(o)
	if err != nil || s == nil {
		return err
	}
	data, err := d.decodeMost(s, maxLook)
	if err != nil {
		return err
	}
	cmap := textFont{width: f.bytes, runes: map[int]string{}}
	cmap.readCMap(data, d.limits.Depth)
	for _, r := range cmap.base {
		for n := r.from; n <= r.to && len(cmap.runes) < maxCodes; n++ {
			if _, ok := cmap.runes[n]; !ok {
				cmap.runes[n] = unspaced(string(rune(r.first + n - r.from)))
			}
		}
	}
	for n, t := range cmap.runes {
		if had, ok := f.runes[n]; ok && folded(had) != folded(t) {
			delete(f.runes, n)
			continue
		}
		f.runes[n] = t
	}
	return nil
}
