package extract

import (
	"math"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// metrics say how much room the glyphs of a font take, in units of the font size.
type metrics struct {
	widths          map[int]float64 // by code, or by CID where these are the same
	missing         float64         // width of every other code
	ascent, descent float64         // above and, negative, below the baseline
}

// maxWidths bounds the widths of one font: a code has at most two bytes.
const maxWidths = 1 << 16

// Heights of a font that does not tell its own, or tells what no font has.
const (
	usualAscent  = 0.75
	usualDescent = -0.25
)

// width returns the advance of a code.
func (m *metrics) width(code int) float64 {
	if w, ok := m.widths[code]; ok {
		return w
	}
	return m.missing
}

// measure reads the metrics of a font dictionary (ISO 32000-2 §9.2.4, §9.6.2, §9.7.4.3). What is damaged is taken as
// absent.
func measure(d *pdf.Document, font pdf.Dict) *metrics {
	m := &metrics{widths: map[int]float64{}, ascent: usualAscent, descent: usualDescent}
	scale := 0.001
	kind := d.Name(font["Subtype"])
	if kind == "Type0" {
		list, _ := d.Array(font["DescendantFonts"])
		if len(list) > 0 {
			font, _ = d.Dict(list[0])
		}
	}
	if kind == "Type3" {
		scale = math.Abs(contentstream.MatrixOf(d, font["FontMatrix"])[0])
	}
	descriptor, _ := d.Dict(font["FontDescriptor"])
	if kind == "Type0" {
		m.missing = 1
		if w, ok := d.Number(font["DW"]); ok {
			m.missing = bounded(w * scale)
		}
		m.ofCIDs(d, font["W"], scale)
	} else {
		w, _ := d.Number(descriptor["MissingWidth"])
		m.missing = bounded(w * scale)
		m.simple(d, font, scale)
	}
	m.heights(d, descriptor, kind)
	return m
}

// simple reads /Widths, or takes those of a standard font, which needs none (§9.6.2.2).
func (m *metrics) simple(d *pdf.Document, font pdf.Dict, scale float64) {
	list, _ := d.Array(font["Widths"])
	if list == nil {
		m.standard(string(d.Name(font["BaseFont"])))
		return
	}
	first, _ := d.Int(font["FirstChar"])
	for i, o := range list[:min(len(list), 256)] {
		if w, ok := d.Number(o); ok {
			m.widths[int(first)+i] = bounded(w * scale)
		}
	}
}

// standard takes the widths of the standard font whose name is most like base.
func (m *metrics) standard(base string) {
	serif := strings.Contains(base, "Times") || strings.Contains(base, "Serif")
	bold := strings.Contains(base, "Bold")
	list := helvetica
	switch {
	case strings.Contains(base, "Courier") || strings.Contains(base, "Mono"):
		m.missing = 0.6
		return
	case serif && bold:
		list = timesBold
	case serif:
		list = times
	case bold:
		list = helveticaBold
	}
	m.missing = 0.556
	for i, w := range list {
		m.widths[' '+i] = float64(w) / 1000
	}
}

// ofCIDs reads /W of a CIDFont: "c [w1 w2 …]" and "first last w" (§9.7.4.3).
func (m *metrics) ofCIDs(d *pdf.Document, o pdf.Object, scale float64) {
	list, _ := d.Array(o)
	done := 0
	for i := 0; i+1 < len(list) && done < maxWidths; {
		first, ok := d.Int(list[i])
		next, err := d.Resolve(list[i+1])
		if !ok || err != nil || first < 0 || first >= maxWidths {
			return
		}
		if each, ok := next.(pdf.Array); ok {
			for n, o := range each[:min(len(each), maxWidths-done)] {
				if w, ok := d.Number(o); ok {
					m.widths[int(first)+n] = bounded(w * scale)
				}
			}
			done, i = done+len(each)+1, i+2
			continue
		}
		last, ok := next.(int64)
		if !ok || i+2 >= len(list) {
			return
		}
		w, _ := d.Number(list[i+2])
		for c := first; c <= last && done < maxWidths; c++ {
			m.widths[int(c)] = bounded(w * scale)
			done++
		}
		i += 3
		done++
	}
}

// heights reads ascent and descent, which only a font of a usual kind tells in thousandths.
func (m *metrics) heights(d *pdf.Document, descriptor pdf.Dict, kind pdf.Name) {
	up, _ := d.Number(descriptor["Ascent"])
	down, _ := d.Number(descriptor["Descent"])
	up, down = up/1000, down/1000
	if kind != "Type3" && up > 0.4 && up < 1.5 && down <= 0 && down > -0.8 {
		m.ascent, m.descent = up, down
	}
}

// bounded takes a width that no font has as none.
func bounded(w float64) float64 {
	if math.IsNaN(w) || math.Abs(w) > 100 {
		return 0
	}
	return w
}

// Widths of the standard fonts from U+0020 to U+007E, in thousandths (ISO 32000-2 §9.6.2.2, Adobe's font metrics).
var (
	helvetica = []int{
		278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
		667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
		556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
	}
	helveticaBold = []int{
		278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
		975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
		667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
		333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
		611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
	}
	times = []int{
		250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278,
		500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
		921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722,
		556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
		333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
		500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
	}
	timesBold = []int{
		250, 333, 555, 500, 500, 1000, 833, 278, 333, 333, 500, 570, 250, 333, 250, 278,
		500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 333, 333, 570, 570, 570, 500,
		930, 722, 667, 722, 722, 667, 611, 778, 778, 389, 500, 778, 667, 944, 722, 778,
		611, 778, 722, 556, 667, 722, 722, 1000, 722, 722, 667, 333, 278, 333, 581, 500,
		333, 500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500,
		556, 556, 444, 389, 333, 556, 500, 722, 500, 500, 444, 394, 220, 394, 520,
	}
)
