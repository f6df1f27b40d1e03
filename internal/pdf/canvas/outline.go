package canvas

import (
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
)

// Outlines returns a form XObject that fills the shapes of gs at size 100, as paths: it looks like text but is none, so
// it stays out of what is extracted from the page. Its origin is where the first baseline begins.
func Outlines(u *pdf.Update, gs []font.Glyph, col Color) (pdf.Ref, error) {
	c := New(0, 0, font.Fonts{}, nil)
	c.Fill(col)
	x := 0.0
	for _, g := range gs {
		if err := c.outline(g, x); err != nil {
			return pdf.Ref{}, err
		}
		x += 100 * g.Advance
	}
	c.Content = append(c.Content, "f\n"...)
	return u.Add(pdf.Deflate(pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": pdf.Array{-100.0, -100.0, x + 100, 200.0},
		"Resources": pdf.Dict{},
	}, c.Content)), nil
}

// outline appends the path of one glyph.
func (c *Canvas) outline(g font.Glyph, x float64) error {
	segs, err := g.Face.Path(g.ID)
	if err != nil {
		return err
	}
	scale := 100 / float64(g.Face.UnitsPerEm)
	at := func(p font.Point) (float64, float64) { return x + 100*g.Dx + p.X*scale, 100*g.Dy + p.Y*scale }
	var px, py float64
	for _, s := range segs {
		x1, y1 := at(s.To[0])
		switch s.Op {
		case 'm', 'l':
			c.Op(string(s.Op), x1, y1)
			px, py = x1, y1
		case 'q':
			x2, y2 := at(s.To[1])
			c.Op("c", px+2*(x1-px)/3, py+2*(y1-py)/3, x2+2*(x1-x2)/3, y2+2*(y1-y2)/3, x2, y2)
			px, py = x2, y2
		case 'c':
			x2, y2 := at(s.To[1])
			x3, y3 := at(s.To[2])
			c.Op("c", x1, y1, x2, y2, x3, y3)
			px, py = x3, y3
		}
	}
	return nil
}
