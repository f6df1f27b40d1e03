package pdf

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"
)

// Kinds of a [Mark].
const (
	MarkText      = "text"      // Text in sans serif; line feeds break lines
	MarkSignature = "signature" // PNG if there is one, else Text in a serif italic; Caption small below it
	MarkCheck     = "check"     // a check mark
	MarkImage     = "image"     // PNG
)

// A Mark is something placed on a page. X, Y, W and H are fractions (0 to 1) of the page as displayed, from its top-left
// corner; Page counts from 1.
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
	Fonts  Fonts
	Limits Limits
}

// Place draws marks on the pages of raw and returns the incremental update to append to it: raw + appended is the new
// file. Marks stand upright on the page as displayed, whatever its rotation, crop box and user unit; text and pictures are
// made smaller where they would leave their box. Text is embedded with its fonts and can be extracted again.
//
// It fails with a [*MissingGlyphError] when a character cannot be drawn, an [*ImageError] when a PNG cannot be used, and a
// [*Refusal] when raw cannot be extended.
func Place(ctx context.Context, raw []byte, marks []Mark, opt PlaceOptions) (appended []byte, err error) {
	defer guard(&err)
	d, err := Open(raw, opt.Limits)
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

	set, over, tags := newFontSet(u), newOverlays(u), newTagger(u)
	for _, n := range numbers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := d.Page(n)
		if err != nil {
			return nil, err
		}
		w, h := p.size()
		c := newCanvas(w, h, opt.Fonts, set)
		c.tags, c.shownOn = tags, p.Ref
		top := &tag{kind: "Sect"}
		for _, m := range byPage[n] {
			if err := c.mark(m, top); err != nil {
				return nil, err
			}
		}
		if err := over.draw(p, placed{form: c.form(p.display())}); err != nil {
			return nil, err
		}
		tags.add(top)
	}
	if err := tags.finish(); err != nil {
		return nil, err
	}
	over.flush()
	set.finish()
	return u.Close()
}

func (m Mark) check() error {
	for _, v := range []float64{m.X, m.Y, m.W, m.H} {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return fmt.Errorf("a fraction of %g", v)
		}
	}
	if m.W == 0 || m.H == 0 {
		return fmt.Errorf("a box without area")
	}
	return nil
}

// frame is a rectangle on a canvas, in points from the top-left corner.
type frame struct{ x, y, w, h float64 }

func (c *canvas) frame(m Mark) frame {
	f := frame{m.X * c.w, m.Y * c.h, m.W * c.w, m.H * c.h}
	f.w, f.h = min(f.w, c.w-f.x), min(f.h, c.h-f.y)
	return f
}

