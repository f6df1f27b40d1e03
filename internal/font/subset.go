package font

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// subset writes a TrueType font with the given glyphs, renumbered in order: glyph i of the result is keep[i]. keep[0]
// must be 0, the missing glyph. Components of composite glyphs are added behind. Hinting is left out.
func (f *Face) subset(keep []int) []byte {
	keep = slices.Clone(keep)
	renumber := map[int]int{}
	for i, id := range keep {
		renumber[id] = i
	}
	var glyf bytes.Buffer
	loca := []byte{0, 0, 0, 0}
	for i := 0; i < len(keep); i++ {
		out := f.outline(keep[i])
		if out != nil && int16(binary.BigEndian.Uint16(out)) < 0 {
			out = composite(out, func(id int) int {
				n, ok := renumber[id]
				if !ok {
					n = len(keep)
					keep, renumber[id] = append(keep, id), n
				}
				return n
			})
		} else if out != nil {
			out = unhinted(out)
		}
		glyf.Write(out)
		for glyf.Len()%4 != 0 {
			glyf.WriteByte(0)
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(glyf.Len()))
	}
	return f.assemble(keep, glyf.Bytes(), loca)
}

// Flags of a component of a composite glyph (OpenType, glyf table).
const (
	argsAreWords    = 0x0001
	haveScale       = 0x0008
	moreComponents  = 0x0020
	haveXYScale     = 0x0040
	haveTwoByTwo    = 0x0080
	haveInstruction = 0x0100
)

// composite copies a composite glyph with its components renumbered and its instructions removed; nil if it is
// malformed.
func composite(g []byte, renumber func(int) int) []byte {
	out := bytes.Clone(g)
	for at := 10; ; {
		if at+4 > len(out) {
			return nil
		}
		flags := binary.BigEndian.Uint16(out[at:])
		binary.BigEndian.PutUint16(out[at:], flags&^haveInstruction)
		id := int(binary.BigEndian.Uint16(out[at+2:]))
		binary.BigEndian.PutUint16(out[at+2:], uint16(renumber(id)))
		at += 6
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveXYScale != 0:
			at += 4
		case flags&haveTwoByTwo != 0:
			at += 8
		}
		if flags&moreComponents == 0 {
			return out[:min(at, len(out))]
		}
	}
}

// unhinted copies a simple glyph without its instructions; nil if it is malformed.
func unhinted(g []byte) []byte {
	contours := int(binary.BigEndian.Uint16(g))
	at := 10 + 2*contours
	if at+2 > len(g) {
		return nil
	}
	n := int(binary.BigEndian.Uint16(g[at:]))
	if at+2+n > len(g) {
		return nil
	}
	out := append(bytes.Clone(g[:at]), 0, 0)
	return append(out, g[at+2+n:]...)
}

func (f *Face) assemble(keep []int, glyf, loca []byte) []byte {
	head := bytes.Clone(f.tables["head"][:54])
	binary.BigEndian.PutUint32(head[8:], 0)  // checksum, set below
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	hhea := bytes.Clone(f.tables["hhea"][:36])
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(keep)))
	maxp := bytes.Clone(f.tables["maxp"])
	if f.font == nil {
		maxp = quadraticMaxp(glyf, loca)
	}
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(keep)))
	if len(maxp) >= 28 {
		binary.BigEndian.PutUint16(maxp[26:], 0) // no instructions
	}
	var hmtx []byte
	for _, id := range keep {
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(f.units(sfnt.GlyphIndex(id))))
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(f.bearing(id)))
	}
	return sfntFile(
		[]sfntTable{{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}},
	)
}

// bearing returns the left side bearing of a glyph in font units.
func (f *Face) bearing(id int) int16 {
	if f.varied != nil {
		g := f.outline(id) // it begins where its outline does
		if len(g) < 10 {
			return 0
		}
		return int16(binary.BigEndian.Uint16(g[2:]))
	}
	hmtx := f.tables["hmtx"]
	at := 4*id + 2
	if id >= f.metrics {
		at = 4*f.metrics + 2*(id-f.metrics)
	}
	if at+2 > len(hmtx) {
		return 0
	}
	return int16(binary.BigEndian.Uint16(hmtx[at:]))
}

type sfntTable struct {
	tag  string
	data []byte
}

// sfntFile writes a font file; tables are sorted by tag.
func sfntFile(tables []sfntTable) []byte {
	pow, log := 1, 0
	for pow*2 <= len(tables) {
		pow, log = pow*2, log+1
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{len(tables), pow * 16, log, len(tables)*16 - pow*16} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at, headAt := len(out)+16*len(tables), 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = at
		}
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(out, tableSum(t.data))
		out = binary.BigEndian.AppendUint32(out, uint32(at))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data)))
		at += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-tableSum(out))
	return out
}

func tableSum(b []byte) (sum uint32) {
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}
