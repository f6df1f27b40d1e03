package pdf

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"time"
)

// DefaultCopyText is the line that every page of a marked copy bears.
const DefaultCopyText = "Copy – not the authoritative copy"

// A CopyMark says what a marked copy says of itself.
type CopyMark struct {
	Text       string // default [DefaultCopyText]
	EnvelopeID string
	CopyID     string
	Version    int
	SHA256     string // of the version that the copy is made from, hexadecimal
	At         time.Time
	Fonts      Fonts
	Limits     Limits
}

// line is the small print of the mark.
func (m CopyMark) line() string {
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
// attachments, private data and old metadata are left out. Objects that cannot be reached are gone, numbers, order and /ID
// are new, so no run of bytes gives the original back; streams of page content, fonts and images are copied as they are.
//
// A file that is encrypted but opens without a password is copied unencrypted. A [*Refusal] means that no copy can be made.
func MarkCopy(ctx context.Context, raw []byte, m CopyMark) (out []byte, err error) {
	d, err := Read(raw, m.Limits)
	if err != nil {
		return nil, err
	}
	return MarkCopyOf(ctx, d, m)
}

// MarkCopyOf is [MarkCopy] of a file that [Read] has parsed; m.Limits is not asked.
func MarkCopyOf(ctx context.Context, d *Document, m CopyMark) (out []byte, err error) {
	defer guard(&err)
	d.Renew()
	if m.Text == "" {
		m.Text = DefaultCopyText
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	u := d.Scratch()
	c := copier{CopyMark: m, u: u, set: newFontSet(u), over: newOverlays(u), marks: map[geometry]Ref{}}
	c.over.lenient = true
	if c.flat, err = newFlattener(u, c.set, m.Fonts); err != nil {
		return nil, err
	}
	tree := u.Alloc()
	kids := make(Array, len(pages))
	for i, p := range pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.page(p, tree); err != nil {
			return nil, err
		}
		kids[i] = p.Ref
	}
	c.over.flush()
	c.set.finish()
	u.Put(tree, Dict{"Type": Name("Pages"), "Count": int64(len(pages)), "Kids": kids})
	root, err := c.catalog(tree)
	if err != nil {
		return nil, err
	}
	strip := stripper{d: d, metadata: c.metadata}
	w := rewriter{u: u, lenient: true, named: m.SHA256 != "", drop: strip.drop, without: strip.without}
	return w.write(root, c.info(), d.Version())
}

type copier struct {
	CopyMark
	u     *Update
	set   *fontSet
	over  *overlays
	flat  *flattener
	marks map[geometry]Ref

	metadata Ref
	across   Ref // the line across the pages
}

// page puts the page's clean dictionary in the place of the old one and draws annotations and mark over it.
func (c *copier) page(p Page, tree Ref) error {
	forms, stay, err := c.flat.page(p)
	if err != nil {
		return err
	}
	seen := p.CropBox
	if room := p.atLeast(leastWidth, leastHeight); room != seen {
		p.MediaBox, p.CropBox = room, room
	}
	dict := pick(p.Dict, pageKeys)
	dict["Type"], dict["Parent"], dict["Contents"] = Name("Page"), tree, p.Dict["Contents"]
	dict["MediaBox"], dict["CropBox"], dict["Rotate"] = p.MediaBox.Array(), p.CropBox.Array(), int64(p.Rotate)
	if len(stay) > 0 {
		dict["Annots"] = stay
	}
	c.u.Put(p.Ref, dict)
	mark, ok := c.marks[p.geometry()]
	if !ok {
		if mark, err = c.mark(p); err != nil {
			return err
		}
		c.marks[p.geometry()] = mark
	}
	visible := forms[:0]
	for _, f := range forms {
		if f.form != (Ref{}) {
			visible = append(visible, f)
		}
	}
	return c.over.drawWithin(p, seen, append(visible, placed{form: mark})...)
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
func (c *copier) mark(p Page) (Ref, error) {
	w, h := p.size()
	cv := newCanvas(w, h, c.Fonts, c.set)
	cv.lenient, cv.decoration = true, true
	head, err := cv.measure(bold, c.Text)
	if err != nil {
		return Ref{}, err
	}
	if c.across == (Ref{}) {
		if c.across, err = outlines(c.u, head, gray); err != nil {
			return Ref{}, err
		}
	}
	cv.diagonal(c.across, width(head, 1))

	room := 0.94 * w
	headSize := min(markHead*cv.scale(), room/max(width(head, 1), 1))
	lines, size, err := cv.smallPrint(c.line(), room)
	if err != nil {
		return Ref{}, err
	}
	wide := width(head, headSize)
	for _, l := range lines {
		wide = max(wide, width(l, size))
	}
	cv.alpha(0.8)
	cv.rect((w-wide)/2-4, 3, wide+8, headSize+4+1.25*size*float64(len(lines)), white)
	cv.alpha(1)
	y := 4 + headSize
	cv.show(head, headSize, (w-width(head, headSize))/2, y, warning)
	for _, l := range lines {
		y += 1.25 * size
		cv.show(l, size, (w-width(l, size))/2, y, gray)
	}
	return cv.form(p.display()), nil
}

// diagonal draws shapes that are wide ems long from the lower left to the upper right.
func (c *canvas) diagonal(shapes Ref, wide float64) {
	length := math.Hypot(c.w, c.h)
	size := min(0.8*length/max(wide, 1), 0.16*min(c.w, c.h))
	sin, cos := c.h/length, c.w/length
	half := wide * size / 2
	c.xobjects["Across"] = shapes
	c.op("q")
	c.alpha(0.1)
	s := size / 100
	c.op("cm", s*cos, s*sin, -s*sin, s*cos, c.w/2-half*cos+size/3*sin, c.h/2-half*sin-size/3*cos)
	c.content = append(c.content, "/Across Do\n"...)
	c.op("Q")
}

// smallPrint breaks text into centered lines of a readable size.
func (c *canvas) smallPrint(text string, room float64) (lines [][]glyph, size float64, err error) {
	gs, err := c.measure(regular, text)
	if err != nil {
		return nil, 0, err
	}
	if size = min(markSmall*c.scale(), room/max(width(gs, 1), 1)); size >= markLeast {
		return [][]glyph{gs}, size, nil
	}
	size = markLeast
	parts, err := c.wrap(regular, size, room, text)
	if err != nil {
		return nil, 0, err
	}
	for _, part := range parts {
		if gs, err = c.measure(regular, part); err != nil {
			return nil, 0, err
		}
		lines = append(lines, gs)
	}
	return lines, size, nil
}

func (c *copier) catalog(tree Ref) (Ref, error) {
	old, err := c.u.d.Catalog()
	if err != nil {
		return Ref{}, err
	}
	dict := pick(old, catalogKeys)
	dict["Type"], dict["Pages"] = Name("Catalog"), tree
	if names, err := c.u.d.Dict(old["Names"]); err == nil && names["Dests"] != nil {
		dict["Names"] = Dict{"Dests": names["Dests"]}
	}
	c.metadata = c.u.Add(&Stream{Dict: Dict{"Type": Name("Metadata"), "Subtype": Name("XML")}, Raw: c.xmp()})
	dict["Metadata"] = c.metadata
	return c.u.Add(dict), nil
}

func (c *copier) title() string {
	info, err := c.u.d.Dict(c.u.d.trailer["Info"])
	if err != nil {
		return c.Text
	}
	if t, err := c.u.d.Resolve(info["Title"]); err == nil {
		if s, ok := t.(String); ok && s.Text() != "" {
			return c.Text + ": " + s.Text()
		}
	}
	return c.Text
}

func (c *copier) info() Ref {
	at := String(c.At.UTC().Format("D:20060102150405Z"))
	return c.u.Add(Dict{
		"Title": TextString(c.title()), "Subject": TextString(c.Text), "Keywords": TextString(c.line()),
		"Producer": TextString("evault"), "CreationDate": at, "ModDate": at,
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
