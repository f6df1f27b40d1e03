package font

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/font/sfnt"
)

const (
	zwnj = '\u200C'
	zwj  = '\u200D'
)

// Extends reports whether r belongs to the character before it: marks and joiners.
func Extends(r rune) bool { return r == zwnj || r == zwj || unicode.Is(unicode.M, r) }

// clusterEnd returns where the characters end that are drawn with the one at from.
func clusterEnd(rs []rune, from int) int {
	end := from + 1
	for end < len(rs) && Extends(rs[end]) {
		end++
	}
	return end
}

// alone are the scripts whose letters stand side by side, one glyph each.
var alone = []language.Script{
	language.Latin, language.Greek, language.Cyrillic, language.Armenian, language.Georgian, language.Han,
	language.Hiragana,
	language.Katakana, language.Hangul, language.Bopomofo, language.Common, language.Inherited,
}

// ruleless are the scripts that a font may draw without substitution rules for them.
var ruleless = append([]language.Script{
	language.Hebrew, language.Thai, language.Lao, language.Thaana, language.Ethiopic, language.Cherokee,
	language.Canadian_Aboriginal, language.Ogham, language.Runic, language.Tifinagh, language.Braille, language.Coptic,
	language.Gothic, language.Yi,
}, alone...)

// ruleTags are the OpenType tags of scripts besides their ISO 15924 code in lower case.
var ruleTags = map[language.Script][]string{
	language.Devanagari: {"dev2", "dev3"}, language.Bengali: {"bng2", "bng3"}, language.Gurmukhi: {"gur2", "gur3"},
	language.Gujarati: {"gjr2", "gjr3"}, language.Oriya: {"ory2", "ory3"}, language.Tamil: {"tml2", "tml3"},
	language.Telugu: {"tel2", "tel3"}, language.Kannada: {"knd2", "knd3"}, language.Malayalam: {"mlm2", "mlm3"},
	language.Myanmar: {"mym2"}, language.Nko: {"nko "}, language.Vai: {"vai "},
}

// intricate reports whether a text with r in it has to be shaped.
func intricate(r rune) bool {
	return Extends(r) || !slices.Contains(alone, language.LookupScript(r))
}

// draws reports whether the face has all of a cluster, and the rules of its script.
func (f *Face) draws(cluster []rune) bool {
	for i, r := range cluster {
		script := language.LookupScript(r)
		switch {
		case r == zwnj || r == zwj:
			if i == 0 || slices.Contains(ruleless, language.LookupScript(cluster[0])) {
				return false
			}
		case unicode.Is(unicode.Variation_Selector, r):
			if i == 0 || !f.variant(cluster[i-1], r) {
				return false
			}
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || f.index(r) == 0:
			return false
		case !slices.Contains(ruleless, script) && !f.hasRules(script):
			return false
		}
	}
	return true
}

// shape lays out a line: runs of one direction in visual order, each cut where face or script change. bad is the index
// of a character that could not be shaped, or -1.
func shape(rs []rune, on []*Face) (out []Glyph, bad int) {
	scripts := scriptsOf(rs)
	for _, run := range VisualRuns(rs) {
		var pieces [][2]int
		for from := run.from; from < run.to; {
			to := from + 1
			for to < run.to && on[to] == on[from] && scripts[to] == scripts[from] {
				to++
			}
			pieces = append(pieces, [2]int{from, to})
			from = to
		}
		if run.Level%2 == 1 {
			slices.Reverse(pieces)
		}
		for _, piece := range pieces {
			gs, ok := on[piece[0]].shape(rs, piece[0], piece[1], scripts[piece[0]], run.Level%2 == 1)
			if !ok {
				return nil, piece[0]
			}
			out = append(out, gs...)
		}
	}
	return out, -1
}

