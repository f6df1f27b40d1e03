package pdf

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
)

// The page of a report: US Letter, in points.
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
	set   *fontSet
	pages []*canvas
	c     *canvas // the current page
	y     float64 // where the next line's top is

	tags *tagger // nil: nothing is tagged
	top  *tag    // the whole report
	at   *tag    // what is being written, in which elements come
	leaf *tag    // the element whose text is being written; it goes on over pages
}

// group writes what belongs together below an element of its own.
func (s *sheet) group(kind Name, write func() error) error {
	outer := s.at
	s.at = outer.below(kind)
	defer func() { s.at = outer }()
	return write()
}

// text writes text under an element of its own, which a new page does not end.
func (s *sheet) text(kind Name, write func() error) error {
	s.leaf = s.at.below(kind)
	s.c.enter(s.leaf)
	defer func() {
		s.c.leave()
		s.leaf = nil
	}()
	return write()
}

func (r Report) layOut(ctx context.Context, set *fontSet, tags *tagger, top *tag) ([]*canvas, error) {
	s := &sheet{Report: r, ctx: ctx, set: set, tags: tags, top: top, at: top}
	if err := s.newPage(); err != nil {
		return nil, err
	}
	for _, part := range []func() error{s.head, s.facts, s.sections, s.code, s.signers, s.tables, s.digests, s.events, s.notice, s.feet} {
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
		s.c.leave()
	}
	s.c = newCanvas(Letter().Width(), Letter().Height(), s.Fonts, s.set)
	s.c.lenient, s.c.tags = true, s.tags
	s.pages = append(s.pages, s.c)
	s.y = reportMargin
	if len(s.pages) > 1 {
		if _, err := s.c.fit(regular, 8, reportMargin, 52, s.width(), gray, s.Title); err != nil {
			return err
		}
		s.c.line(reportMargin, 60, s.c.w-reportMargin, 60, 0.5, pale)
		s.y = reportTop
	}
	if s.leaf != nil {
		s.c.enter(s.leaf)
	}
	return nil
}

func (s *sheet) width() float64 { return Letter().Width() - 2*reportMargin }

// room breaks the page unless high points are left on it.
func (s *sheet) room(high float64) error {
	if s.y+high > s.c.h-reportBottom {
		return s.newPage()
	}
	return nil
}

func (s *sheet) head() error {
	width := s.width()
	if s.VerifyURL != "" {
		x, y := s.c.w-reportMargin-qrSize, reportMargin-14
		if err := s.c.tagged(s.at, "Figure", alt("QR code of "+s.VerifyURL), func() error { return s.qr(x, y) }); err != nil {
			return err
		}
		width -= qrSize + 20
	}
	s.y += 14
	for _, l := range []struct {
		kind Name
		st   style
		size float64
		col  color
		text string
	}{{"H1", bold, 19, ink, s.Title}, {"P", regular, 9.5, gray, s.Subtitle}} {
		if l.text == "" {
			continue
		}
		lines, err := s.c.wrap(l.st, l.size, width, l.text)
		if err != nil {
			return err
		}
		if len(lines) > headLines {
			lines = append(lines[:headLines], "…")
		}
		if err := s.text(l.kind, func() error {
			for _, line := range lines {
				if err := s.c.text(l.st, l.size, reportMargin, s.y, l.col, line); err != nil {
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
	s.c.line(reportMargin, s.y, s.c.w-reportMargin, s.y, 1.2, blueInk)
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
	s.c.fill(ink)
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
				s.c.op("re", x+float64(from)*cell, s.c.h-y-float64(row+1)*cell, float64(to-from)*cell, cell)
				from = to
			}
		}
	}
	s.c.op("f")
	_, err = s.c.fit(regular, 6, x, y+qrSize+8, qrSize, gray, "Scan to verify")
	return err
}

func (s *sheet) heading(text string) error {
	if err := s.room(120); err != nil { // a heading is not left alone at the foot
		return err
	}
	s.y += 16
	err := s.text("H2", func() error { return s.c.text(bold, 11, reportMargin, s.y, blueInk, text) })
	s.y += 8
	return err
}

const labelWidth = 132.0

func (s *sheet) facts() error {
	facts := s.Facts
	if s.VerifyURL != "" {
		facts = append(facts[:len(facts):len(facts)], ReportFact{"Verify at", s.VerifyURL})
	}
	return s.group("L", func() error {
		for _, f := range facts {
			if err := s.pair(f.Label, f.Value, regular, bodySize); err != nil {
				return err
			}
		}
		return nil
	})
}

// pair writes a label and its value, wrapped beside it.
func (s *sheet) pair(label, value string, st style, size float64) error {
	names, err := s.c.wrap(regular, 8.5, labelWidth-10, label)
	if err != nil {
		return err
	}
	values, err := s.c.wrap(st, size, s.width()-labelWidth, value)
	if err != nil {
		return err
	}
	item := s.at.below("LI")
	labels, body := item.below("Lbl"), item.below("LBody")
	says(value)(body)
	column := func(t *tag, st style, size, x float64, col color, text string) error {
		s.c.enter(t)
		defer s.c.leave()
		return s.c.text(st, size, x, s.y-2, col, text)
	}
	for i := range max(len(names), len(values)) {
		if err := s.room(size * leading); err != nil {
			return err
		}
		s.y += size * leading
		if i < len(names) {
			if err := column(labels, regular, 8.5, reportMargin, gray, names[i]); err != nil {
				return err
			}
		}
		if i < len(values) {
			if err := column(body, st, size, reportMargin+labelWidth, ink, values[i]); err != nil {
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
			if err := s.paragraph(p, bodySize+0.5, ink); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sheet) paragraph(text string, size float64, col color) error {
	laid, err := s.c.lay(regular, text)
	if err != nil {
		return err
	}
	lines := laid.wrap(size, s.width())
	err = s.text("P", func() error {
		for _, l := range lines {
			if err := s.room(size * 1.45); err != nil {
				return err
			}
			s.y += size * 1.45
			if err := s.c.text(regular, size, reportMargin, s.y, col, l); err != nil {
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
	s.c.rect(reportMargin, s.y, s.width(), 46, panel)
	err := s.text("P", func() error {
		_, err := s.c.fit(mono, 22, reportMargin+16, s.y+31, s.width()-32, ink, s.Code)
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
			if err := s.pair(d.Label, d.Hex, mono, tableSize); err != nil {
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
	s.c.line(reportMargin, s.y, s.c.w-reportMargin, s.y, 0.5, pale)
	s.y += 4
	return s.paragraph(s.Notice, 7.5, gray)
}

// feet writes the foot of each page, now that their number is known.
func (s *sheet) feet() error {
	for i, c := range s.pages {
		page := fmt.Sprintf("Page %d of %d", i+1, len(s.pages))
		gs, err := c.measure(regular, page)
		if err != nil {
			return err
		}
		y := c.h - 34
		c.line(reportMargin, y-11, c.w-reportMargin, y-11, 0.5, pale)
		c.show(gs, 7.5, c.w-reportMargin-width(gs, 7.5), y, gray)
		left := strings.TrimPrefix(s.Footer+" · "+RecordFooter, " · ")
		if !s.At.IsZero() {
			left += " · made " + utc(s.At)
		}
		if _, err := c.fit(regular, 7.5, reportMargin, y, s.width()-80, gray, left); err != nil {
			return err
		}
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
