package copymark

import (
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
)

// repeats tells a text whose characters have no Unicode values by which of them are equal, as a substitution cipher is
// told: some programs number the glyphs of a font anew and leave out what they mean.
type repeats struct {
	last  [1 << 16]int // one more than where a code was last
	back  [256]int     // of the newest characters: how far back the same one is; 0 for nowhere
	pos   int
	start int // of the text in this font
	blind int // of the text without Unicode values
	font  *extract.TextFont
	found map[string]bool // kinds of marks
}

// repeated is the pattern of a text.
type repeated struct {
	kind  string
	back  []int
	again int // how many characters there are again
}

// leastAgain is how many characters must be there again in a text that no other has the pattern of; with half of them
// it is looked for only where nothing says what the text is.
const leastAgain = 12

// repeatedTexts are the patterns of texts, with their spaces and without, as programs keep them or not.
func repeatedTexts() (list []repeated) {
	for _, o := range ownMarked {
		for _, text := range []string{o.text, extract.Unspaced(o.text)} {
			seen, p := map[rune]int{}, repeated{kind: o.kind}
			for i, c := range []rune(text) {
				back := 0
				if at, ok := seen[c]; ok {
					back = i - at
					p.again++
				}
				seen[c] = i
				p.back = append(p.back, back)
			}
			if p.again >= leastAgain/2 {
				list = append(list, p)
			}
		}
	}
	return list
}

func newRepeats() *repeats { return &repeats{found: map[string]bool{}} }

// write reads text in a font.
func (r *repeats) write(f *extract.TextFont, s pdf.String) {
	if f != r.font {
		r.font, r.start = f, r.pos
	}
	for i := 0; i+f.Width <= len(s); i += f.Width {
		code := 0
		for _, c := range []byte(s[i : i+f.Width]) {
			code = code<<8 | int(c)
		}
		last := &r.last[code%len(r.last)]
		back := 0
		if *last > r.start {
			back = r.pos + 1 - *last
		}
		r.back[r.pos%len(r.back)] = back
		r.pos++
		*last = r.pos
		if f.Char(code) != "" {
			r.blind = r.pos
		}
		for i := range ownRepeated {
			p, begin := &ownRepeated[i], r.start
			if p.again < leastAgain {
				begin = max(begin, r.blind)
			}
			if r.pos-begin >= len(p.back) && r.ends(p.back) {
				r.found[p.kind] = true
			}
		}
	}
}

// ends reports whether the text ends with a pattern.
func (r *repeats) ends(pattern []int) bool {
	for i := len(pattern) - 1; i >= 0; i-- {
		back := r.back[(r.pos-len(pattern)+i)%len(r.back)]
		if back > i { // before the pattern begins
			back = 0
		}
		if back != pattern[i] {
			return false
		}
	}
	return true
}
