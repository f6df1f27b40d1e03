package overlay

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// Kinds of a [Mark].
const (
	MarkText      = "text"      // Text in sans serif; line feeds break lines
	MarkSignature = "signature" // PNG if there is one, else Text in a serif italic; Caption small below it
	MarkCheck     = "check"     // a check mark
	MarkImage     = "image"     // PNG
)

// A Mark is something placed on a page. X, Y, W and H are fractions (0 to 1) of the page as displayed, from its
// top-left corner; Page counts from 1.
type Mark struct {
	Page       int
	X, Y, W, H float64
	Kind       string // one of the Mark constants
	Text       string
	PNG        []byte // at most 1 MiB and 4 megapixels; transparency is kept
	Caption    string // of a signature, such as "Signed by Jane Doe, 2026-11-23 10:00 UTC"
}

// PlaceOptions of [Place].
type PlaceOptions struct {
	Fonts  font.Fonts
	Limits pdf.Limits
}

// Place draws marks on the pages of raw and returns the incremental update to append to it: raw + appended is the new
// file. Marks stand upright on the page as displayed, whatever its rotation, crop box and user unit; text and pictures
// are made smaller where they would leave their box. Text is embedded with its fonts and can be extracted again.
//
// It fails with a [*font.MissingGlyphError] when a character cannot be drawn, an [*ImageError] when a PNG cannot be
// used, and a [*pdf.Refusal] when raw cannot be extended.
func Place(ctx context.Context, raw []byte, marks []Mark, opt PlaceOptions) (appended []byte, err error) {
	defer pdf.Guard(&err)
	d, err := pdf.Open(raw, opt.Limits)
	if err != nil {
		return nil, err
	}
	u, err := d.Update()
	if err != nil {
		return nil, err
	}
	byPage := map[int][]Mark{}
	for i, m := range marks {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("pdf: mark %d: %w", i+1, err)
		}
		byPage[m.Page] = append(byPage[m.Page], m)
	}
	numbers := make([]int, 0, len(byPage))
	for n := range byPage {
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)

	set, over, tags := font.NewSet(u), NewOverlays(u), canvas.NewTagger(u)
	for _, n := range numbers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := d.Page(n)
		if err != nil {
			return nil, err
		}
		w, h := contentstream.Size(p)
		c := canvas.New(w, h, opt.Fonts, set)
		c.Tags, c.ShownOn = tags, p.Ref
		top := &canvas.Tag{Kind: "Sect"}
		for _, m := range byPage[n] {
			if err := mark(c, m, top); err != nil {
				return nil, err
			}
		}
		if err := over.draw(p, Placed{Form: c.Form(contentstream.Display(p))}); err != nil {
			return nil, err
		}
		tags.Add(top)
	}
	if err := tags.Finish(); err != nil {
		return nil, err
	}
	over.Flush()
	set.Finish()
	return u.Close()
}

func (m Mark) check() error {
	for _, v := range []float64{m.X, m.Y, m.W, m.H} {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return fmt.Errorf("a fraction of %g", v)
		}
	}
	if m.W == 0 || m.H == 0 {
		return fmt.Errorf("the box has no area")
	}
	return nil
}

// Frame is a rectangle on a canvas, in points from the top-left corner.
type Frame struct{ X, Y, W, H float64 }

func frame(c *canvas.Canvas, m Mark) Frame {
	f := Frame{m.X * c.Width, m.Y * c.Height, m.W * c.Width, m.H * c.Height}
	f.W, f.H = min(f.W, c.Width-f.X), min(f.H, c.Height-f.Y)
	return f
}

// mark draws m; in a tagged file as an element below top.
func mark(c *canvas.Canvas, m Mark, top *canvas.Tag) error {
	f := frame(c, m)
	switch m.Kind {
	case MarkText:
		return c.Tagged(top, "P", canvas.Says(m.Text), func() error { return Paragraph(c, f, m.Text) })
	case MarkCheck:
		return c.Tagged(top, "P", canvas.Says("✓"), func() error { return check(c, f) })
	case MarkImage:
		return c.Tagged(top, "Figure", canvas.Alt("Picture"), func() error { return picture(c, f, m.PNG, 0.5) })
	case MarkSignature:
		return signature(c, f, m, top)
	}
	return fmt.Errorf("pdf: unknown kind of mark %q", m.Kind)
}

// Sizes of lettering on a page of usual size, in points.
const (
	textSize    = 11.0 // the largest size of placed text
	leastText   = 5.0  // below this a line is rather made narrower than wrapped
	captionSize = 6.5

	signatureSize = 30.0
)

// A TooLongError says that text fits its box only at a size that is too small to be read.
type TooLongError struct{ Size float64 } // points at which it would fit

func (e *TooLongError) Error() string {
	return fmt.Sprintf("pdf: the text would be drawn at %.1f points", e.Size)
}

// least is the smallest size of placed text: 5 points, less on pages with a side under 300 points.
func least(c *canvas.Canvas) float64 { return leastText * min(1, min(c.Width, c.Height)/300) }

// Fits returns a [*TooLongError] when the text of m would be drawn too small to be read on a page of that size, and a
// [*font.MissingGlyphError] when it cannot be drawn.
func Fits(m Mark, page contentstream.PageSize, fonts font.Fonts) error {
	c := canvas.New(page.Width, page.Height, fonts, nil)
	size, err := math.Inf(1), error(nil)
	switch f := frame(c, m); {
	case m.Kind == MarkText:
		var p fitted
		p, err = fitParagraph(c, f, m.Text)
		size = p.size
	case m.Kind == MarkSignature && len(m.PNG) == 0:
		_, size, err = fitTyped(c, aboveCaption(c, f, m), m.Text)
	}
	if err == nil && size < least(c)-1e-9 {
		return &TooLongError{size}
	}
	return err
}

