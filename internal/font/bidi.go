package font

import (
	"slices"

	"golang.org/x/text/unicode/bidi"
)

// BidiRun is rs[from:to], all of one embedding level; odd levels run from right to left.
type BidiRun struct{ from, to, Level int }

// VisualRuns cuts a line into runs of one level, in the order in which they stand on the line (Unicode annex 9, rule
// L2).
func VisualRuns(rs []rune) []BidiRun {
	levels := bidiLevels(rs)
	var out []BidiRun
	most := 0
	for i, l := range levels {
		if n := len(out); n > 0 && out[n-1].Level == l {
			out[n-1].to++
		} else {
			out = append(out, BidiRun{i, i + 1, l})
		}
		most = max(most, l)
	}
	for level := most; level > 0; level-- {
		for from := 0; from < len(out); from++ {
			to := from
			for to < len(out) && out[to].Level >= level {
				to++
			}
			if to > from {
				slices.Reverse(out[from:to])
				from = to
			}
		}
	}
	return out
}

// bidiLevels returns the embedding level of each character of a line that has no explicit controls: rules P2 and P3, W1
// to W7, N0 to N2, I1 and I2, L1.
func bidiLevels(rs []rune) []int {
	levels := make([]int, len(rs))
	original := make([]bidi.Class, len(rs))
	base := 0
	for i, r := range rs {
		p, _ := bidi.LookupRune(r)
		original[i] = p.Class()
	}
	if i := slices.IndexFunc(original, func(c bidi.Class) bool {
		return c == bidi.L || c == bidi.R || c == bidi.AL
	}); i >= 0 && original[i] != bidi.L {
		base = 1
	}
	edge := bidi.L
	if base == 1 {
		edge = bidi.R
	}
	cs := slices.Clone(original)
	weak(cs, edge)
	brackets(rs, cs, edge)
	neutral(cs, edge)
	for i, c := range cs {
		levels[i] = base
		switch {
		case c == bidi.R:
			levels[i] = 1
		case c == bidi.AN || c == bidi.EN:
			levels[i] = 2
		case c == bidi.L && base == 1:
			levels[i] = 2
		}
	}
	for i := len(rs) - 1; i >= 0 && (original[i] == bidi.WS || original[i] == bidi.BN); i-- {
		levels[i] = base
	}
	return levels
}

// weak resolves marks, numbers and what belongs to numbers (W1 to W7).
func weak(cs []bidi.Class, edge bidi.Class) {
	before, strong := edge, edge // the last class, and the last of L, R, AL
	for i, c := range cs {
		if c == bidi.NSM {
			c = before
		}
		before = c
		switch c {
		case bidi.L, bidi.R, bidi.AL:
			strong = c
		case bidi.EN:
			if strong == bidi.AL {
				c = bidi.AN
			}
		}
		cs[i] = c
	}
	at := func(i int) bidi.Class {
		if i < 0 || i >= len(cs) {
			return bidi.ON
		}
		return cs[i]
	}
	for i, c := range cs {
		switch {
		case c == bidi.AL:
			cs[i] = bidi.R
		case (c == bidi.ES || c == bidi.CS) && at(i-1) == bidi.EN && at(i+1) == bidi.EN:
			cs[i] = bidi.EN
		case c == bidi.CS && at(i-1) == bidi.AN && at(i+1) == bidi.AN:
			cs[i] = bidi.AN
		}
	}
	for i := 0; i < len(cs); i++ { // W5: signs beside a number
		end := i
		for at(end) == bidi.ET {
			end++
		}
		if end > i && (at(i-1) == bidi.EN || at(end) == bidi.EN) {
			for j := i; j < end; j++ {
				cs[j] = bidi.EN
			}
		}
		i = max(i, end-1)
	}
	strong = edge
	for i, c := range cs {
		switch c {
		case bidi.L, bidi.R:
			strong = c
		case bidi.EN:
			if strong == bidi.L {
				cs[i] = bidi.L
			}
		case bidi.AN:
		default:
			cs[i] = bidi.ON // W6, and every neutral alike
		}
	}
}

// side is the direction that a class lends to neutrals; numbers count as right to left.
func side(c bidi.Class) bidi.Class {
	if c == bidi.EN || c == bidi.AN {
		return bidi.R
	}
	return c
}

// brackets gives both brackets of a pair one direction (N0).
func brackets(rs []rune, cs []bidi.Class, edge bidi.Class) {
	pairs := map[rune]rune{')': '(', ']': '[', '}': '{'}
	var open []int
	var found [][2]int
	for i, r := range rs {
		switch r {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			for n := len(open) - 1; n >= 0; n-- {
				if rs[open[n]] == pairs[r] {
					found, open = append(found, [2]int{open[n], i}), open[:n]
					break
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b [2]int) int { return a[0] - b[0] })
	for _, p := range found {
		same, other := false, false
		for _, c := range cs[p[0]+1 : p[1]] {
			switch side(c) {
			case edge:
				same = true
			case bidi.L, bidi.R:
				other = true
			}
		}
		to := edge
		if !same && !other {
			continue
		}
		if !same {
			for i := p[0] - 1; i >= 0; i-- {
				if s := side(cs[i]); s == bidi.L || s == bidi.R {
					to = s
					break
				}
			}
		}
		cs[p[0]], cs[p[1]] = to, to
	}
}

// neutral gives neutrals the direction of what stands on both sides of them, else the line's (N1, N2).
func neutral(cs []bidi.Class, edge bidi.Class) {
	for from := 0; from < len(cs); from++ {
		to := from
		for to < len(cs) && cs[to] == bidi.ON {
			to++
		}
		if to == from {
			continue
		}
		left, right := edge, edge
		if from > 0 {
			left = side(cs[from-1])
		}
		if to < len(cs) {
			right = side(cs[to])
		}
		dir := edge
		if left == right {
			dir = left
		}
		for i := from; i < to; i++ {
			cs[i] = dir
		}
		from = to - 1
	}
}
