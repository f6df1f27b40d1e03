package font

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Point is a point of an outline, y upwards.
type Point struct{ X, Y float64 }

// Segment is a step of an outline in font units, y upwards: 'm' move, 'l' line, 'q' and 'c' Bézier curves of degree 2,
// 3.
type Segment struct {
	Op byte
	To [3]Point
}

var errNoOutline = errors.New("pdf: glyph has no outline")

// Path returns the outline of a glyph; contours close by themselves.
func (f *Face) Path(id sfnt.GlyphIndex) ([]Segment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.font == nil {
		return f.cubicPath(id)
	}
	segs, err := f.font.LoadGlyph(&f.buf, id, fixed.I(f.UnitsPerEm), nil)
	if err != nil {
		return nil, err
	}
	out := make([]Segment, len(segs))
	ops := map[sfnt.SegmentOp]byte{
		sfnt.SegmentOpMoveTo: 'm', sfnt.SegmentOpLineTo: 'l', sfnt.SegmentOpQuadTo: 'q', sfnt.SegmentOpCubeTo: 'c',
	}
	for i, s := range segs {
		out[i].Op = ops[s.Op]
		for j, p := range s.Args {
			out[i].To[j] = Point{float64(p.X) / 64, -float64(p.Y) / 64}
		}
	}
	return out, nil
}

// cubicPath reads the outline of a font with CFF or CFF2 outlines, or of an instance of a variable font.
func (f *Face) cubicPath(id sfnt.GlyphIndex) (out []Segment, err error) {
	defer func() {
		if recover() != nil {
			out, err = nil, errNoOutline
		}
	}()
	t := f.typeset()
	t.mu.Lock()
	defer t.mu.Unlock()
	g, ok := t.hb.Face().GlyphDataOutline(font.GID(id))
	if !ok {
		return nil, errNoOutline
	}
	ops := map[opentype.SegmentOp]byte{
		opentype.SegmentOpMoveTo: 'm', opentype.SegmentOpLineTo: 'l', opentype.SegmentOpQuadTo: 'q',
		opentype.SegmentOpCubeTo: 'c',
	}
	for _, s := range g.Segments {
		seg := Segment{Op: ops[s.Op]}
		for j, p := range s.Args {
			seg.To[j] = Point{float64(p.X), float64(p.Y)}
		}
		out = append(out, seg)
	}
	return out, nil
}

// curvePoint is a point of a glyf outline.
type curvePoint struct {
	x, y    int
	onCurve bool
}

// quadratic returns a glyf entry (OpenType, glyf table) for a glyph of a font that has cubic outlines: each curve
// becomes four quadratic ones, within a unit of it for letters of any usual size. Fonts of one kind are all that is
// embedded.
func (f *Face) quadratic(id int) []byte {
	segs, err := f.Path(sfnt.GlyphIndex(id))
	if err != nil || len(segs) == 0 {
		return nil
	}
	var contours [][]curvePoint
	var at Point
	add := func(p Point, on bool) {
		if n := len(contours) - 1; n >= 0 {
			contours[n] = append(contours[n], curvePoint{int(math.Round(p.X)), int(math.Round(p.Y)), on})
		}
	}
	for _, s := range segs {
		switch s.Op {
		case 'm':
			contours = append(contours, nil)
			add(s.To[0], true)
			at = s.To[0]
		case 'l':
			add(s.To[0], true)
			at = s.To[0]
		case 'q':
			add(s.To[0], false)
			add(s.To[1], true)
			at = s.To[1]
		case 'c':
			const parts = 4
			for i := range parts {
				c := part(at, s.To, float64(i)/parts, float64(i+1)/parts)
				add(Point{(3*(c[1].X+c[2].X) - c[0].X - c[3].X) / 4, (3*(c[1].Y+c[2].Y) - c[0].Y - c[3].Y) / 4}, false)
				add(c[3], true)
			}
			at = s.To[2]
		}
	}
	return glyfEntry(contours)
}

// part returns the piece of a cubic curve between two parameters, as a cubic curve.
func part(from Point, to [3]Point, a, b float64) [4]Point {
	blossom := func(u, v, w float64) Point {
		mix := func(p, q Point, t float64) Point { return Point{p.X + (q.X-p.X)*t, p.Y + (q.Y-p.Y)*t} }
		p, q, r := mix(from, to[0], u), mix(to[0], to[1], u), mix(to[1], to[2], u)
		p, q = mix(p, q, v), mix(q, r, v)
		return mix(p, q, w)
	}
	return [4]Point{blossom(a, a, a), blossom(a, a, b), blossom(a, b, b), blossom(b, b, b)}
}

// glyfEntry writes a simple glyph without flags for short coordinates.
func glyfEntry(contours [][]curvePoint) []byte {
	var ends, flags, xs, ys []byte
	x, y, n := 0, 0, 0
	box := [4]int{math.MaxInt16, math.MaxInt16, math.MinInt16, math.MinInt16}
	for _, c := range contours {
		if len(c) > 1 && c[0] == c[len(c)-1] {
			c = c[:len(c)-1]
		}
		for _, p := range c {
			flag := byte(0)
			if p.onCurve {
				flag = 1
			}
			flags = append(flags, flag)
			xs = binary.BigEndian.AppendUint16(xs, uint16(p.x-x))
			ys = binary.BigEndian.AppendUint16(ys, uint16(p.y-y))
			x, y = p.x, p.y
			box = [4]int{min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)}
		}
		n += len(c)
		ends = binary.BigEndian.AppendUint16(ends, uint16(n-1))
	}
	if n == 0 || n > math.MaxUint16 {
		return nil
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(len(contours)))
	for _, v := range box {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	out = append(append(out, ends...), 0, 0)
	return append(append(append(out, flags...), xs...), ys...)
}

// quadraticMaxp is the maxp table of glyphs made by quadratic.
func quadraticMaxp(glyf, loca []byte) []byte {
	points, contours := 0, 0
	for i := 0; i+8 <= len(loca); i += 4 {
		g := glyf[binary.BigEndian.Uint32(loca[i:]):binary.BigEndian.Uint32(loca[i+4:])]
		if len(g) < 10 {
			continue
		}
		n := int(binary.BigEndian.Uint16(g))
		contours = max(contours, n)
		points = max(points, 1+int(binary.BigEndian.Uint16(g[8+2*n:])))
	}
	out := make([]byte, 32)
	out[1] = 1 // version 1.0
	binary.BigEndian.PutUint16(out[6:], uint16(points))
	binary.BigEndian.PutUint16(out[8:], uint16(contours))
	binary.BigEndian.PutUint16(out[14:], 1) // zones
	return out
}
