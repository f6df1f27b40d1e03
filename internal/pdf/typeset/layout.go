package typeset

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/copymark"
)

// The page of a report, in points.
const (
	reportMargin = 54.0
	reportTop    = 84.0 // of pages after the first
	reportBottom = 60.0
	qrSize       = 84.0
	bodySize     = 9.0
	tableSize    = 8.0
	leading      = 1.35
	headLines    = 4 // of title and subtitle; the rest is cut off, visibly
)

// sheet lays a report out, page after page.
type sheet struct {
	Report
	ctx   context.Context
	set   *font.Set
	pages []*canvas.Canvas
	c     *canvas.Canvas // the current page
	y     float64        // where the next line's top is

	tags *canvas.Tagger // nil: nothing is tagged
	top  *canvas.Tag    // the whole report
	at   *canvas.Tag    // what is being written, in which elements come
	leaf *canvas.Tag    // the element whose text is being written; it goes on over pages
}

// group writes what belongs together below an element of its own.
func (s *sheet) group(kind pdf.Name, write func() error) error {
	outer := s.at
	s.at = outer.Below(kind)
	defer func() { s.at = outer }()
	return write()
}

// text writes text under an element of its own, which a new page does not end.
func (s *sheet) text(kind pdf.Name, write func() error) error {
	s.leaf = s.at.Below(kind)
	s.c.Enter(s.leaf)
	defer func() {
		s.c.Leave()
		s.leaf = nil
	}()
	return write()
}

func (r Report) layOut(
	ctx context.Context, set *font.Set, tags *canvas.Tagger, top *canvas.Tag,
) ([]*canvas.Canvas, error) {
	if r.Paper == (pdf.Rect{}) {
		r.Paper = pdf.Letter()
	}
	s := &sheet{Report: r, ctx: ctx, set: set, tags: tags, top: top, at: top}
	if err := s.newPage(); err != nil {
		return nil, err
	}
	for _, part := range []func() error{
		s.head, s.facts, s.sections, s.code, s.signers, s.tables, s.digests, s.events, s.notice, s.feet,
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return s.pages, nil
}

func (s *sheet) newPage() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.leaf != nil {
		s.c.Leave()
	}
	s.c = canvas.New(s.Paper.Width(), s.Paper.Height(), s.Fonts, s.set)
	s.c.Lenient, s.c.Tags = true, s.tags
	s.pages = append(s.pages, s.c)
	s.y = reportMargin
	if len(s.pages) > 1 {
		if _, err := s.c.Fit(font.Regular, 8, reportMargin, 52, s.width(), canvas.Gray, s.Title); err != nil {
			return err
		}
		s.c.Line(reportMargin, 60, s.c.Width-reportMargin, 60, 0.5, canvas.Pale)
		s.y = reportTop
	}
	if s.leaf != nil {
		s.c.Enter(s.leaf)
	}
	return nil
}

func (s *sheet) width() float64 { return s.Paper.Width() - 2*reportMargin }

// room breaks the page unless high points are left on it.
func (s *sheet) room(high float64) error {
	if s.y+high > s.c.Height-reportBottom {
		return s.newPage()
	}
	return nil
}

