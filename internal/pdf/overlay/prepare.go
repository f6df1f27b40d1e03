package overlay

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
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
	Fonts         font.Fonts
	Limits        pdf.Limits
}

// Prepare adds the legend and the signature pages by one incremental update and returns the new file, of which raw is a
// prefix, with the blocks in the order of the signatories, for each the signature and then the date. With nothing to
// add it returns raw itself, if it could be extended.
//
// It fails with a [*pdf.Refusal] when raw cannot be read or extended, with a [*font.MissingGlyphError] when the legend,
// a role or a name cannot be drawn, and with a [*TooLongError] when a role and name are too long for a block.
func Prepare(ctx context.Context, raw []byte, p Preparation) (out []byte, blocks []Block, err error) {
	defer pdf.Guard(&err)
	d, err := pdf.Open(raw, p.Limits)
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
	pr := preparer{Preparation: p, u: u, set: font.NewSet(u), over: NewOverlays(u)}
	if p.Legend != "" {
		if err := pr.legends(ctx, pages); err != nil {
			return nil, nil, err
		}
	}
	if err := pr.signaturePages(pages); err != nil {
		return nil, nil, err
	}
	pr.over.Flush()
	pr.set.Finish()
	appended, err := u.Close()
	if err != nil {
		return nil, nil, err
	}
	out = make([]byte, 0, len(raw)+len(appended))
	return append(append(out, raw...), appended...), pr.blocks, nil
}

type preparer struct {
	Preparation
	u      *pdf.Update
	set    *font.Set
	over   *Overlays
	blocks []Block
}

