package pdf

import (
	"context"
	"fmt"
)

// A Block is where a signatory signs: X, Y, W and H are fractions of the page as displayed, from its top-left corner.
type Block struct {
	Role, Kind string // Kind is "signature" or "date"
	Page       int    // from 1
	X, Y, W, H float64
}

// A Signatory gets one signature block with a date line on the signature pages.
type Signatory struct{ Role, Name string }

// A Preparation says what is added to an original before anyone signs it.
type Preparation struct {
	Legend        string      // at the foot of each page; none if empty
	SignaturePage []Signatory // a block for each, on pages appended at the end; none if empty
	Fonts         Fonts
	Limits        Limits
}

// Prepare adds the legend and the signature pages by one incremental update and returns the new file, of which raw is a
// prefix, with the blocks in the order of the signatories, for each the signature and then the date. With nothing to add
// it returns raw itself, if it could be extended.
//
// It fails with a [*Refusal] when raw cannot be read or extended, with a [*MissingGlyphError] when the legend, a role or a
// name cannot be drawn, and with a [*TooLongError] when a role and name are too long for a block.
func Prepare(ctx context.Context, raw []byte, p Preparation) (out []byte, blocks []Block, err error) {
	defer guard(&err)
	d, err := Open(raw, p.Limits)
	if err != nil {
		return nil, nil, err
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, nil, err
	}
	u, err := d.Update()
	if err != nil {
		return nil, nil, err
	}
	if p.Legend == "" && len(p.SignaturePage) == 0 {
		return raw, nil, nil
	}
	pr := preparer{Preparation: p, u: u, set: newFontSet(u), over: newOverlays(u)}
	if p.Legend != "" {
		if err := pr.legends(ctx, pages); err != nil {
			return nil, nil, err
		}
	}
	if err := pr.signaturePages(pages); err != nil {
		return nil, nil, err
	}
	pr.over.flush()
	pr.set.finish()
	appended, err := u.Close()
	if err != nil {
		return nil, nil, err
	}
	out = make([]byte, 0, len(raw)+len(appended))
	return append(append(out, raw...), appended...), pr.blocks, nil
}

type preparer struct {
	Preparation
	u      *Update
	set    *fontSet
	over   *overlays
	blocks []Block
}

func (p *preparer) legends(ctx context.Context, pages []Page) error {
	forms := map[geometry]Ref{}
	for _, page := range pages {
		if err := ctx.Err(); err != nil {
			return err
		}
		form, ok := forms[page.geometry()]
		if !ok {
			w, h := page.size()
			c := newCanvas(w, h, p.Fonts, p.set)
			c.decoration = true
			if err := c.legend(p.Legend); err != nil {
				return err
			}
			form = c.form(page.display())
			forms[page.geometry()] = form
		}
		if err := p.over.draw(page, placed{form: form}); err != nil {
			return err
		}
	}
	return nil
}

const (
	legendSize  = 6.5
	legendLeast = 4.0  // on pages that have room for it
	legendShare = 0.08 // of the page's height at most
)

// legend writes a small line at the foot of the page, or more of them where the page is narrow. A faint white ground
// keeps it readable over what may stand there.
func (c *canvas) legend(text string) error {
	most := c.w * 0.92
	gs, err := c.measure(regular, text)
	if err != nil {
		return err
	}
	lines, size, pad := []string{text}, legendSize*c.scale(), 2.0
	if w := width(gs, size); w > most {
		if size *= most / w; size < legendLeast {
			for size = legendLeast; ; size *= 0.9 {
				if lines, err = c.wrap(regular, size, most, text); err != nil {
					return err
				}
				if len(lines) == 1 || float64(len(lines))*size*1.2 <= c.h*legendShare {
					break
				}
				pad = 0
			}
		}
	}
	y := c.h - min(6*c.scale(), c.h*0.02) - float64(len(lines)-1)*size*1.2
	for _, l := range lines {
		gs, err := c.measure(regular, l)
		if err != nil {
			return err
		}
		w := width(gs, size)
		x := (c.w - w) / 2
		c.alpha(0.8)
		c.rect(x-pad, y-size, w+2*pad, size*1.3, white)
		c.alpha(1)
		c.show(gs, size, x, y, gray)
		y += size * 1.2
	}
	return nil
}

// The signature page, in points.
const (
	blockMargin = 60.0
	blockTop    = 96.0
	blockHeight = 96.0
	signWidth   = 0.56 // of the room between the margins
	lineHeight  = 34.0
)

