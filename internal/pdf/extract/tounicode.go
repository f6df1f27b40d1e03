package extract

import (
	"strings"
	"unicode/utf16"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// TextFont maps the codes of a font to text: by its /ToUnicode (ISO 32000-2 §9.10.3), else, for a simple font, as
// WinAnsiEncoding. White space is left out.
type TextFont struct {
	Width  int // bytes of a code
	runes  map[int]string
	base   []codeRange
	single [256]string // the same, of codes of one byte
}

type codeRange struct{ from, to, first int }

func (f *TextFont) write(out *strings.Builder, s pdf.String) {
	if f.Width == 1 {
		for _, c := range []byte(s) {
			out.WriteString(f.single[c])
		}
		return
	}
	for i := 0; i+f.Width <= len(s); i += f.Width {
		n := 0
		for _, c := range []byte(s[i : i+f.Width]) {
			n = n<<8 | int(c)
		}
		out.WriteString(f.Char(n))
	}
}

// Char returns the text of a character code; "" when the font has none.
func (f *TextFont) Char(code int) string {
	if s, ok := f.runes[code]; ok {
		return s
	}
	for _, r := range f.base {
		if code >= r.from && code <= r.to {
			return Unspaced(string(rune(r.first + code - r.from)))
		}
	}
	return ""
}

// textFont returns the font that a resource dictionary gives a name.
func textFont(d *pdf.Document, res pdf.Dict, name pdf.Object, known map[pdf.Ref]*TextFont) (*TextFont, error) {
	list, err := d.Dict(res["Font"])
	if err != nil {
		return nil, err
	}
	key, _ := name.(pdf.Name)
	ref, indirect := list[key].(pdf.Ref)
	if f, ok := known[ref]; ok && indirect {
		return f, nil
	}
	dict, err := d.Dict(list[key])
	if err != nil || dict == nil {
		return nil, err
	}
	f := &TextFont{Width: 1, runes: map[int]string{}}
	if d.Name(dict["Subtype"]) == "Type0" {
		f.Width = 2
	}
	if s, err := d.Stream(dict["ToUnicode"]); err == nil && s != nil {
		data, err := d.DecodeMost(s, contentstream.MaxScan)
		if pdf.Fatal(err) {
			return nil, err
		}
		f.readCMap(data, d.Limits().Depth) // of one that is damaged nothing can be read
	} else if f.Width == 1 {
		f.runes = winAnsi()
	}
	for c := range f.single {
		f.single[c] = f.Char(c)
	}
	if indirect {
		known[ref] = f
	}
	return f, nil
}

// readCMap reads bfchar and bfrange sections.
func (f *TextFont) readCMap(data []byte, depth int) {
	c := contentstream.NewReader(data, depth)
	for op, ok := c.Next(); ok; op, ok = c.Next() {
		switch string(op) {
		case "endbfchar":
			for i := 0; i+1 < len(c.Args); i += 2 {
				f.runes[code(c.Object(i))] = Unspaced(utf16Text(c.Object(i + 1)))
			}
		case "endbfrange":
			f.ranges(c)
		}
	}
}

func (f *TextFont) ranges(c *contentstream.Reader) {
	for i := 0; i+2 < len(c.Args); i += 3 {
		from, to := code(c.Object(i)), code(c.Object(i+1))
		switch v := c.Object(i + 2).(type) {
		case pdf.String:
			if text := []rune(utf16Text(v)); len(text) == 1 {
				f.base = append(f.base, codeRange{from, to, int(text[0])})
			}
		case pdf.Array:
			for n, o := range v {
				f.runes[from+n] = Unspaced(utf16Text(o))
			}
		}
	}
}

func code(o pdf.Object) int {
	s, _ := o.(pdf.String)
	n := 0
	for _, c := range []byte(s) {
		n = n<<8 | int(c)
	}
	return n
}

func utf16Text(o pdf.Object) string {
	s, _ := o.(pdf.String)
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
		m[c] = Unspaced(string(rune(c)))
	}
	for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
		m[0x80+i] = string(r)
	}
	return m
}