func (s *sheet) head() error {
	width := s.width()
	if s.VerifyURL != "" {
		x, y := s.c.Width-reportMargin-qrSize, reportMargin-14
		if err := s.c.Tagged(s.at, "Figure", canvas.Alt("QR code of "+s.VerifyURL), func() error {
			return s.qr(x, y)
		}); err != nil {
			return err
		}
		width -= qrSize + 20
	}
	s.y += 14
	for _, l := range []struct {
		kind pdf.Name
		st   font.Style
		size float64
		col  canvas.Color
		text string
	}{{"H1", font.Bold, 19, canvas.Ink, s.Title}, {"P", font.Regular, 9.5, canvas.Gray, s.Subtitle}} {
		if l.text == "" {
			continue
		}
		lines, err := s.c.Wrap(l.st, l.size, width, l.text)
		if err != nil {
			return err
		}
		if len(lines) > headLines {
			lines = append(lines[:headLines], "…")
		}
		if err := s.text(l.kind, func() error {
			for _, line := range lines {
				if err := s.c.Text(l.st, l.size, reportMargin, s.y, l.col, line); err != nil {
					return err
				}
				s.y += l.size * 1.3
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if s.VerifyURL != "" {
		s.y = max(s.y, reportMargin+qrSize+4)
	}
	s.c.Line(reportMargin, s.y, s.c.Width-reportMargin, s.y, 1.2, canvas.BlueInk)
	s.y += 18
	return nil
}

// qr draws the code of the verify address, and the address in words.
func (s *sheet) qr(x, y float64) error {
	if len(s.VerifyURL) > 1000 {
		return fmt.Errorf("pdf: a verify address of %d bytes", len(s.VerifyURL))
	}
	code, err := qr.Encode(s.VerifyURL, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("pdf: QR code: %w", err)
	}
	n := code.Bounds().Dx()
	cell := qrSize / float64(n)
	s.c.Fill(canvas.Ink)
	for row := range n {
		for from := 0; from < n; from++ {
			to := from
			for to < n {
				if r, _, _, _ := code.At(to, row).RGBA(); r != 0 {
					break
				}
				to++
			}
			if to > from {
				s.c.Op("re", x+float64(from)*cell, s.c.Height-y-float64(row+1)*cell, float64(to-from)*cell, cell)
				from = to
			}
		}
	}
	s.c.Op("f")
	_, err = s.c.Fit(font.Regular, 6, x, y+qrSize+8, qrSize, canvas.Gray, "Scan to verify")
	return err
}

func (s *sheet) heading(text string) error {
	if err := s.room(120); err != nil { // a heading is not left alone at the foot
		return err
	}
	s.y += 16
	err := s.text("H2", func() error { return s.c.Text(font.Bold, 11, reportMargin, s.y, canvas.BlueInk, text) })
	s.y += 8
	return err
}

const labelWidth = 132.0

func (s *sheet) facts() error {
	facts := s.Facts
	if s.VerifyURL != "" {
		facts = append(facts[:len(facts):len(facts)], Fact{"Verify at", s.VerifyURL})
	}
	return s.group("L", func() error {
		for _, f := range facts {
			if err := s.pair(f.Label, f.Value, font.Regular, bodySize); err != nil {
				return err
			}
		}
		return nil
	})
}

// pair writes a label and its value, wrapped beside it.
func (s *sheet) pair(label, value string, st font.Style, size float64) error {
	names, err := s.c.Wrap(font.Regular, 8.5, labelWidth-10, label)
	if err != nil {
		return err
	}
	values, err := s.c.Wrap(st, size, s.width()-labelWidth, value)
	if err != nil {
		return err
	}
	item := s.at.Below("LI")
	labels, body := item.Below("Lbl"), item.Below("LBody")
	canvas.Says(value)(body)
	column := func(t *canvas.Tag, st font.Style, size, x float64, col canvas.Color, text string) error {
		s.c.Enter(t)
		defer s.c.Leave()
		return s.c.Text(st, size, x, s.y-2, col, text)
	}
	for i := range max(len(names), len(values)) {
		if err := s.room(size * leading); err != nil {
			return err
		}
		s.y += size * leading
		if i < len(names) {
			if err := column(labels, font.Regular, 8.5, reportMargin, canvas.Gray, names[i]); err != nil {
				return err
			}
		}
		if i < len(values) {
			if err := column(body, st, size, reportMargin+labelWidth, canvas.Ink, values[i]); err != nil {
				return err
			}
		}
	}
	s.y += 2
	return nil
}

func (s *sheet) sections() error {
	for _, sec := range s.Sections {
		if sec.Heading != "" {
			if err := s.heading(sec.Heading); err != nil {
				return err
			}
		}
		for _, p := range sec.Paragraphs {
			if err := s.paragraph(p, bodySize+0.5, canvas.Ink); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sheet) paragraph(text string, size float64, col canvas.Color) error {
	laid, err := s.c.Lay(font.Regular, text)
	if err != nil {
		return err
	}
	lines := laid.Wrap(size, s.width())
	err = s.text("P", func() error {
		for _, l := range lines {
			if err := s.room(size * 1.45); err != nil {
				return err
			}
			s.y += size * 1.45
			if err := s.c.Text(font.Regular, size, reportMargin, s.y, col, l); err != nil {
				return err
			}
		}
		return nil
	})
	s.y += size * 0.6
	return err
}

func (s *sheet) code() error {
	if s.Code == "" {
		return nil
	}
	if err := s.room(70); err != nil {
		return err
	}
	s.y += 12
	s.c.Rect(reportMargin, s.y, s.width(), 46, canvas.Panel)
	err := s.text("P", func() error {
		_, err := s.c.Fit(font.Mono, 22, reportMargin+16, s.y+31, s.width()-32, canvas.Ink, s.Code)
		return err
	})
	s.y += 58
	return err
}

func (s *sheet) digests() error {
	if len(s.Digests) == 0 {
		return nil
	}
	if err := s.heading("Digests"); err != nil {
		return err
	}
	return s.group("L", func() error {
		for _, d := range s.Digests {
			if err := s.pair(d.Label, d.Hex, font.Mono, tableSize); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *sheet) notice() error {
	if s.Notice == "" {
		return nil
	}
	if err := s.room(40); err != nil {
		return err
	}
	s.y += 16
	s.c.Line(reportMargin, s.y, s.c.Width-reportMargin, s.y, 0.5, canvas.Pale)
	s.y += 4
	return s.paragraph(s.Notice, 7.5, canvas.Gray)
}

// feet writes the foot of each page, now that their number is known.
func (s *sheet) feet() error {
	for i, c := range s.pages {
		page := fmt.Sprintf("Page %d of %d", i+1, len(s.pages))
		gs, err := c.Measure(font.Regular, page)
		if err != nil {
			return err
		}
		y := c.Height - 34
		c.Line(reportMargin, y-11, c.Width-reportMargin, y-11, 0.5, canvas.Pale)
		c.Show(gs, 7.5, c.Width-reportMargin-font.Width(gs, 7.5), y, canvas.Gray)
		left := strings.TrimPrefix(s.Footer+" · "+copymark.RecordFooter, " · ")
		if !s.At.IsZero() {
			left += " · made " + utc(s.At)
		}
		if _, err := c.Fit(font.Regular, 7.5, reportMargin, y, s.width()-80, canvas.Gray, left); err != nil {
			return err
		}
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
