package pdf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Appearance is what a signature field shows. X, Y, W and H are fractions (0 to 1) of the page as displayed, from its
// top-left corner; Page counts from 1. A picture stands to the left of the text, above it where the box is high, or alone.
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
	w := Widget{Page: p, Rect: p.onPage(a.X*pw, (1-a.Y-a.H)*ph, a.W*pw, a.H*ph)}
	return w, u.draw(&w, a)
}

// WidgetOf draws a where a field stands, whatever the place that a names.
func (u *Update) WidgetOf(f SignatureField, a Appearance) (_ Widget, err error) {
	defer guard(&err)
	rect, ok := u.d.Rect(f.Dict["Rect"])
	if !ok {
		return Widget{}, errors.New("pdf: the field has no area")
	}
	pages, err := u.d.Pages()
	if err != nil {
		return Widget{}, err
	}
	for _, p := range pages {
		list, err := u.d.Array(p.Dict["Annots"])
		if err != nil {
			return Widget{}, err
		}
		if slices.Contains(list, Object(f.Ref)) {
			w := Widget{Page: p, Rect: rect}
			return w, u.draw(&w, a)
		}
	}
	return Widget{}, errors.New("pdf: the field is on no page")
}

// draw makes the appearance stream for the rectangle of w.
func (u *Update) draw(w *Widget, a Appearance) error {
	wide, high := w.Rect.Width()*w.Page.UserUnit, w.Rect.Height()*w.Page.UserUnit
	if w.Page.Rotate == 90 || w.Page.Rotate == 270 {
		wide, high = high, wide
	}
	set := newFontSet(u)
	c := newCanvas(wide, high, a.Fonts, set)
	if err := c.appearance(a); err != nil {
		return err
	}
	// The annotation's rectangle places the form: of the way to default user space only turning and scaling are left.
	form := w.Page.display()
	form[4], form[5] = 0, 0
	w.Normal = c.form(form)
	set.finish()
	return nil
}

// SignField puts a signature into an empty field that is there, and what it shows unless normal is zero.
func (u *Update) SignField(f SignatureField, sig, normal Ref, sigFlags int64) error {
	if _, err := u.Edit(f.Ref, func(d Dict) error {
		d["V"] = sig
		if normal != (Ref{}) {
			d["AP"] = Dict{"N": normal}
		}
		return nil
	}); err != nil {
		return err
	}
	return u.EditCatalog(func(c Dict) error {
		form, err := u.Edit(c["AcroForm"], func(f Dict) error { f["SigFlags"] = sigFlags; return nil })
		c["AcroForm"] = form
		return err
	})
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
		part := f
		switch {
		case len(a.Lines) == 0:
		case f.h > f.w:
			part.h = f.h / 3
			f.y, f.h = f.y+part.h+2*pad, f.h-part.h-2*pad
		default:
			part.w = min(f.h, f.w/3)
			f.x, f.w = f.x+part.w+2*pad, f.w-part.w-2*pad
		}
		if err := c.picture(part, a.PNG, 0.5); err != nil {
			return err
		}
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
