package canvas

import (
	"strings"

	"github.com/evaultlib/evault/internal/font"
)

// A Laid is text cut into paragraphs and words, measured once; lines of any size come of it.
type Laid struct {
	paragraphs [][]laidWord
	space      float64 // width at size 1
}

type laidWord struct {
	chars []rune
	upTo  []float64 // width at size 1 of the characters before each, and at the end of all
}

func (w laidWord) width() float64 { return w.upTo[len(w.chars)] }

// Lay measures s. Line feeds end paragraphs.
func (c *Canvas) Lay(st font.Style, s string) (Laid, error) {
	var t Laid
	space, err := c.Measure(st, " ")
	if err != nil {
		return t, err
	}
	t.space = font.Width(space, 1)
	for para := range strings.SplitSeq(s, "\n") {
		var words []laidWord
		for _, word := range strings.Fields(para) {
			chars, gs, err := c.fonts.Line(st, word, c.Lenient)
			if err != nil {
				return t, err
			}
			w := laidWord{chars: chars, upTo: make([]float64, len(chars)+1)}
			for _, g := range gs {
				w.upTo[g.At+1] += g.Advance
			}
			for i := range chars {
				w.upTo[i+1] += w.upTo[i]
			}
			words = append(words, w)
		}
		t.paragraphs = append(t.paragraphs, words)
	}
	return t, nil
}

// Wrap breaks the text into lines of at most most points at size; a word that is longer is broken between characters. A
// word that is joined over a break may come out slightly wider; who draws it makes it fit. A line that ends between two
// words ends with a space, so that who reads the lines one after the other reads words.
func (t Laid) Wrap(size, most float64) (lines []string) {
	most /= size
	for _, words := range t.paragraphs {
		var line []rune
		used := 0.0
		for _, w := range words {
			if len(line) > 0 && used+t.space+w.width() <= most {
				line = append(append(line, ' '), w.chars...)
				used += t.space + w.width()
				continue
			}
			if len(line) > 0 {
				lines = append(lines, string(line)+" ")
			}
			from := 0
			for i := 1; i < len(w.chars); i++ {
				if w.upTo[i+1]-w.upTo[from] > most && !font.Extends(w.chars[i]) {
					lines, from = append(lines, string(w.chars[from:i])), i
				}
			}
			line, used = append([]rune(nil), w.chars[from:]...), w.width()-w.upTo[from]
		}
		lines = append(lines, string(line))
	}
	return lines
}

// Wrap is lay and wrap for one size, without the spaces at the ends of lines.
func (c *Canvas) Wrap(st font.Style, size, most float64, s string) ([]string, error) {
	t, err := c.Lay(st, s)
	if err != nil {
		return nil, err
	}
	lines := t.Wrap(size, most)
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, " ")
	}
	return lines, nil
}
