package pdf

// outlines returns a form XObject that fills the shapes of gs at size 100, as paths: it looks like text but is none, so it
// stays out of what is extracted from the page. Its origin is where the first baseline begins.
func outlines(u *Update, gs []glyph, col color) (Ref, error) {
	c := newCanvas(0, 0, Fonts{}, nil)
	c.fill(col)
	x := 0.0
	for _, g := range gs {
		if err := c.outline(g, x); err != nil {
			return Ref{}, err
		}
		x += 100 * g.advance
	}
	c.content = append(c.content, "f\n"...)
	return u.Add(Deflate(Dict{
		"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": Array{-100.0, -100.0, x + 100, 200.0}, "Resources": Dict{},
	}, c.content)), nil
}

// outline appends the path of one glyph.
func (c *canvas) outline(g glyph, x float64) error {
	segs, err := g.face.path(g.id)
	if err != nil {
		return err
	}
	scale := 100 / float64(g.face.unitsPerEm)
	at := func(p point) (float64, float64) { return x + 100*g.dx + p.x*scale, 100*g.dy + p.y*scale }
	var px, py float64
	for _, s := range segs {
		x1, y1 := at(s.to[0])
		switch s.op {
		case 'm', 'l':
			c.op(string(s.op), x1, y1)
			px, py = x1, y1
		case 'q':
			x2, y2 := at(s.to[1])
			c.op("c", px+2*(x1-px)/3, py+2*(y1-py)/3, x2+2*(x1-x2)/3, y2+2*(y1-y2)/3, x2, y2)
			px, py = x2, y2
		case 'c':
			x2, y2 := at(s.to[1])
			x3, y3 := at(s.to[2])
			c.op("c", x1, y1, x2, y2, x3, y3)
			px, py = x3, y3
		}
	}
	return nil
}