// mark draws m; in a tagged file as an element below top.
func (c *canvas) mark(m Mark, top *tag) error {
	f := c.frame(m)
	switch m.Kind {
	case MarkText:
		return c.tagged(top, "P", says(m.Text), func() error { return c.paragraph(f, m.Text) })
	case MarkCheck:
		return c.tagged(top, "P", says("✓"), func() error { return c.check(f) })
	case MarkImage:
		return c.tagged(top, "Figure", alt("Picture"), func() error { return c.picture(f, m.PNG, 0.5) })
	case MarkSignature:
		return c.signature(f, m, top)
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
func (c *canvas) least() float64 { return leastText * min(1, min(c.w, c.h)/300) }

// Fits returns a [*TooLongError] when the text of m would be drawn too small to be read on a page of that size, and a
// [*MissingGlyphError] when it cannot be drawn.
func Fits(m Mark, page PageSize, fonts Fonts) error {
	c := newCanvas(page.Width, page.Height, fonts, nil)
	size, err := math.Inf(1), error(nil)
	switch f := c.frame(m); {
	case m.Kind == MarkText:
		var p fitted
		p, err = c.fitParagraph(f, m.Text)
		size = p.size
	case m.Kind == MarkSignature && len(m.PNG) == 0:
		_, size, err = c.fitTyped(c.aboveCaption(f, m), m.Text)
	}
	if err == nil && size < c.least()-1e-9 {
		return &TooLongError{size}
	}
	return err
}

// fitted is text as it fits a frame.
type fitted struct {
	lines []string
	size  float64
	line  []glyph // of a text that fits on one line
}

// fitParagraph finds the largest size at which text fits the frame, on one line if that is still readable.
func (c *canvas) fitParagraph(f frame, text string) (p fitted, err error) {
	top := min(textSize*c.scale(), f.h*0.8)
	if !strings.Contains(text, "\n") {
		gs, err := c.measure(regular, text)
		if err != nil {
			return p, err
		}
		if size := min(top, f.w/max(width(gs, 1), 1e-6)); size >= 0.7*top {
			return fitted{line: gs, size: size}, nil
		}
	}
	laid, err := c.lay(regular, text)
	if err != nil {
		return p, err
	}
	p.size = top
	p.lines = laid.wrap(p.size, f.w)
	for ; p.size > leastText && float64(len(p.lines))*p.size*1.2 > f.h; p.size -= 0.5 {
		p.lines = laid.wrap(p.size-0.5, f.w)
	}
	if high := float64(len(p.lines)) * p.size * 1.2; high > f.h {
		p.size *= f.h / high
	}
	return p, nil
}

func (c *canvas) paragraph(f frame, text string) error {
	p, err := c.fitParagraph(f, text)
	if err != nil {
		return err
	}
	size := p.size
	if p.line != nil {
		c.show(p.line, size, f.x, f.y+f.h/2+0.36*size, ink)
		return nil
	}
	y := f.y + (f.h-float64(len(p.lines))*size*1.2)/2 + size
	for _, l := range p.lines {
		if _, err := c.fit(regular, size, f.x, y, f.w, ink, l); err != nil {
			return err
		}
		y += size * 1.2
	}
	return nil
}

// check draws a check mark as text, so that it can be extracted.
func (c *canvas) check(f frame) error {
	gs, err := c.measure(bold, "✓")
	if err != nil {
		return err
	}
	size := min(f.h*1.05, f.w/width(gs, 1))
	c.show(gs, size, f.x+(f.w-width(gs, size))/2, f.y+f.h/2+0.36*size, ink)
	return nil
}

// signature draws a drawn or typed signature standing on the foot of its frame, with its caption below.
func (c *canvas) signature(f frame, m Mark, top *tag) error {
	whole := f
	size := c.captionSize(f)
	f = c.aboveCaption(f, m)
	if len(m.PNG) > 0 {
		shown := "Signature"
		if m.Text != "" {
			shown += ": " + m.Text
		}
		if err := c.tagged(top, "Figure", alt(shown), func() error { return c.picture(f, m.PNG, 0) }); err != nil {
			return err
		}
	} else if err := c.tagged(top, "P", says(m.Text), func() error { return c.typed(f, m.Text) }); err != nil {
		return err
	}
	if m.Caption == "" {
		return nil
	}
	return c.tagged(top, "P", says(m.Caption), func() error {
		_, err := c.fit(regular, size, whole.x, whole.y+whole.h-0.25*size, whole.w, gray, m.Caption)
		return err
	})
}

func (c *canvas) captionSize(f frame) float64 { return min(captionSize*c.scale(), f.h*0.22) }

// aboveCaption is the room that the caption of a signature leaves.
func (c *canvas) aboveCaption(f frame, m Mark) frame {
	if m.Caption != "" {
		f.h -= 1.25 * c.captionSize(f)
	}
	return f
}

func (c *canvas) fitTyped(f frame, text string) (gs []glyph, size float64, err error) {
	gs, err = c.measure(italic, text)
	if err == nil && len(gs) == 0 {
		err = fmt.Errorf("pdf: a signature without text or picture")
	}
	if err != nil {
		return nil, 0, err
	}
	return gs, min(f.h*0.72, signatureSize*c.scale(), f.w/width(gs, 1)), nil
}

func (c *canvas) typed(f frame, text string) error {
	gs, size, err := c.fitTyped(f, text)
	if err != nil {
		return err
	}
	c.show(gs, size, f.x, f.y+f.h-0.26*size, blueInk)
	return nil
}

// picture draws a PNG at the foot of the frame, as large as fits, moved to the right by a share of the room left.
func (c *canvas) picture(f frame, png []byte, right float64) error {
	im, err := decodePNG(png)
	if err != nil {
		return err
	}
	scale := min(f.w/float64(im.w), f.h/float64(im.h))
	w, h := float64(im.w)*scale, float64(im.h)*scale
	c.image(im.add(c.set.u), f.x+(f.w-w)*right, f.y+f.h-h-(f.h-h)*right, w, h)
	return nil
}
