package copymark

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/overlay"
)

// DefaultText is the line that every page of a marked copy bears.
const DefaultText = "Copy – not the authoritative copy"

// A Mark says what a marked copy says of itself.
type Mark struct {
	Text       string // default [DefaultText]
	EnvelopeID string
	CopyID     string
	Version    int
	SHA256     string // of the version that the copy is made from, hexadecimal
	At         time.Time
	Fonts      font.Fonts
	Limits     pdf.Limits
}

// line is the small print of the mark.
func (m Mark) line() string {
	parts := []string{}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	add("Envelope", m.EnvelopeID)
	add("copy", m.CopyID)
	if m.Version > 0 {
		add("version", fmt.Sprint(m.Version))
	}
	add("SHA-256 of the version", m.SHA256)
	if !m.At.IsZero() {
		add("made", m.At.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, " · ")
}

// MarkCopy writes a copy of raw that says on every page, as text that can be extracted, and in its metadata, that it is
// one. Nothing in it is signed and nothing acts: what signatures, form fields and annotations look like becomes page
// content; signatures, their validation data, permissions, form, scripts, actions (but jumps within the file),
// attachments, private data and old metadata are left out. Objects that cannot be reached are gone, numbers, order and
// /ID are new, so no run of bytes gives the original back; streams of page content, fonts and images are copied as they
// are.
//
// A file that is encrypted but opens without a password is copied unencrypted. A [*pdf.Refusal] means that no copy can
// be made.
func MarkCopy(ctx context.Context, raw []byte, m Mark) (out []byte, err error) {
	d, err := pdf.Read(raw, m.Limits)
	if err != nil {
		return nil, err
	}
	return MarkCopyOf(ctx, d, m)
}

// MarkCopyOf is [MarkCopy] of a file that [pdf.Read] has parsed; m.Limits is not asked.
func MarkCopyOf(ctx context.Context, d *pdf.Document, m Mark) (out []byte, err error) {
	defer pdf.Guard(&err)
	d.Renew()
	if m.Text == "" {
		m.Text = DefaultText
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	u := d.Scratch()
	c := copier{
		Mark: m, u: u, set: font.NewSet(u), over: overlay.NewOverlays(u), marks: map[contentstream.Geometry]pdf.Ref{},
	}
	c.over.Lenient = true
	if c.flat, err = newFlattener(u, c.set, m.Fonts); err != nil {
		return nil, err
	}
	tree := u.Alloc()
	kids := make(pdf.Array, len(pages))
	for i, p := range pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.page(p, tree); err != nil {
			return nil, err
		}
		kids[i] = p.Ref
	}
	c.over.Flush()
	c.set.Finish()
	u.Put(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Count": int64(len(pages)), "Kids": kids})
	root, err := c.catalog(tree)
	if err != nil {
		return nil, err
	}
	strip := stripper{d: d, metadata: c.metadata}
	w := pdf.Rewriter{Update: u, Lenient: true, Named: m.SHA256 != "", Drop: strip.drop, Without: strip.without}
	return w.Write(root, c.info(), d.Version())
}

type copier struct {
	Mark
	u     *pdf.Update
	set   *font.Set
	over  *overlay.Overlays
	flat  *flattener
	marks map[contentstream.Geometry]pdf.Ref

	metadata pdf.Ref
	across   pdf.Ref // the line across the pages
}

// page puts the page's clean dictionary in the place of the old one and draws annotations and mark over it.
func (c *copier) page(p pdf.Page, tree pdf.Ref) error {
	forms, stay, err := c.flat.page(p)
	if err != nil {
		return err
	}
	seen := p.CropBox
	if room := contentstream.AtLeast(p, leastWidth, leastHeight); room != seen {
		p.MediaBox, p.CropBox = room, room
	}
	dict := pick(p.Dict, pageKeys)
	dict["Type"], dict["Parent"], dict["Contents"] = pdf.Name("Page"), tree, p.Dict["Contents"]
	dict["MediaBox"], dict["CropBox"], dict["Rotate"] = p.MediaBox.Array(), p.CropBox.Array(), int64(p.Rotate)
	if len(stay) > 0 {
		dict["Annots"] = stay
	}
	c.u.Put(p.Ref, dict)
	mark, ok := c.marks[contentstream.GeometryOf(p)]
	if !ok {
		if mark, err = c.mark(p); err != nil {
			return err
		}
		c.marks[contentstream.GeometryOf(p)] = mark
	}
	visible := forms[:0]
	for _, f := range forms {
		if f.Form != (pdf.Ref{}) {
			visible = append(visible, f)
		}
	}
	return c.over.DrawWithin(p, seen, append(visible, overlay.Placed{Form: mark})...)
}

// The mark, in points.
const (
	markHead  = 9.0
	markSmall = 6.0
	markLeast = 4.0 // small print is rather broken into lines than made smaller
	// A page as displayed on which the mark can be read. One that is smaller gets a margin.
	leastWidth, leastHeight = 160.0, 80.0
)

// mark draws a faint line across the page, as shapes, and a clear one at its head over the small print, as text.
func (c *copier) mark(p pdf.Page) (pdf.Ref, error) {
	w, h := contentstream.Size(p)
	cv := canvas.New(w, h, c.Fonts, c.set)
	cv.Lenient, cv.Decoration = true, true
	head, err := cv.Measure(font.Bold, c.Text)
	if err != nil {
		return pdf.Ref{}, err
	}
	if c.across == (pdf.Ref{}) {
		if c.across, err = canvas.Outlines(c.u, head, canvas.Gray); err != nil {
			return pdf.Ref{}, err
		}
	}
	diagonal(cv, c.across, font.Width(head, 1))

	room := 0.94 * w
	headSize := min(markHead*cv.Scale(), room/max(font.Width(head, 1), 1))
	lines, size, err := smallPrint(cv, c.line(), room)
	if err != nil {
		return pdf.Ref{}, err
	}
	wide := font.Width(head, headSize)
	for _, l := range lines {
		wide = max(wide, font.Width(l, size))
	}
	cv.Alpha(0.8)
	cv.Rect((w-wide)/2-4, 3, wide+8, headSize+4+1.25*size*float64(len(lines)), canvas.White)
	cv.Alpha(1)
	y := 4 + headSize
	cv.Show(head, headSize, (w-font.Width(head, headSize))/2, y, canvas.Warning)
	for _, l := range lines {
		y += 1.25 * size
		cv.Show(l, size, (w-font.Width(l, size))/2, y, canvas.Gray)
	}
	return cv.Form(contentstream.Display(p)), nil
}

// diagonal draws shapes that are wide ems long from the lower left to the upper right.
func diagonal(c *canvas.Canvas, shapes pdf.Ref, wide float64) {
	length := math.Hypot(c.Width, c.Height)
	size := min(0.8*length/max(wide, 1), 0.16*min(c.Width, c.Height))
	sin, cos := c.Height/length, c.Width/length
	half := wide * size / 2
	c.Xobjects["Across"] = shapes
	c.Op("q")
	c.Alpha(0.1)
	s := size / 100
	c.Op("cm", s*cos, s*sin, -s*sin, s*cos, c.Width/2-half*cos+size/3*sin, c.Height/2-half*sin-size/3*cos)
	c.Content = append(c.Content, "/Across Do\n"...)
	c.Op("Q")
}

// smallPrint breaks text into centered lines of a readable size.
func smallPrint(c *canvas.Canvas, text string, room float64) (lines [][]font.Glyph, size float64, err error) {
	gs, err := c.Measure(font.Regular, text)
	if err != nil {
		return nil, 0, err
	}
	if size = min(markSmall*c.Scale(), room/max(font.Width(gs, 1), 1)); size >= markLeast {
		return [][]font.Glyph{gs}, size, nil
	}
	size = markLeast
	parts, err := c.Wrap(font.Regular, size, room, text)
	if err != nil {
		return nil, 0, err
	}
	for _, part := range parts {
		if gs, err = c.Measure(font.Regular, part); err != nil {
			return nil, 0, err
		}
		lines = append(lines, gs)
	}
	return lines, size, nil
}

func (c *copier) catalog(tree pdf.Ref) (pdf.Ref, error) {
	old, err := c.u.Document().Catalog()
	if err != nil {
		return pdf.Ref{}, err
	}
	dict := pick(old, catalogKeys)
	dict["Type"], dict["Pages"] = pdf.Name("Catalog"), tree
	if names, err := c.u.Document().Dict(old["Names"]); err == nil && names["Dests"] != nil {
		dict["Names"] = pdf.Dict{"Dests": names["Dests"]}
	}
	c.metadata = c.u.Add(
		&pdf.Stream{Dict: pdf.Dict{"Type": pdf.Name("Metadata"), "Subtype": pdf.Name("XML")}, Raw: c.xmp()},
	)
	dict["Metadata"] = c.metadata
	return c.u.Add(dict), nil
}

func (c *copier) title() string {
	info, err := c.u.Document().Dict(c.u.Document().Trailer()["Info"])
	if err != nil {
		return c.Text
	}
	if t, err := c.u.Document().Resolve(info["Title"]); err == nil {
		if s, ok := t.(pdf.String); ok && s.Text() != "" {
			return c.Text + ": " + s.Text()
		}
	}
	return c.Text
}

func (c *copier) info() pdf.Ref {
	at := pdf.String(c.At.UTC().Format("D:20060102150405Z"))
	return c.u.Add(pdf.Dict{
		"Title": pdf.TextString(c.title()), "Subject": pdf.TextString(c.Text), "Keywords": pdf.TextString(c.line()),
		"Producer": pdf.TextString("evault"), "CreationDate": at, "ModDate": at,
	})
}

// xmp is the same in XMP (ISO 16684-1).
func (c *copier) xmp() []byte {
	esc := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
		return b.String()
	}
	at := c.At.UTC().Format(time.RFC3339)
	return []byte(`<?xpacket begin="` + "\uFEFF" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + esc(c.title()) + `</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">` + esc(c.Text) + `</rdf:li></rdf:Alt></dc:description>
<pdf:Keywords>` + esc(c.line()) + `</pdf:Keywords><pdf:Producer>evault</pdf:Producer>
<xmp:CreateDate>` + at + `</xmp:CreateDate><xmp:ModifyDate>` + at + `</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>
`)
}
