package font

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/dejavu/dejavuserifitalic"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/font/sfnt"
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

// Fonts are the typefaces that text is drawn with. The zero value has DejaVu Sans, Sans Bold, Sans Mono and Serif
// Italic (Latin with Vietnamese, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic, Lao, N'Ko); [NewFonts] adds
// others behind them. A value may be used by several goroutines.
//
// Text is put into normal form C, its letters joined, stacked and reordered as its scripts and the font's OpenType
// tables ask, and its runs put into visual order (Unicode annex 9). A script whose letters change with their neighbors
// is refused as missing where the font has its letters but not its rules: drawn one by one they would be wrong.
// Controls of reading order are refused too; what they would do cannot be seen.
type Fonts struct{ extra []*Face }

// NewFonts reads TrueType and OpenType fonts (of a collection the first; at most 32 MiB each) that are tried, in order,
// for characters that the default fonts lack. A variable font is drawn as its default instance.
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

// Style picks a default typeface.
type Style int

// The styles.
const (
	Regular Style = iota
	Bold
	Mono
	Italic // a serif italic, for typed signatures
	styles
)

// builtin reads the default typefaces once.
var builtin = sync.OnceValues(func() ([styles]*Face, error) {
	var out [styles]*Face
	for s, f := range map[Style]struct {
		name string
		raw  []byte
	}{
		Regular: {"DejaVuSans", dejavusans.TTF},
		Bold:    {"DejaVuSans-Bold", dejavusansbold.TTF},
		Mono:    {"DejaVuSansMono", dejavusansmono.TTF},
		Italic:  {"DejaVuSerif-Italic", dejavuserifitalic.TTF},
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
func (f Fonts) candidates(s Style) ([]*Face, error) {
	b, err := builtin()
	if err != nil {
		return nil, err
	}
	list := []*Face{b[s]}
	if s != Regular {
		list = append(list, b[Regular])
	}
	return append(list, f.extra...), nil
}

// CheckText returns a [*MissingGlyphError] when text holds a character that fonts cannot draw. Line feeds and tabs are
// fine; other control characters are missing.
func CheckText(text string, fonts Fonts) error {
	for _, s := range []Style{Regular, Italic} {
		if _, err := fonts.Glyphs(s, text, false); err != nil {
			return err
		}
	}
	return nil
}

// Glyph is one shape of a line of text, in visual order.
type Glyph struct {
	Face *Face
	ID   sfnt.GlyphIndex
	At   int    // index of the character, or the first one, that it draws
	text string // that it stands for
	// Where several glyphs together stand for a text, the first has their number and that text.
	Chars int
	Whole string
	// At size 1: how far the pen moves, and where the shape stands beside the pen.
	Advance, Dx, Dy float64
}

// Width returns how far glyphs move the pen at a size, in points.
func Width(gs []Glyph, size float64) (w float64) {
	for _, g := range gs {
		w += g.Advance
	}
	return w * size
}

// Glyphs maps text to glyphs in visual order. White space becomes a space. A character that cannot be drawn is an
// error, or, when lenient, is written out as its code point.
func (f Fonts) Glyphs(s Style, text string, lenient bool) ([]Glyph, error) {
	_, gs, err := f.Line(s, text, lenient)
	return gs, err
}

// Line is glyphs, with the characters that are drawn.
func (f Fonts) Line(s Style, text string, lenient bool) ([]rune, []Glyph, error) {
	faces, err := f.candidates(s)
	if err != nil {
		return nil, nil, err
	}
	rs := []rune(norm.NFC.String(text))
	for i, r := range rs {
		if unicode.IsSpace(r) {
			rs[i] = ' '
		}
	}
	on, bad := choose(faces, rs)
	if bad >= 0 && lenient {
		rs = spelled(faces, rs)
		on, bad = choose(faces, rs)
	}
	if bad >= 0 {
		return nil, nil, &MissingGlyphError{Char: rs[bad], Text: text}
	}
	if slices.ContainsFunc(rs, intricate) {
		out, bad := shape(rs, on)
		if bad >= 0 {
			return nil, nil, &MissingGlyphError{Char: rs[bad], Text: text}
		}
		return rs, out, nil
	}
	out := make([]Glyph, len(rs))
	for i, r := range rs {
		id := on[i].index(r)
		out[i] = Glyph{Face: on[i], ID: id, At: i, text: string(r), Advance: on[i].Advance(id)}
	}
	return rs, out, nil
}

// choose picks, for each character, the first face that has all of the cluster it is in; bad is the index of one that
// no face can draw, or -1.
func choose(faces []*Face, rs []rune) (on []*Face, bad int) {
	on = make([]*Face, len(rs))
	var last *Face
	for i := 0; i < len(rs); {
		end := clusterEnd(rs, i)
		fc := covering(faces, last, rs[i:end])
		if fc == nil {
			return nil, i + missingIn(faces, rs[i:end])
		}
		for ; i < end; i++ {
			on[i] = fc
		}
		last = fc
	}
	return on, -1
}

// covering returns the face for a cluster: last, where no script decides.
func covering(faces []*Face, last *Face, cluster []rune) *Face {
	if last != nil && !language.LookupScript(cluster[0]).Strong() && last.draws(cluster) {
		return last
	}
	for _, fc := range faces {
		if fc.draws(cluster) {
			return fc
		}
	}
	return nil
}

// missingIn returns the index of the character to blame for a cluster that no face draws.
func missingIn(faces []*Face, cluster []rune) int {
	for i := range cluster {
		if covering(faces, nil, cluster[i:i+1]) == nil {
			return i
		}
	}
	return 0
}

// spelled writes clusters that cannot be drawn as code points.
func spelled(faces []*Face, rs []rune) []rune {
	var out []rune
	for i := 0; i < len(rs); {
		end := clusterEnd(rs, i)
		if covering(faces, nil, rs[i:end]) != nil {
			out = append(out, rs[i:end]...)
		} else {
			for _, r := range rs[i:end] {
				out = append(out, []rune(fmt.Sprintf("[%U]", r))...)
			}
		}
		i = end
	}
	return out
}

var errNotTrueType = errors.New("not a TrueType or OpenType font with outlines")