// scriptsOf gives characters without a script of their own that of the text before them, or after them at the
// beginning.
func scriptsOf(rs []rune) []language.Script {
	out := make([]language.Script, len(rs))
	known := language.Latin
	if i := slices.IndexFunc(rs, func(r rune) bool { return language.LookupScript(r).Strong() }); i >= 0 {
		known = language.LookupScript(rs[i])
	}
	for i, r := range rs {
		if s := language.LookupScript(r); s.Strong() {
			known = s
		}
		out[i] = known
	}
	return out
}

// shape shapes rs[from:to] with what stands around it in mind. Its glyphs are in visual order.
func (f *Face) shape(rs []rune, from, to int, script language.Script, rightToLeft bool) (out []Glyph, ok bool) {
	defer func() {
		if recover() != nil { // a font can lie in more ways than its tables were checked for
			out, ok = nil, false
		}
	}()
	t := f.typeset()
	if t == nil {
		return nil, false
	}
	b := harfbuzz.NewBuffer()
	b.AddRunes(rs, from, to-from)
	b.Props = harfbuzz.SegmentProperties{Script: script, Direction: harfbuzz.LeftToRight, Language: "und"}
	if rightToLeft {
		b.Props.Direction, b.ClusterLevel = harfbuzz.RightToLeft, harfbuzz.MonotoneCharacters
	}
	t.mu.Lock()
	b.Shape(t.hb, nil)
	t.mu.Unlock()
	em := float64(f.UnitsPerEm)
	for i, info := range b.Info {
		if int(info.Glyph) >= f.count || info.Glyph == 0 {
			return nil, false
		}
		pos := b.Pos[i]
		out = append(out, Glyph{
			Face: f, ID: sfnt.GlyphIndex(info.Glyph), At: info.Cluster,
			Advance: float64(pos.XAdvance) / em, Dx: float64(pos.XOffset) / em, Dy: float64(pos.YOffset) / em,
		})
	}
	return label(out, b.Info, rs, to, rightToLeft), true
}

// label says what each glyph stands for.
//
// From left to right, several glyphs of one cluster stand together for its text (ActualText); for readers that look at
// glyphs one by one, the first ones have a character each and the last has the rest. From right to left, readers take
// glyphs in visual order and turn them around, one character after the other, brackets too: there each glyph stands for
// one character, in the shape that is seen, and what is left over is carried by glyphs that draw nothing.
func label(gs []Glyph, info []harfbuzz.GlyphInfo, rs []rune, to int, rightToLeft bool) (out []Glyph) {
	for i := 0; i < len(gs); {
		n, cluster := 1, info[i].Cluster
		for i+n < len(gs) && info[i+n].Cluster == cluster {
			n++
		}
		end := to
		for _, other := range info {
			if other.Cluster > cluster {
				end = min(end, other.Cluster)
			}
		}
		text := slices.Clone(rs[cluster:end])
		group := gs[i : i+n]
		if rightToLeft {
			slices.Reverse(text)
			for k, r := range text {
				if m, ok := mirrored[r]; ok {
					text[k] = m
				}
			}
		} else if n > 1 {
			group[0].Chars, group[0].Whole = n+1, string(text)
		}
		for k := range group {
			take := min(1, len(text))
			if k == n-1 && !rightToLeft {
				take = len(text)
			}
			group[k].text, text = string(text[:take]), text[take:]
			if take == 0 {
				group[k].text = nothing
			}
		}
		out = append(out, group...)
		for _, r := range text {
			out = append(out, Glyph{Face: gs[i].Face, ID: blank, At: cluster, text: string(r)})
		}
		if group[0].Chars > 1 { // the group ends where the pen is, not where its last mark stands
			out = append(out, Glyph{Face: gs[i].Face, ID: blank, At: cluster, text: nothing})
		}
		i += n
	}
	return out
}

// nothing is what a glyph stands for whose neighbors stand for all; a reader would show one without a text as damaged.
const nothing = "\u200B"

var mirrored = map[rune]rune{
	'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<', '«': '»', '»': '«',
}