func (p *preparer) legends(ctx context.Context, pages []pdf.Page) error {
	forms := map[contentstream.Geometry]pdf.Ref{}
	for _, page := range pages {
		if err := ctx.Err(); err != nil {
			return err
		}
		form, ok := forms[contentstream.GeometryOf(page)]
		if !ok {
			w, h := contentstream.Size(page)
			c := canvas.New(w, h, p.Fonts, p.set)
			c.Decoration = true
			if err := legend(c, p.Legend); err != nil {
				return err
			}
			form = c.Form(contentstream.Display(page))
			forms[contentstream.GeometryOf(page)] = form
		}
		if err := p.over.draw(page, Placed{Form: form}); err != nil {
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
func legend(c *canvas.Canvas, text string) error {
	most := c.Width * 0.92
	gs, err := c.Measure(font.Regular, text)
	if err != nil {
		return err
	}
	lines, size, pad := []string{text}, legendSize*c.Scale(), 2.0
	if w := font.Width(gs, size); w > most {
		if size *= most / w; size < legendLeast {
			for size = legendLeast; ; size *= 0.9 {
				if lines, err = c.Wrap(font.Regular, size, most, text); err != nil {
					return err
				}
				if len(lines) == 1 || float64(len(lines))*size*1.2 <= c.Height*legendShare {
					break
				}
				pad = 0
			}
		}
	}
	y := c.Height - min(6*c.Scale(), c.Height*0.02) - float64(len(lines)-1)*size*1.2
	for _, l := range lines {
		gs, err := c.Measure(font.Regular, l)
		if err != nil {
			return err
		}
		w := font.Width(gs, size)
		x := (c.Width - w) / 2
		c.Alpha(0.8)
		c.Rect(x-pad, y-size, w+2*pad, size*1.3, canvas.White)
		c.Alpha(1)
		c.Show(gs, size, x, y, canvas.Gray)
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

// signaturePages appends as many pages as the signatories need, of the size of the first page where that is a usual
// one.
func (p *preparer) signaturePages(pages []pdf.Page) error {
	if len(p.SignaturePage) == 0 {
		return nil
	}
	w, h := contentstream.Size(pages[0])
	if w < 380 || h < 380 || w > 1300 || h > 1300 {
		w, h = pdf.Letter().Width(), pdf.Letter().Height()
	}
	each := max(1, int((h-blockTop-50)/blockHeight))
	total := (len(p.SignaturePage) + each - 1) / each
	tags := canvas.NewTagger(p.u)
	for n := range total {
		page := len(pages) + n + 1
		c := canvas.New(w, h, p.Fonts, p.set)
		c.Tags = tags
		top := &canvas.Tag{Kind: "Sect"}
		title := "Signatures"
		if total > 1 {
			title = fmt.Sprintf("Signatures (%d of %d)", n+1, total)
		}
		if err := c.Tagged(top, "H2", canvas.Says(title), func() error {
			return c.Text(font.Bold, 15, blockMargin, 62, canvas.Ink, title)
		}); err != nil {
			return err
		}
		c.Line(blockMargin, 72, w-blockMargin, 72, 0.8, canvas.Ink)
		for i, s := range p.SignaturePage[n*each : min((n+1)*each, len(p.SignaturePage))] {
			blocks, err := block(c, s, blockTop+float64(i)*blockHeight, page, top)
			if err != nil {
				return err
			}
			p.blocks = append(p.blocks, blocks...)
		}
		if p.Legend != "" {
			if err := legend(c, p.Legend); err != nil {
				return err
			}
		}
		if err := c.AppendPage(p.u); err != nil {
			return err
		}
		tags.Add(top)
	}
	return tags.Finish()
}

// The head of a block, in points.
const (
	headSize  = 10.0
	headLeast = 7.0  // below this it is rather written on several lines
	headWrap  = 6.5  // their size at most
	headRoom  = 40.0 // that a block leaves for them
)

// blockHead writes role and name and returns where the room below them begins.
func blockHead(c *canvas.Canvas, head string, y, room float64) (top float64, err error) {
	gs, err := c.Measure(font.Bold, head)
	if err != nil {
		return 0, err
	}
	size := min(headSize, room/max(font.Width(gs, 1), 1e-6))
	if size >= headLeast {
		c.Show(gs, size, blockMargin, y, canvas.Ink)
		return y + size*0.6, nil
	}
	var lines []string
	for size = headWrap; ; size -= 0.5 {
		if size < leastText {
			return 0, &TooLongError{size}
		}
		if lines, err = c.Wrap(font.Bold, size, room, head); err != nil {
			return 0, err
		}
		if float64(len(lines))*size*1.2 <= headRoom {
			break
		}
	}
	for _, l := range lines {
		if _, err := c.Fit(font.Bold, size, blockMargin, y, room, canvas.Ink, l); err != nil {
			return 0, err
		}
		y += size * 1.2
	}
	return y - size*0.6, nil
}

// block draws role and name, a line to sign on and a line for the date.
func block(c *canvas.Canvas, s Signatory, y float64, page int, sect *canvas.Tag) ([]Block, error) {
	room := c.Width - 2*blockMargin
	sign := room * signWidth
	dateX, dateW := blockMargin+sign+24, room-sign-24
	head := s.Role
	if s.Name != "" && head != "" {
		head += ": "
	}
	top := 0.0
	if err := c.Tagged(sect, "H3", canvas.Says(head+s.Name), func() (err error) {
		top, err = blockHead(c, head+s.Name, y, room)
		return err
	}); err != nil {
		return nil, err
	}
	foot := top + lineHeight + 4
	c.Line(blockMargin, foot, blockMargin+sign, foot, 0.6, canvas.Ink)
	c.Line(dateX, foot, dateX+dateW, foot, 0.6, canvas.Ink)
	for _, l := range []struct {
		x    float64
		text string
	}{{blockMargin, "Signature"}, {dateX, "Date"}} {
		if err := c.Tagged(sect, "P", canvas.Says(l.text), func() error {
			return c.Text(font.Regular, 7, l.x, foot+9, canvas.Gray, l.text)
		}); err != nil {
			return nil, err
		}
	}
	at := func(kind string, x, w float64) Block {
		return Block{
			Role: s.Role, Kind: kind, Page: page, X: x / c.Width, Y: (foot - lineHeight - 1) / c.Height, W: w / c.Width,
			H: lineHeight / c.Height,
		}
	}
	return []Block{at("signature", blockMargin, sign), at("date", dateX, dateW)}, nil
}
