package testpdf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Page is one page: its boxes and what is written on it.
type Page struct {
	Media    [4]float64 // zero = US Letter, 612 × 792 points
	Crop     [4]float64 // zero = none
	Rotate   int
	UserUnit float64 // zero = none
	Content  string  // content stream; the font /F1 is Helvetica, /F2 Helvetica-Bold
	Extra    string  // further entries of the page dictionary
	image    []byte  // gray samples, imageW wide
	imageW   int
}

// Simple is a file of pages with text on each, followed by its page number.
func Simple(pages int, text string) []byte { return Structured(Classic, pages, text) }

// Structured is Simple with the cross-reference structure s.
func Structured(s Structure, pages int, text string) []byte {
	return build(s, simplePages(pages, text), "", "")
}

// XRefStream, ObjectStream and Hybrid are Simple in the other cross-reference structures.
func XRefStream(pages int) []byte   { return Structured(XRefStreams, pages, "Cross-reference stream") }
func ObjectStream(pages int) []byte { return Structured(ObjectStreams, pages, "Object streams") }
func Hybrid(pages int) []byte       { return Structured(HybridRef, pages, "Hybrid-reference file") }

// Sized is a file of pages whose length is size bytes, give or take 2 %, where size is at least about 2 kB a
// page: each page carries text and an image that does not compress.
func Sized(pages, size int) []byte {
	pages = max(pages, 1)
	ps := simplePages(pages, "Scanned page")
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	per := (size-len(build(Classic, ps, "", "")))/pages - 330
	if per > 200 {
		for i := range ps {
			ps[i].imageW = 200
			ps[i].image = make([]byte, per/200*200)
			for j := 0; j+8 <= len(ps[i].image); j += 8 {
				v := rng.Uint64()
				for k := range 8 {
					ps[i].image[j+k] = 0xC0 | byte(v>>(8*k))
				}
			}
		}
	}
	return build(Classic, ps, "", "")
}

func simplePages(pages int, text string) []Page {
	ps := make([]Page, max(pages, 1))
	for i := range ps {
		var c strings.Builder
		line(&c, "F2", 18, 72, 700, text)
		line(&c, "F1", 11, 72, 670, fmt.Sprintf("Page %d of %d", i+1, len(ps)))
		ps[i].Content = c.String()
	}
	return ps
}

// Build is a file of the given pages.
func Build(s Structure, pages ...Page) []byte { return build(s, pages, "", "") }

// build writes pages; catalog and trailer are further entries, which may not refer to objects.
func build(s Structure, pages []Page, catalog, trailer string) []byte {
	b := &builder{}
	root := addPages(b, pages, catalog)
	b.trailer += trailer
	return b.bytes(root, s)
}

// infoStart is how the information dictionary begins.
const infoStart = "<</Title"

// addPages adds catalog (its number is returned, always 1), page tree (2), fonts (3, 4), Info (5) and pages.
func addPages(b *builder, pages []Page, catalog string) int {
	root, tree := b.reserve(), b.reserve()
	f1 := b.add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	f2 := b.add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>")
	info := b.add(infoStart + "(Test file)/Producer(testpdf)/CreationDate(D:20260101000000Z)>>")
	b.trailer += fmt.Sprintf("/Info %d 0 R", info)
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", addPage(b, &pages[i], tree, f1, f2))
	}
	b.set(tree, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), kids.String()))
	b.set(root, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R%s>>", tree, catalog))
	return root
}

func addPage(b *builder, p *Page, tree, f1, f2 int) int {
	if p.Media == ([4]float64{}) {
		p.Media = [4]float64{0, 0, 612, 792}
	}
	content := p.Content
	xobject := ""
	if len(p.image) > 0 {
		im := b.addStream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8",
			p.imageW, len(p.image)/p.imageW), p.image)
		xobject = fmt.Sprintf("/XObject<</Im %d 0 R>>", im)
		content = "q 468 0 0 560 72 72 cm /Im Do Q\n" + content
	}
	c := b.addFlate("", []byte(content))
	d := fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox%s/Resources<</Font<</F1 %d 0 R/F2 %d 0 R>>%s>>/Contents %d 0 R",
		tree, box(p.Media), f1, f2, xobject, c)
	if p.Crop != ([4]float64{}) {
		d += "/CropBox" + box(p.Crop)
	}
	if p.Rotate != 0 {
		d += fmt.Sprintf("/Rotate %d", p.Rotate)
	}
	if p.UserUnit != 0 {
		d += fmt.Sprintf("/UserUnit %g", p.UserUnit)
	}
	return b.add(d + p.Extra + ">>")
}

func box(r [4]float64) string { return fmt.Sprintf("[%g %g %g %g]", r[0], r[1], r[2], r[3]) }

func line(c *strings.Builder, font string, size, x, y float64, text string) {
	fmt.Fprintf(c, "BT /%s %g Tf %g %g Td (%s) Tj ET\n", font, size, x, y, escape(text))
}

// escape writes text in WinAnsi; a character outside Latin-1 becomes a question mark.
func escape(text string) string {
	var out bytes.Buffer
	for _, r := range text {
		switch {
		case r == '(' || r == ')' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < 0x80:
			out.WriteRune(r)
		case r >= 0xA0 && r <= 0xFF:
			fmt.Fprintf(&out, "\\%03o", r)
		case r == '–':
			out.WriteString("\\226")
		default:
			out.WriteByte('?')
		}
	}
	return out.String()
}
