package pdf

import (
	"strings"
	"unicode/utf16"
)

// textFont maps the codes of a font to text: by its /ToUnicode (ISO 32000-2 §9.10.3), else, for a simple font, as
// WinAnsiEncoding. White space is left out.
type textFont struct {
	width  int // bytes of a code
	runes  map[int]string
	base   []codeRange
	single [256]string // the same, of codes of one byte
}

type codeRange struct{ from, to, first int }

func (f *textFont) write(out *strings.Builder, s String) {
	if f.width == 1 {
		for _, c := range []byte(s) {
			out.WriteString(f.single[c])
		}
		return
	}
	for i := 0; i+f.width <= len(s); i += f.width {
		n := 0
		for _, c := range []byte(s[i : i+f.width]) {
			n = n<<8 | int(c)
		}
		out.WriteString(f.char(n))
	}
}

func (f *textFont) char(code int) string {
	if s, ok := f.runes[code]; ok {
		return s
	}
	for _, r := range f.base {
		if code >= r.from && code <= r.to {
			return unspaced(string(rune(r.first + code - r.from)))
		}
	}
	return ""
}

// textFont returns the font that a resource dictionary gives a name.
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
		data, err := d.decodeMost(s, maxScan)
		if fatal(err) {
			return nil, err
		}
		f.readCMap(data, d.limits.Depth) // of one that is damaged nothing can be read
	} else if f.width == 1 {
		f.runes = winAnsi()
	}
	for c := range f.single {
		f.single[c] = f.char(c)
	}
	if indirect {
		known[ref] = f
	}
	return f, nil
}

// readCMap reads bfchar and bfrange sections.
func (f *textFont) readCMap(data []byte, depth int) {
	c := newContentReader(data, depth)
	for op, ok := c.next(); ok; op, ok = c.next() {
		switch string(op) {
		case "endbfchar":
			for i := 0; i+1 < len(c.args); i += 2 {
				f.runes[code(c.object(i))] = unspaced(utf16Text(c.object(i + 1)))
			}
		case "endbfrange":
			f.ranges(c)
		}
	}
}

func (f *textFont) ranges(c *contentReader) {
	for i := 0; i+2 < len(c.args); i += 3 {
		from, to := code(c.object(i)), code(c.object(i+1))
		switch v := c.object(i + 2).(type) {
		case String:
			if text := []rune(utf16Text(v)); len(text) == 1 {
				f.base = append(f.base, codeRange{from, to, int(text[0])})
			}
		case Array:
			for n, o := range v {
				f.runes[from+n] = unspaced(utf16Text(o))
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
		m[c] = unspaced(string(rune(c)))
	}
	for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
		m[0x80+i] = string(r)
	}
	return m
}
