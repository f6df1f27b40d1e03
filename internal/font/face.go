package font

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/font/sfnt"
)

const maxFontBytes = 32 << 20

// Face is one font. It is immutable but for the cache of the character map.
type Face struct {
	name   string
	raw    []byte
	tables map[string][]byte
	font   *sfnt.Font // nil without glyf outlines, or when they are varied: outlines come from the typesetter then
	varied []font.Variation
	rules  func() *typesetter

	UnitsPerEm, ascent, descent int
	box                         [4]int // of all glyphs, in font units
	longLoca                    bool
	metrics                     int // entries of hmtx that carry an advance
	count                       int // glyphs

	mu    sync.Mutex
	buf   sfnt.Buffer
	cache map[rune]sfnt.GlyphIndex
}

// typesetter is a font read for shaping, which costs some 20 ms.
type typesetter struct {
	mu      sync.Mutex // of hb
	hb      *harfbuzz.Font
	scripts map[string]bool // with substitution rules
}

func readFace(name string, raw []byte) (*Face, error) {
	if len(raw) < 12 || len(raw) > maxFontBytes {
		return nil, errNotTrueType
	}
	f := &Face{name: name, raw: raw, tables: map[string][]byte{}, cache: map[rune]sfnt.GlyphIndex{}}
	f.rules = sync.OnceValue(f.readRules)
	start := uint64(0)
	if string(raw[:4]) == "ttcf" { // a collection: its first font
		if len(raw) < 16 {
			return nil, errNotTrueType
		}
		start = uint64(binary.BigEndian.Uint32(raw[12:]))
	}
	if start+12 > uint64(len(raw)) {
		return nil, errNotTrueType
	}
	for i := range uint64(binary.BigEndian.Uint16(raw[start+4:])) {
		rec := start + 12 + 16*i
		if rec+16 > uint64(len(raw)) {
			return nil, errNotTrueType
		}
		off, n := uint64(binary.BigEndian.Uint32(raw[rec+8:])), uint64(binary.BigEndian.Uint32(raw[rec+12:]))
		if off+n > uint64(len(raw)) {
			return nil, errNotTrueType
		}
		f.tables[string(raw[rec:rec+4])] = raw[off : off+n]
	}
	if err := f.readHeads(); err != nil {
		return nil, err
	}
	f.varied = f.regular()
	if f.tables["glyf"] == nil || f.varied != nil {
		if f.rules() == nil {
			return nil, errNotTrueType
		}
		return f, nil
	}
	c, err := sfnt.ParseCollection(raw)
	if err != nil {
		return nil, err
	}
	f.font, err = c.Font(0)
	return f, err
}

// typeset returns the font read for shaping, or nil when it cannot be.
func (f *Face) typeset() *typesetter { return f.rules() }

func (f *Face) readRules() (t *typesetter) {
	defer func() {
		if recover() != nil {
			t = nil
		}
	}()
	loaders, err := opentype.NewLoaders(bytes.NewReader(f.raw))
	if err != nil || len(loaders) == 0 {
		return nil
	}
	ft, err := font.NewFont(loaders[0])
	if err != nil {
		return nil
	}
	fc := font.NewFace(ft)
	if f.varied != nil {
		fc.SetVariations(f.varied)
	}
	t = &typesetter{hb: harfbuzz.NewFont(fc), scripts: map[string]bool{}}
	for _, s := range ft.GSUB.Scripts {
		t.scripts[s.Tag.String()] = true
	}
	return t
}

// hasRules reports whether the font says how the letters of a script change with their neighbors.
func (f *Face) hasRules(script language.Script) bool {
	t := f.typeset()
	if t == nil {
		return false
	}
	iso := strings.ToLower(script.String())
	return t.scripts[iso] || slices.ContainsFunc(ruleTags[script], func(tag string) bool { return t.scripts[tag] })
}

// variant reports whether the font has a form of r that a variation selector asks for.
func (f *Face) variant(r, selector rune) bool {
	t := f.typeset()
	if t == nil {
		return false
	}
	_, ok := t.hb.Face().VariationGlyph(r, selector)
	return ok
}

func (f *Face) readHeads() error {
	head, hhea, maxp := f.tables["head"], f.tables["hhea"], f.tables["maxp"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 6 {
		return errNotTrueType
	}
	f.UnitsPerEm = int(binary.BigEndian.Uint16(head[18:]))
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
	if f.UnitsPerEm == 0 || f.metrics == 0 || len(f.tables["hmtx"]) < 4*f.metrics {
		return errNotTrueType
	}
	if f.tables["glyf"] != nil && len(f.tables["loca"]) < entry*(f.count+1) {
		return errNotTrueType
	}
	return nil
}

// index returns the glyph of r, 0 if there is none.
func (f *Face) index(r rune) sfnt.GlyphIndex {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id, ok := f.cache[r]; ok {
		return id
	}
	id := f.nominal(r)
	if int(id) >= f.count {
		id = 0
	}
	f.cache[r] = id
	return id
}

func (f *Face) nominal(r rune) sfnt.GlyphIndex {
	if f.font == nil {
		id, _ := f.typeset().hb.Face().Font.NominalGlyph(r)
		return sfnt.GlyphIndex(id)
	}
	id, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil {
		return 0
	}
	return id
}

// blank is a glyph that no font has: it draws nothing and has no width.
const blank sfnt.GlyphIndex = 0xFFFF

// units returns the advance of a glyph in font units.
func (f *Face) units(id sfnt.GlyphIndex) int {
	if id == blank {
		return 0
	}
	if f.varied != nil {
		return f.variedUnits(id)
	}
	return int(binary.BigEndian.Uint16(f.tables["hmtx"][4*min(int(id), f.metrics-1):]))
}

// Advance returns how far a glyph moves the pen at size 1.
func (f *Face) Advance(id sfnt.GlyphIndex) float64 {
	return float64(f.units(id)) / float64(f.UnitsPerEm)
}

// outline returns the glyf entry of a glyph, nil when it is empty or out of bounds.
func (f *Face) outline(id int) []byte {
	loca, glyf := f.tables["loca"], f.tables["glyf"]
	if id < 0 || id >= f.count {
		return nil
	}
	if f.font == nil {
		return f.quadratic(id)
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
