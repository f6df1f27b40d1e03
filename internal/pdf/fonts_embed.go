package pdf

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/image/font/sfnt"
)

// fontSet collects the glyphs that an update draws and embeds each typeface once, as a subset (ISO 32000-2 §9.6.6,
// §9.7.4) with a ToUnicode map (§9.10.3), so that the text can be searched, copied and read aloud.
type fontSet struct {
	u     *Update
	ref   Ref // the font resources, written by finish
	used  map[*face]*usedFont
	order []*usedFont
}

type usedFont struct {
	face  *face
	name  Name
	ref   Ref
	cids  map[drawn]int
	keep  []int    // glyph ids by CID
	texts []string // by CID
}

// drawn is a shape that stands for a text: one shape may stand for several, such as a hyphen for two characters.
type drawn struct {
	id   sfnt.GlyphIndex
	text string
}

func newFontSet(u *Update) *fontSet {
	return &fontSet{u: u, ref: u.Alloc(), used: map[*face]*usedFont{}}
}

// code returns the font resource and the character code that draw g.
func (s *fontSet) code(g glyph) (*usedFont, int) {
	f, ok := s.used[g.face]
	if !ok {
		f = &usedFont{
			face: g.face, name: Name(fmt.Sprintf("F%d", len(s.order))), ref: s.u.Alloc(),
			cids: map[drawn]int{}, keep: []int{0}, texts: []string{""},
		}
		s.used[g.face], s.order = f, append(s.order, f)
	}
	d := drawn{g.id, g.text}
	cid, ok := f.cids[d]
	if !ok {
		cid = len(f.keep)
		f.cids[d], f.keep, f.texts = cid, append(f.keep, int(g.id)), append(f.texts, g.text)
	}
	return f, cid
}

// finish writes the fonts; nothing may be drawn afterwards.
func (s *fontSet) finish() {
	fonts := Dict{}
	for _, f := range s.order {
		fonts[f.name] = f.ref
		f.embed(s.u)
	}
	s.u.Put(s.ref, fonts)
}

func (f *usedFont) embed(u *Update) {
	file := f.face.subset(f.keep)
	name := Name(subsetTag(file) + "+" + f.face.name)
	scale := func(v int) int64 { return int64(v * 1000 / f.face.unitsPerEm) }
	widths := make(Array, len(f.keep))
	for cid, id := range f.keep {
		widths[cid] = scale(f.face.units(sfnt.GlyphIndex(id)))
	}
	box := f.face.box
	descriptor := u.Add(Dict{
		"Type": Name("FontDescriptor"), "FontName": name, "Flags": int64(4), "ItalicAngle": int64(0),
		"FontBBox": Array{scale(box[0]), scale(box[1]), scale(box[2]), scale(box[3])},
		"Ascent":   scale(f.face.ascent), "Descent": scale(f.face.descent), "CapHeight": scale(f.face.ascent), "StemV": int64(80),
		"FontFile2": u.Add(Deflate(Dict{"Length1": int64(len(file))}, file)),
	})
	descendant := u.Add(Dict{
		"Type": Name("Font"), "Subtype": Name("CIDFontType2"), "BaseFont": name, "CIDToGIDMap": Name("Identity"),
		"CIDSystemInfo":  Dict{"Registry": String("Adobe"), "Ordering": String("Identity"), "Supplement": int64(0)},
		"FontDescriptor": descriptor, "W": Array{int64(0), widths},
	})
	u.Put(f.ref, Dict{
		"Type": Name("Font"), "Subtype": Name("Type0"), "BaseFont": name, "Encoding": Name("Identity-H"),
		"DescendantFonts": Array{descendant}, "ToUnicode": u.Add(Deflate(Dict{}, f.toUnicode())),
	})
}

// subsetTag derives the six letters before the name of a subset (§9.9.2) from its content.
func subsetTag(file []byte) string {
	sum := sha256.Sum256(file)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

func (f *usedFont) toUnicode() []byte {
	b := []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	var lines []string
	for cid, text := range f.texts {
		if text != "" {
			lines = append(lines, fmt.Sprintf("<%04X> <%X>\n", cid, utf16BE(text)))
		}
	}
	for part := range slices.Chunk(lines, 100) {
		b = fmt.Appendf(b, "%d beginbfchar\n", len(part))
		b = append(b, strings.Join(part, "")...)
		b = append(b, "endbfchar\n"...)
	}
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}

func utf16BE(s string) (b []byte) {
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, unit)
	}
	return b
}
