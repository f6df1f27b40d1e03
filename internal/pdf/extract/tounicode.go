package extract

import (
	"reflect"
	"strings"
	"unicode/utf16"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// TextFont maps the codes of a font to text: by its /ToUnicode (ISO 32000-2 §9.10.3), else, for a simple font, by
// the names of its glyphs and WinAnsiEncoding. White space is left out.
type TextFont struct {
	Width  int // bytes of a code
	runes  map[int]string
	base   []codeRange
	ranged map[int]string // what was looked up in base
	single [256]string    // the same, of codes of one byte

	dict    pdf.Dict
	metrics *metrics // read when asked for
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
	if len(f.base) == 0 {
		return ""
	}
	s, ok := f.ranged[code]
	if !ok {
		s = f.fromRange(code)
		f.ranged[code] = s
	}
	return s
}

func (f *TextFont) fromRange(code int) string {
	for _, r := range f.base {
		if code >= r.from && code <= r.to {
			return Unspaced(string(rune(r.first + code - r.from)))
		}
	}
	return ""
}

// maxRanges bounds the ranges of one font, which are searched one by one; fonts have hundreds.
const maxRanges = 10_000

// maxFonts bounds the fonts that are kept read.
const maxFonts = 1000

// fontKey is a font dictionary: where it stands in the file, or, when it stands in its resources, where it is held.
type fontKey struct {
	ref  pdf.Ref
	held uintptr
}

// textFont returns the font that a resource dictionary gives a name.
func (t *Source) textFont(res pdf.Dict, name pdf.Object) (*TextFont, error) {
	list, err := t.d.Dict(res["Font"])
	if err != nil {
		return nil, err
	}
	key, _ := name.(pdf.Name)
	var known fontKey
	known.ref, _ = list[key].(pdf.Ref)
	if f, ok := t.fonts[known]; ok && known.ref != (pdf.Ref{}) {
		return f, nil
	}
	dict, err := t.d.Dict(list[key])
	if err != nil || dict == nil {
		return nil, err
	}
	if known.ref == (pdf.Ref{}) {
		known.held = reflect.ValueOf(dict).Pointer() // the font keeps it, so that no other comes to stand there
		if f, ok := t.fonts[known]; ok {
			return f, nil
		}
	}
	f, err := readFont(t.d, dict)
	if err != nil {
		return nil, err
	}
	if len(t.fonts) >= maxFonts {
		clear(t.fonts)
	}
	t.fonts[known] = f
	return f, nil
}

func readFont(d *pdf.Document, dict pdf.Dict) (*TextFont, error) {
	f := &TextFont{Width: 1, dict: dict}
	if d.Name(dict["Subtype"]) == "Type0" {
		f.Width = 2
	}
	if s, err := d.Stream(dict["ToUnicode"]); err == nil && s != nil {
		data, err := d.DecodeMost(s, contentstream.MaxScan)
		if pdf.Fatal(err) {
			return nil, err
		}
		f.runes, f.ranged = map[int]string{}, map[int]string{}
		f.readCMap(data, d.Limits().Depth) // of one that is damaged nothing can be read
	} else if f.Width == 1 {
		f.runes = encoding(d, dict["Encoding"])
	}
	for c := range f.single {
		f.single[c] = f.Char(c)
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
			if text := []rune(utf16Text(v)); len(text) == 1 && len(f.base) < maxRanges {
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
