package pdf

import (
	"errors"
	"fmt"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/dejavu/dejavuserifitalic"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// A MissingGlyphError says that no font at hand can draw a character.
type MissingGlyphError struct {
	Char rune
	Text string // in which the character stands
}

func (e *MissingGlyphError) Error() string {
	return fmt.Sprintf("pdf: no font can draw %q (%U)", e.Char, e.Char)
}

// Fonts are the typefaces that text is drawn with. The zero value has DejaVu Sans, Sans Bold, Sans Mono and Serif Italic
// (Latin with Vietnamese, Greek, Cyrillic, Hebrew, Armenian, Georgian); [NewFonts] adds others behind them. A value may be
// used by several goroutines.
//
// Text is put into normal form C and, where it holds Hebrew, into visual order (Unicode annex 9). Scripts that need
// shaping (Arabic, Syriac, the Indic scripts, Thai and their kin) are refused as missing even where a font has their
// letters: drawn one by one they would be wrong.
type Fonts struct{ extra []*face }

// NewFonts reads TrueType fonts (glyf outlines, at most 32 MiB each) that are tried, in order, for characters that the
// default fonts lack.
func NewFonts(ttf ...[]byte) (Fonts, error) {
	var f Fonts
	for i, raw := range ttf {
		fc, err := readFace(fmt.Sprintf("Host%d", i+1), raw)
		if err != nil {
			return Fonts{}, fmt.Errorf("pdf: font %d: %w", i+1, err)
		}
		f.extra = append(f.extra, fc)
	}
	return f, nil
}

// style picks a default typeface.
type style int

const (
	regular style = iota
	bold
	mono
	italic // a serif italic, for typed signatures
	styles
)

// builtin reads the default typefaces once.
var builtin = sync.OnceValues(func() ([styles]*face, error) {
	var out [styles]*face
	for s, f := range map[style]struct {
		name string
		raw  []byte
	}{
		regular: {"DejaVuSans", dejavusans.TTF},
		bold:    {"DejaVuSans-Bold", dejavusansbold.TTF},
		mono:    {"DejaVuSansMono", dejavusansmono.TTF},
		italic:  {"DejaVuSerif-Italic", dejavuserifitalic.TTF},
	} {
		fc, err := readFace(f.name, f.raw)
		if err != nil {
			return out, fmt.Errorf("pdf: font %s: %w", f.name, err)
		}
		out[s] = fc
	}
	return out, nil
})

// candidates lists the faces to try for a style, best first.
func (f Fonts) candidates(s style) ([]*face, error) {
	b, err := builtin()
	if err != nil {
		return nil, err
	}
	list := []*face{b[s]}
	if s != regular {
		list = append(list, b[regular])
	}
	return append(list, f.extra...), nil
}

// CheckText returns a [*MissingGlyphError] when text holds a character that fonts cannot draw. Line feeds and tabs are
// fine; other control characters are missing.
func CheckText(text string, fonts Fonts) error {
	for _, s := range []style{regular, italic} {
		if _, err := fonts.glyphs(s, text, false); err != nil {
			return err
		}
	}
	return nil
}

// glyph is one character with the face that draws it.
type glyph struct {
	face *face
	id   sfnt.GlyphIndex
	char rune
}

// advance returns the width of the glyph at size 1.
func (g glyph) advance() float64 { return g.face.advance(g.id) }

func width(gs []glyph, size float64) (w float64) {
	for _, g := range gs {
		w += g.advance()
	}
	return w * size
}

// glyphs maps text to glyphs in visual order. White space becomes a space. A character that cannot be drawn is an error,
// or, when lenient, is written out as its code point.
func (f Fonts) glyphs(s style, text string, lenient bool) ([]glyph, error) {
	faces, err := f.candidates(s)
	if err != nil {
		return nil, err
	}
	text = norm.NFC.String(text)
	var out []glyph
	rtl := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			r = ' '
		}
		g, ok := find(faces, r)
		if !ok && !lenient {
			return nil, &MissingGlyphError{Char: r, Text: text}
		}
		if !ok {
			for _, c := range fmt.Sprintf("[%U]", r) {
				if g, ok := find(faces, c); ok {
					out = append(out, g)
				}
			}
			continue
		}
		rtl = rtl || unicode.Is(unicode.Hebrew, r)
		out = append(out, g)
	}
	if rtl {
		return visualOrder(out), nil
	}
	return out, nil
}

func find(faces []*face, r rune) (glyph, bool) {
	if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.In(r, needShaping...) {
		return glyph{}, false
	}
	for _, fc := range faces {
		if id := fc.index(r); id != 0 {
			return glyph{face: fc, id: id, char: r}, true
		}
	}
	return glyph{}, false
}

// needShaping are scripts whose letters change form or place with their neighbors.
var needShaping = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mandaic, unicode.Thaana, unicode.Mongolian, unicode.Phags_Pa,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu,
	unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Thai, unicode.Lao, unicode.Tibetan, unicode.Myanmar,
	unicode.Khmer, unicode.Balinese, unicode.Javanese,
}

// visualOrder reverses right-to-left runs; a text that begins right to left has its runs in reverse order too.
func visualOrder(gs []glyph) []glyph {
	rs := make([]rune, len(gs))
	for i, g := range gs {
		rs[i] = g.char
	}
	var p bidi.Paragraph
	if _, err := p.SetString(string(rs)); err != nil {
		return gs
	}
	order, err := p.Order()
	if err != nil {
		return gs
	}
	starts := make(map[int]int, len(rs)) // byte offset → rune index
	at := 0
	for i, r := range rs {
		starts[at] = i
		at += len(string(r))
	}
	starts[at] = len(rs)
	out := make([]glyph, 0, len(gs))
	for i := range order.NumRuns() {
		run := order.Run(i)
		from, to := run.Pos()
		part := gs[starts[from]:starts[to+1]]
		if run.Direction() == bidi.RightToLeft {
			for j := len(part) - 1; j >= 0; j-- {
				out = append(out, part[j])
			}
			continue
		}
		out = append(out, part...)
	}
	if len(out) != len(gs) {
		return gs
	}
	return out
}

var errNotTrueType = errors.New("not a TrueType font with glyf outlines")
