package pdf

import (
	"encoding/binary"
	"sync"

	"golang.org/x/image/font/sfnt"
)

const maxFontBytes = 32 << 20

// face is one parsed TrueType font. It is immutable but for the cache of the character map.
type face struct {
	name   string
	tables map[string][]byte
	font   *sfnt.Font

	unitsPerEm, ascent, descent int
	box                         [4]int // of all glyphs, in font units
	longLoca                    bool
	metrics                     int // entries of hmtx that carry an advance
	count                       int // glyphs

	mu    sync.Mutex
	buf   sfnt.Buffer
	cache map[rune]sfnt.GlyphIndex
}

func readFace(name string, raw []byte) (*face, error) {
	if len(raw) < 12 || len(raw) > maxFontBytes {
		return nil, errNotTrueType
	}
	f, err := sfnt.Parse(raw)
	if err != nil {
		return nil, err
	}
	fc := &face{name: name, font: f, tables: map[string][]byte{}, cache: map[rune]sfnt.GlyphIndex{}}
	for i := range int(binary.BigEndian.Uint16(raw[4:])) {
		rec := 12 + 16*i
		if rec+16 > len(raw) {
			return nil, errNotTrueType
		}
		off, n := uint64(binary.BigEndian.Uint32(raw[rec+8:])), uint64(binary.BigEndian.Uint32(raw[rec+12:]))
		if off+n > uint64(len(raw)) {
			return nil, errNotTrueType
		}
		fc.tables[string(raw[rec:rec+4])] = raw[off : off+n]
	}
	return fc, fc.readHeads()
}

func (f *face) readHeads() error {
	head, hhea, maxp := f.tables["head"], f.tables["hhea"], f.tables["maxp"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 6 || f.tables["glyf"] == nil {
		return errNotTrueType
	}
	f.unitsPerEm = int(binary.BigEndian.Uint16(head[18:]))
	f.longLoca = binary.BigEndian.Uint16(head[50:]) != 0
	for i := range f.box {
		f.box[i] = int(int16(binary.BigEndian.Uint16(head[36+2*i:])))
	}
	f.ascent = int(int16(binary.BigEndian.Uint16(hhea[4:])))
	f.descent = int(int16(binary.BigEndian.Uint16(hhea[6:])))
	f.metrics = int(binary.BigEndian.Uint16(hhea[34:]))
	f.count = int(binary.BigEndian.Uint16(maxp[4:]))
	entry := 2
	if f.longLoca {
		entry = 4
	}
	if f.unitsPerEm == 0 || f.metrics == 0 || len(f.tables["hmtx"]) < 4*f.metrics || len(f.tables["loca"]) < entry*(f.count+1) {
		return errNotTrueType
	}
	return nil
}

// index returns the glyph of r, 0 if there is none.
func (f *face) index(r rune) sfnt.GlyphIndex {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id, ok := f.cache[r]; ok {
		return id
	}
	id, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil || int(id) >= f.count {
		id = 0
	}
	f.cache[r] = id
	return id
}

// units returns the advance of a glyph in font units.
func (f *face) units(id sfnt.GlyphIndex) int {
	return int(binary.BigEndian.Uint16(f.tables["hmtx"][4*min(int(id), f.metrics-1):]))
}

func (f *face) advance(id sfnt.GlyphIndex) float64 {
	return float64(f.units(id)) / float64(f.unitsPerEm)
}

// outline returns the glyf entry of a glyph, nil when it is empty or out of bounds.
func (f *face) outline(id int) []byte {
	loca, glyf := f.tables["loca"], f.tables["glyf"]
	if id < 0 || id >= f.count {
		return nil
	}
	var from, to uint64
	if f.longLoca {
		from, to = uint64(binary.BigEndian.Uint32(loca[4*id:])), uint64(binary.BigEndian.Uint32(loca[4*id+4:]))
	} else {
		from, to = 2*uint64(binary.BigEndian.Uint16(loca[2*id:])), 2*uint64(binary.BigEndian.Uint16(loca[2*id+2:]))
	}
	if from >= to || to > uint64(len(glyf)) || to-from < 10 {
		return nil
	}
	return glyf[from:to]
}
