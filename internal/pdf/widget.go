package pdf

import (
	"errors"
	"fmt"
	"strings"
)

// An Appearance is what a signature field shows. X, Y, W and H are fractions (0 to 1) of the page as displayed, from its
// top-left corner; Page counts from 1. A picture stands to the left of the text, or alone.
type Appearance struct {
	Page       int
	X, Y, W, H float64
	Lines      []string
	PNG        []byte // at most 1 MiB and 4 megapixels; transparency is kept
	Fonts      Fonts
}

// A Widget is where an annotation stands, and what it shows.
type Widget struct {
	Page   Page
	Rect   Rect
	Normal Ref // the appearance stream; zero when it shows nothing
}

// Widget draws a for an annotation. It stands upright on the page as displayed, whatever its rotation, crop box and user
// unit (ISO 32000-2 §12.5.5). It fails with a [*MissingGlyphError] or an [*ImageError].
func (u *Update) Widget(a Appearance) (_ Widget, err error) {
	defer guard(&err)
	m := Mark{X: a.X, Y: a.Y, W: a.W, H: a.H}
	if err := m.check(); err != nil {
		return Widget{}, fmt.Errorf("pdf: %w", err)
	}
	if a.X+a.W > 1+1e-9 || a.Y+a.H > 1+1e-9 {
		return Widget{}, errors.New("pdf: a box that leaves the page")
	}
	p, err := u.d.Page(a.Page)
	if err != nil {
		return Widget{}, err
	}
	pw, ph := p.size()
	set := newFontSet(u)
	c := newCanvas(a.W*pw, a.H*ph, a.Fonts, set)
	if err := c.appearance(a); err != nil {
		return Widget{}, err
	}
	// The annotation's rectangle places the form: of the way to default user space only turning and scaling are left.
	form := p.display()
	form[4], form[5] = 0, 0
	w := Widget{Page: p, Rect: p.onPage(a.X*pw, (1-a.Y-a.H)*ph, a.W*pw, a.H*ph), Normal: c.form(form)}
	set.finish()
	return w, nil
}

// onPage takes a rectangle on the displayed page, from its bottom-left corner, to default user space.
func (p Page) onPage(x, y, w, h float64) Rect {
	m := p.display()
	at := func(x, y float64) (float64, float64) { return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5] }
	x0, y0 := at(x, y)
	x1, y1 := at(x+w, y+h)
	return Rect{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
}

// appearance draws a picture, text, or the one beside the other.
func (c *canvas) appearance(a Appearance) error {
	pad := min(2, c.w/20, c.h/20)
	f := frame{pad, pad, c.w - 2*pad, c.h - 2*pad}
	if len(a.PNG) > 0 {
		left := f
		if len(a.Lines) > 0 {
			left.w = min(f.h, f.w/3)
		}
		if err := c.picture(left, a.PNG, 0.5); err != nil {
			return err
		}
		f.x, f.w = f.x+left.w+2*pad, f.w-left.w-2*pad
	}
	if len(a.Lines) == 0 {
		return nil
	}
	return c.lines(f, a.Lines)
}

// lines draws lines at the largest size at which they fit, wrapped only where they would else become much smaller.
func (c *canvas) lines(f frame, lines []string) error {
	const leading = 1.2
	top := min(textSize*c.scale(), f.h/(leading*float64(len(lines))))
	size := top
	for _, l := range lines {
		gs, err := c.measure(regular, l)
		if err != nil {
			return err
		}
		size = min(size, f.w/max(width(gs, 1), 1e-6))
	}
	if size < top/2 {
		return c.paragraph(f, strings.Join(lines, "\n"))
	}
	y := f.y + (f.h-leading*size*float64(len(lines)))/2 + size
	for _, l := range lines {
		if err := c.text(regular, size, f.x, y, ink, l); err != nil {
			return err
		}
		y += leading * size
	}
	return nil
}

// dangles bounds how far behind the last object numbers are looked at that the document may refer to.
const dangles = 1 << 16

// AvoidDangling makes [Update.Alloc] go on behind every number that the document refers to without having such an object:
// what got one of them would appear where it was never meant to. It reads the whole document.
func (u *Update) AvoidDangling() (err error) {
	defer guard(&err)
	for _, n := range u.d.Numbers() {
		s, err := u.d.survey(n)
		if fatal(err) {
			return err
		}
		if err != nil {
			continue
		}
		for _, r := range s.refs {
			if r.Num >= u.next && r.Num < u.d.size+dangles {
				u.next = r.Num + 1
			}
		}
	}
	return nil
}
