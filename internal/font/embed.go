package font

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/image/font/sfnt"

	"github.com/evaultlib/evault/internal/pdf"
)

// Set collects the glyphs that an update draws and embeds each typeface once, as a subset (ISO 32000-2 §9.6.6,
// §9.7.4) with a ToUnicode map (§9.10.3), so that the text can be searched, copied and read aloud.
type Set struct {
	Update *pdf.Update
	Ref    pdf.Ref // the font resources, written at the end
	used   map[*Face]*UsedFont
	order  []*UsedFont
}

// UsedFont is one typeface of a [Set].
type UsedFont struct {
	face  *Face
	Name  pdf.Name
	ref   pdf.Ref
	cids  map[drawn]int
	keep  []int    // glyph ids by CID
	texts []string // by CID
}

// drawn is a shape that stands for a text: one shape may stand for several, such as a hyphen for two characters.
type drawn struct {
	id   sfnt.GlyphIndex
	text string
}

// NewSet returns an empty set that will be embedded in u.
func NewSet(u *pdf.Update) *Set {
	return &Set{Update: u, Ref: u.Alloc(), used: map[*Face]*UsedFont{}}
}

// Code returns the font resource and the character code that draw g.
func (s *Set) Code(g Glyph) (*UsedFont, int) {
	f, ok := s.used[g.Face]
	if !ok {
		f = &UsedFont{
			face: g.Face, Name: pdf.Name(fmt.Sprintf("F%d", len(s.order))), ref: s.Update.Alloc(),
			cids: map[drawn]int{}, keep: []int{0}, texts: []string{""},
		}
		s.used[g.Face], s.order = f, append(s.order, f)
	}
	d := drawn{g.ID, g.text}
	cid, ok := f.cids[d]
	if !ok {
		cid = len(f.keep)
		f.cids[d], f.keep, f.texts = cid, append(f.keep, int(g.ID)), append(f.texts, g.text)
	}
	return f, cid
}

// Finish writes the fonts; nothing may be drawn afterwards.
func (s *Set) Finish() {
	fonts := pdf.Dict{}
	for _, f := range s.order {
		fonts[f.Name] = f.ref
		f.embed(s.Update)
	}
	s.Update.Put(s.Ref, fonts)
}

func (f *UsedFont) embed(u *pdf.Update) {
	file := f.face.subset(f.keep)
	name := pdf.Name(subsetTag(file) + "+" + f.face.name)
	scale := func(v int) int64 { return int64(v * 1000 / f.face.UnitsPerEm) }
	widths := make(pdf.Array, len(f.keep))
	for cid, id := range f.keep {
		widths[cid] = scale(f.face.units(sfnt.GlyphIndex(id)))
	}
	box := f.face.box
	descriptor := u.Add(pdf.Dict{
		"Type": pdf.Name("FontDescriptor"), "FontName": name, "Flags": int64(4), "ItalicAngle": int64(0),
		"FontBBox": pdf.Array{scale(box[0]), scale(box[1]), scale(box[2]), scale(box[3])},
		"Ascent":   scale(f.face.ascent), "Descent": scale(f.face.descent), "CapHeight": scale(f.face.ascent),
		"StemV":     int64(80),
		"FontFile2": u.Add(pdf.Deflate(pdf.Dict{"Length1": int64(len(file))}, file)),
	})
	descendant := u.Add(pdf.Dict{
		"Type": pdf.Name("Font"), "Subtype": pdf.Name("CIDFontType2"), "BaseFont": name, "CIDToGIDMap": pdf.Name("Identity"),
		"CIDSystemInfo": pdf.Dict{
			"Registry": pdf.String("Adobe"), "Ordering": pdf.String("Identity"), "Supplement": int64(0),
		},
		"FontDescriptor": descriptor, "W": pdf.Array{int64(0), widths},
	})
	u.Put(f.ref, pdf.Dict{
		"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type0"), "BaseFont": name, "Encoding": pdf.Name("Identity-H"),
		"DescendantFonts": pdf.Array{descendant}, "ToUnicode": u.Add(pdf.Deflate(pdf.Dict{}, f.toUnicode())),
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

func (f *UsedFont) toUnicode() []byte {
	b := []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	var lines []string
	for cid, text := range f.texts {
		if text != "" {
			lines = append(lines, fmt.Sprintf("<%04X> <%X>\n", cid, UTF16BE(text)))
		}
	}
	for part := range slices.Chunk(lines, 100) {
		b = fmt.Appendf(b, "%d beginbfchar\n", len(part))
		b = append(b, strings.Join(part, "")...)
		b = append(b, "endbfchar\n"...)
	}
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}

// UTF16BE returns s in UTF-16, big endian.
func UTF16BE(s string) (b []byte) {
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, unit)
	}
	return b
}