// fitted is text as it fits a frame.
type fitted struct {
	lines []string
	size  float64
	line  []font.Glyph // of a text that fits on one line
}

// fitParagraph finds the largest size at which text fits the frame, on one line if that is still readable.
func fitParagraph(c *canvas.Canvas, f Frame, text string) (p fitted, err error) {
	top := min(textSize*c.Scale(), f.H*0.8)
	if !strings.Contains(text, "\n") {
		gs, err := c.Measure(font.Regular, text)
		if err != nil {
			return p, err
		}
		if size := min(top, f.W/max(font.Width(gs, 1), 1e-6)); size >= 0.7*top {
			return fitted{line: gs, size: size}, nil
		}
	}
	laid, err := c.Lay(font.Regular, text)
	if err != nil {
		return p, err
	}
	p.size = top
	p.lines = laid.Wrap(p.size, f.W)
	for ; p.size > leastText && float64(len(p.lines))*p.size*1.2 > f.H; p.size -= 0.5 {
		p.lines = laid.Wrap(p.size-0.5, f.W)
	}
	if high := float64(len(p.lines)) * p.size * 1.2; high > f.H {
		p.size *= f.H / high
	}
	return p, nil
}

// Paragraph draws text into f, as large as it fits, and on several lines where it must.
func Paragraph(c *canvas.Canvas, f Frame, text string) error {
	p, err := fitParagraph(c, f, text)
	if err != nil {
		return err
	}
	size := p.size
	if p.line != nil {
		c.Show(p.line, size, f.X, f.Y+f.H/2+0.36*size, canvas.Ink)
		return nil
	}
	y := f.Y + (f.H-float64(len(p.lines))*size*1.2)/2 + size
	for _, l := range p.lines {
		if _, err := c.Fit(font.Regular, size, f.X, y, f.W, canvas.Ink, l); err != nil {
			return err
		}
		y += size * 1.2
	}
	return nil
}

// check draws a check mark as text, so that it can be extracted.
func check(c *canvas.Canvas, f Frame) error {
	gs, err := c.Measure(font.Bold, "✓")
	if err != nil {
		return err
	}
	size := min(f.H*1.05, f.W/font.Width(gs, 1))
	c.Show(gs, size, f.X+(f.W-font.Width(gs, size))/2, f.Y+f.H/2+0.36*size, canvas.Ink)
	return nil
}

// signature draws a drawn or typed signature standing on the foot of its frame, with its caption below.
func signature(c *canvas.Canvas, f Frame, m Mark, top *canvas.Tag) error {
	whole := f
	size := captionSizeOn(c, f)
	f = aboveCaption(c, f, m)
	if len(m.PNG) > 0 {
		shown := "Signature"
		if m.Text != "" {
			shown += ": " + m.Text
		}
		if err := c.Tagged(top, "Figure", canvas.Alt(shown), func() error { return picture(c, f, m.PNG, 0) }); err != nil {
			return err
		}
	} else if err := c.Tagged(top, "P", canvas.Says(m.Text), func() error { return typed(c, f, m.Text) }); err != nil {
		return err
	}
	if m.Caption == "" {
		return nil
	}
	return c.Tagged(top, "P", canvas.Says(m.Caption), func() error {
		_, err := c.Fit(font.Regular, size, whole.X, whole.Y+whole.H-0.25*size, whole.W, canvas.Gray, m.Caption)
		return err
	})
}

func captionSizeOn(c *canvas.Canvas, f Frame) float64 { return min(captionSize*c.Scale(), f.H*0.22) }

// aboveCaption is the room that the caption of a signature leaves.
func aboveCaption(c *canvas.Canvas, f Frame, m Mark) Frame {
	if m.Caption != "" {
		f.H -= 1.25 * captionSizeOn(c, f)
	}
	return f
}

func fitTyped(c *canvas.Canvas, f Frame, text string) (gs []font.Glyph, size float64, err error) {
	gs, err = c.Measure(font.Italic, text)
	if err == nil && len(gs) == 0 {
		err = fmt.Errorf("pdf: the signature has neither text nor picture")
	}
	if err != nil {
		return nil, 0, err
	}
	return gs, min(f.H*0.72, signatureSize*c.Scale(), f.W/font.Width(gs, 1)), nil
}

func typed(c *canvas.Canvas, f Frame, text string) error {
	gs, size, err := fitTyped(c, f, text)
	if err != nil {
		return err
	}
	c.Show(gs, size, f.X, f.Y+f.H-0.26*size, canvas.BlueInk)
	return nil
}

// picture draws a PNG at the foot of the frame, as large as fits, moved to the right by a share of the room left.
func picture(c *canvas.Canvas, f Frame, png []byte, right float64) error {
	im, err := decodePNG(png)
	if err != nil {
		return err
	}
	scale := min(f.W/float64(im.w), f.H/float64(im.h))
	w, h := float64(im.w)*scale, float64(im.h)*scale
	c.Image(im.add(c.Set.Update), f.X+(f.W-w)*right, f.Y+f.H-h-(f.H-h)*right, w, h)
	return nil
}