// signaturePages appends as many pages as the signatories need, of the size of the first page where that is a usual one.
func (p *preparer) signaturePages(pages []Page) error {
	if len(p.SignaturePage) == 0 {
		return nil
	}
	w, h := pages[0].size()
	if w < 380 || h < 380 || w > 1300 || h > 1300 {
		w, h = Letter().Width(), Letter().Height()
	}
	each := max(1, int((h-blockTop-50)/blockHeight))
	total := (len(p.SignaturePage) + each - 1) / each
	tags := newTagger(p.u)
	for n := range total {
		page := len(pages) + n + 1
		c := newCanvas(w, h, p.Fonts, p.set)
		c.tags = tags
		top := &tag{kind: "Sect"}
		title := "Signatures"
		if total > 1 {
			title = fmt.Sprintf("Signatures (%d of %d)", n+1, total)
		}
		if err := c.tagged(top, "H2", says(title), func() error { return c.text(bold, 15, blockMargin, 62, ink, title) }); err != nil {
			return err
		}
		c.line(blockMargin, 72, w-blockMargin, 72, 0.8, ink)
		for i, s := range p.SignaturePage[n*each : min((n+1)*each, len(p.SignaturePage))] {
			blocks, err := c.block(s, blockTop+float64(i)*blockHeight, page, top)
			if err != nil {
				return err
			}
			p.blocks = append(p.blocks, blocks...)
		}
		if p.Legend != "" {
			if err := c.legend(p.Legend); err != nil {
				return err
			}
		}
		if err := c.appendPage(p.u); err != nil {
			return err
		}
		tags.add(top)
	}
	return tags.finish()
}

// The head of a block, in points.
const (
	headSize  = 10.0
	headLeast = 7.0  // below this it is rather written on several lines
	headWrap  = 6.5  // their size at most
	headRoom  = 40.0 // that a block leaves for them
)

// blockHead writes role and name and returns where the room below them begins.
func (c *canvas) blockHead(head string, y, room float64) (top float64, err error) {
	gs, err := c.measure(bold, head)
	if err != nil {
		return 0, err
	}
	size := min(headSize, room/max(width(gs, 1), 1e-6))
	if size >= headLeast {
		c.show(gs, size, blockMargin, y, ink)
		return y + size*0.6, nil
	}
	var lines []string
	for size = headWrap; ; size -= 0.5 {
		if size < leastText {
			return 0, &TooLongError{size}
		}
		if lines, err = c.wrap(bold, size, room, head); err != nil {
			return 0, err
		}
		if float64(len(lines))*size*1.2 <= headRoom {
			break
		}
	}
	for _, l := range lines {
		if _, err := c.fit(bold, size, blockMargin, y, room, ink, l); err != nil {
			return 0, err
		}
		y += size * 1.2
	}
	return y - size*0.6, nil
}

// block draws role and name, a line to sign on and a line for the date.
func (c *canvas) block(s Signatory, y float64, page int, sect *tag) ([]Block, error) {
	room := c.w - 2*blockMargin
	sign := room * signWidth
	dateX, dateW := blockMargin+sign+24, room-sign-24
	head := s.Role
	if s.Name != "" && head != "" {
		head += ": "
	}
	top := 0.0
	if err := c.tagged(sect, "H3", says(head+s.Name), func() (err error) {
		top, err = c.blockHead(head+s.Name, y, room)
		return err
	}); err != nil {
		return nil, err
	}
	foot := top + lineHeight + 4
	c.line(blockMargin, foot, blockMargin+sign, foot, 0.6, ink)
	c.line(dateX, foot, dateX+dateW, foot, 0.6, ink)
	for _, l := range []struct {
		x    float64
		text string
	}{{blockMargin, "Signature"}, {dateX, "Date"}} {
		if err := c.tagged(sect, "P", says(l.text), func() error { return c.text(regular, 7, l.x, foot+9, gray, l.text) }); err != nil {
			return nil, err
		}
	}
	at := func(kind string, x, w float64) Block {
		return Block{Role: s.Role, Kind: kind, Page: page, X: x / c.w, Y: (foot - lineHeight - 1) / c.h, W: w / c.w, H: lineHeight / c.h}
	}
	return []Block{at("signature", blockMargin, sign), at("date", dateX, dateW)}, nil
}
