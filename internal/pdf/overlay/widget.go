package overlay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// An Appearance is what a signature field shows. X, Y, W and H are fractions (0 to 1) of the page as displayed, from
// its top-left corner; Page counts from 1. A picture stands to the left of the text, above it where the box is high, or
// alone.
type Appearance struct {
	Page       int
	X, Y, W, H float64
	Lines      []string
	PNG        []byte // at most 1 MiB and 4 megapixels; transparency is kept
	Fonts      font.Fonts
}

// A Widget is where an annotation stands, and what it shows.
type Widget struct {
	Page   pdf.Page
	Rect   pdf.Rect
	Normal pdf.Ref // the appearance stream; zero when it shows nothing
}

// NewWidget draws a for an annotation. It stands upright on the page as displayed, whatever its rotation, crop box and
// user unit (ISO 32000-2 §12.5.5). It fails with a [*font.MissingGlyphError] or an [*ImageError].
func NewWidget(u *pdf.Update, a Appearance) (_ Widget, err error) {
	defer pdf.Guard(&err)
	m := Mark{X: a.X, Y: a.Y, W: a.W, H: a.H}
	if err := m.check(); err != nil {
		return Widget{}, fmt.Errorf("pdf: %w", err)
	}
	if a.X+a.W > 1+1e-9 || a.Y+a.H > 1+1e-9 {
		return Widget{}, errors.New("pdf: the box is not inside the page")
	}
	p, err := u.Document().Page(a.Page)
	if err != nil {
		return Widget{}, err
	}
	pw, ph := contentstream.Size(p)
	w := Widget{Page: p, Rect: onPage(p, a.X*pw, (1-a.Y-a.H)*ph, a.W*pw, a.H*ph)}
	return w, drawAppearance(u, &w, a)
}

// WidgetOf draws a where a field stands, whatever the place that a names.
func WidgetOf(u *pdf.Update, f acroform.SignatureField, a Appearance) (_ Widget, err error) {
	defer pdf.Guard(&err)
	rect, ok := u.Document().Rect(f.Dict["Rect"])
	if !ok {
		return Widget{}, errors.New("pdf: the field has no area")
	}
	pages, err := u.Document().Pages()
	if err != nil {
		return Widget{}, err
	}
	for _, p := range pages {
		list, err := u.Document().Array(p.Dict["Annots"])
		if err != nil {
			return Widget{}, err
		}
		if slices.Contains(list, pdf.Object(f.Ref)) {
			w := Widget{Page: p, Rect: rect}
			return w, drawAppearance(u, &w, a)
		}
	}
	return Widget{}, errors.New("pdf: the field is not on a page")
}

// drawAppearance makes the appearance stream for the rectangle of w.
func drawAppearance(u *pdf.Update, w *Widget, a Appearance) error {
	wide, high := w.Rect.Width()*w.Page.UserUnit, w.Rect.Height()*w.Page.UserUnit
	if w.Page.Rotate == 90 || w.Page.Rotate == 270 {
		wide, high = high, wide
	}
	set := font.NewSet(u)
	c := canvas.New(wide, high, a.Fonts, set)
	if err := appearance(c, a); err != nil {
		return err
	}
	// The annotation's rectangle places the form: of the way to default user space only turning and scaling are left.
	form := contentstream.Display(w.Page)
	form[4], form[5] = 0, 0
	w.Normal = c.Form(form)
	set.Finish()
	return nil
}

// SignField puts a signature into an empty field that is there, and what it shows unless normal is zero.
func SignField(u *pdf.Update, f acroform.SignatureField, sig, normal pdf.Ref, sigFlags int64) error {
	if _, err := u.Edit(f.Ref, func(d pdf.Dict) error {
		d["V"] = sig
		if normal != (pdf.Ref{}) {
			d["AP"] = pdf.Dict{"N": normal}
		}
		return nil
	}); err != nil {
		return err
	}
	return u.EditCatalog(func(c pdf.Dict) error {
		form, err := u.Edit(c["AcroForm"], func(f pdf.Dict) error { f["SigFlags"] = sigFlags; return nil })
		c["AcroForm"] = form
		return err
	})
}

// onPage takes a rectangle on the displayed page, from its bottom-left corner, to default user space.
func onPage(p pdf.Page, x, y, w, h float64) pdf.Rect {
	m := contentstream.Display(p)
	at := func(x, y float64) (float64, float64) { return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5] }
	x0, y0 := at(x, y)
	x1, y1 := at(x+w, y+h)
	return pdf.NewRect(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
}

// appearance draws a picture, text, or the one beside the other.
func appearance(c *canvas.Canvas, a Appearance) error {
	pad := min(2, c.Width/20, c.Height/20)
	f := Frame{pad, pad, c.Width - 2*pad, c.Height - 2*pad}
	if len(a.PNG) > 0 {
		part := f
		switch {
		case len(a.Lines) == 0:
		case f.H > f.W:
			part.H = f.H / 3
			f.Y, f.H = f.Y+part.H+2*pad, f.H-part.H-2*pad
		default:
			part.W = min(f.H, f.W/3)
			f.X, f.W = f.X+part.W+2*pad, f.W-part.W-2*pad
		}
		if err := picture(c, part, a.PNG, 0.5); err != nil {
			return err
		}
	}
	if len(a.Lines) == 0 {
		return nil
	}
	return lines(c, f, a.Lines)
}

// lines draws lines at the largest size at which they fit, wrapped only where they would else become much smaller.
func lines(c *canvas.Canvas, f Frame, lines []string) error {
	const leading = 1.2
	top := min(textSize*c.Scale(), f.H/(leading*float64(len(lines))))
	size := top
	for _, l := range lines {
		gs, err := c.Measure(font.Regular, l)
		if err != nil {
			return err
		}
		size = min(size, f.W/max(font.Width(gs, 1), 1e-6))
	}
	if size < top/2 {
		return Paragraph(c, f, strings.Join(lines, "\n"))
	}
	y := f.Y + (f.H-leading*size*float64(len(lines)))/2 + size
	for _, l := range lines {
		if err := c.Text(font.Regular, size, f.X, y, canvas.Ink, l); err != nil {
			return err
		}
		y += leading * size
	}
	return nil
}
