package pagedigest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// pagesVersion begins what a pages digest is made of.
const pagesVersion = "evault pages 1\n"

// maxPagesDecoded bounds what is decoded to make a pages digest; content, which is parsed too, counts four times and a
// little for itself, and so does each value of a dictionary or array: direct ones may be asked for again and again.
const (
	maxPagesDecoded = 512 << 20
	contentWeight   = 4
	contentCost     = 256
	valueCost       = 64
)

// Digest returns a SHA-256 digest of what the pages hold: for each page its boxes, rotation and unit, its content with
// all that this draws (fonts without their glyph programs, images, patterns, colors), and the appearance and value of
// each annotation that is shown. A file that another program saved again has the same digest, whatever became of object
// numbers, compression, cross-reference data, document information, identifiers, encryption that needs no password, and
// the names of resources; one whose pages were drawn anew has another. Marked content and links count for nothing.
//
// drawn is false, and the digest of no use, where no page shows anything. A [*pdf.Refusal] says why there is no digest.
// What is decoded counts apart from [pdf.Limits].Decoded.
func Digest(ctx context.Context, d *pdf.Document) (sum [sha256.Size]byte, drawn bool, err error) {
	defer pdf.Guard(&err)
	defer d.DecodeApart(maxPagesDecoded)()
	pages, err := d.Pages()
	if err != nil {
		return sum, false, err
	}
	p := pageHasher{d: d, known: map[drawnIn]hashed{}, busy: map[pdf.Ref]bool{}}
	h := sha256.New()
	io.WriteString(h, pagesVersion)
	for _, page := range pages {
		if err := ctx.Err(); err != nil {
			return sum, false, err
		}
		one, err := p.page(page)
		if err != nil {
			return sum, false, err
		}
		h.Write(one.sum[:])
		drawn = drawn || one.drawn
	}
	elsewhere, err := p.elsewhere()
	if err != nil {
		return sum, false, err
	}
	h.Write(elsewhere)
	return [sha256.Size]byte(h.Sum(nil)), drawn, nil
}

// hashed is the digest of an object and all below it.
type hashed struct {
	sum   [sha256.Size]byte
	drawn bool // content that leaves something on the page
}

type pageHasher struct {
	d     *pdf.Document
	known map[drawnIn]hashed
	busy  map[pdf.Ref]bool // being hashed now
	depth int
	buf   bytes.Buffer // of the page's content
}

// drawnIn is an object, and for a form without resources those of the content that draws it: with both, the digest is
// always the same, and is made once.
type drawnIn struct {
	ref pdf.Ref
	in  *resourceScope
}

// resourceScope holds the resources that content is drawn with, one for each page, form and pattern that has its own.
type resourceScope struct {
	resources pdf.Object
	named     map[resourceName]*hashed
}

type resourceName struct{ kind, name pdf.Name }

func newScope(resources pdf.Object) *resourceScope {
	return &resourceScope{resources, map[resourceName]*hashed{}}
}

// sink writes values so that no two sequences of them look the same.
type sink struct {
	hash.Hash
	b []byte
}

func newSink(kind string) *sink {
	s := &sink{Hash: sha256.New()}
	s.text('t', kind)
	return s
}

func (s *sink) text(tag byte, v string) {
	s.b = append(binary.AppendUvarint(append(s.b[:0], tag), uint64(len(v))), v...)
	s.Write(s.b)
}

func (s *sink) number(v float64) {
	if v == 0 {
		v = 0 // not -0
	}
	s.b = append(strconv.AppendFloat(append(s.b[:0], 'n'), v, 'g', -1, 64), 0)
	s.Write(s.b)
}

// rect writes a rectangle to a hundredth of a point.
func (s *sink) rect(r pdf.Rect) {
	for _, v := range []float64{r.X0, r.Y0, r.X1, r.Y1} {
		s.number(math.Round(v * 100))
	}
}

func (s *sink) done(drawn bool) hashed { return hashed{[sha256.Size]byte(s.Sum(nil)), drawn} }

func (p *pageHasher) page(page pdf.Page) (hashed, error) {
	content, err := contentstream.PageContent(p.d, &p.buf, page)
	if err != nil {
		return hashed{}, err
	}
	shown, err := p.content(content, newScope(page.Resources))
	if err != nil {
		return hashed{}, err
	}
	s := newSink("page")
	s.rect(page.MediaBox)
	s.rect(page.CropBox)
	s.number(float64(page.Rotate))
	s.number(page.UserUnit)
	s.Write(shown.sum[:])
	list, err := p.d.Array(page.Dict["Annots"])
	if pdf.Fatal(err) {
		return hashed{}, err
	}
	drawn := shown.drawn
	for _, o := range list {
		a, err := p.d.Dict(o)
		if pdf.Fatal(err) {
			return hashed{}, err
		}
		if err != nil || a == nil {
			continue
		}
		one, err := p.annotation(a)
		if err != nil {
			return hashed{}, err
		}
		if one.drawn {
			s.Write(one.sum[:])
			drawn = true
		}
	}
	return s.done(drawn), nil
}

// value hashes an object by what it holds, whether it is direct or not. in are the resources of the content that draws
// it.
func (p *pageHasher) value(o pdf.Object, in *resourceScope) (hashed, error) {
	ref, indirect := o.(pdf.Ref)
	if !indirect {
		return p.direct(o, in)
	}
	for _, known := range []drawnIn{{ref, nil}, {ref, in}} {
		if h, ok := p.known[known]; ok {
			return h, nil
		}
	}
	if p.busy[ref] {
		return newSink("circle").done(false), nil
	}
	o, err := p.d.Resolve(ref)
	if err != nil {
		if pdf.Fatal(err) {
			return hashed{}, err
		}
		o = nil // as readers take it
	}
	p.busy[ref] = true
	defer delete(p.busy, ref)
	h, err := p.direct(o, in)
	if s, ok := o.(*pdf.Stream); !ok || s.Dict["Resources"] != nil || p.d.Name(s.Dict["Subtype"]) != "Form" {
		in = nil // it does not depend on what draws it
	}
	if err == nil {
		p.known[drawnIn{ref, in}] = h
	}
	return h, err
}

func (p *pageHasher) direct(o pdf.Object, in *resourceScope) (hashed, error) {
	if p.depth++; p.depth > p.d.Limits().Depth {
		return hashed{}, &pdf.Refusal{Reason: pdf.ReasonTooDeep, Detail: "page content"}
	}
	defer func() { p.depth-- }()
	switch v := o.(type) {
	case *pdf.Stream:
		return p.stream(v, in)
	case pdf.Dict:
		s := newSink("dictionary")
		err := p.entries(s, v)
		return s.done(false), err
	case pdf.Array:
		if err := p.d.Charge(valueCost * len(v)); err != nil {
			return hashed{}, err
		}
		s := newSink("array")
		for _, x := range v {
			if err := p.operand(s, x, nil); err != nil {
				return hashed{}, err
			}
		}
		return s.done(false), nil
	}
	s := newSink("scalar")
	err := p.operand(s, o, nil)
	return s.done(false), err
}

// operand writes a value: a scalar as it is, what is made of others by its digest. Where substitute is not nil it
// stands for the name of a resource.
func (p *pageHasher) operand(s *sink, o pdf.Object, substitute *hashed) error {
	if substitute != nil {
		s.text('R', string(substitute.sum[:]))
		return nil
	}
	o, err := p.scalar(o)
	if err != nil {
		return err
	}
	switch v := o.(type) {
	case nil:
		s.text('0', "")
	case bool:
		s.text('b', strconv.FormatBool(v))
	case pdf.Name:
		s.text('N', string(v))
	case pdf.String:
		s.text('S', string(v))
		return p.d.Charge(len(v))
	case int64, float64:
		f, _ := pdf.Number(v)
		s.number(f)
	default:
		h, err := p.value(o, nil)
		if err != nil {
			return err
		}
		s.text('H', string(h.sum[:]))
	}
	return nil
}

// scalar follows references to scalars; references to anything else stay, for their digest is kept by reference.
func (p *pageHasher) scalar(o pdf.Object) (pdf.Object, error) {
	ref, ok := o.(pdf.Ref)
	if !ok {
		return o, nil
	}
	v, err := p.d.Resolve(ref)
	if err != nil && pdf.Fatal(err) {
		return nil, err
	}
	switch v.(type) {
	case pdf.Dict, pdf.Array, *pdf.Stream:
		return ref, nil
	}
	return v, nil
}

// passedKeys say nothing about what a page shows, or change when a file is saved again.
var passedKeys = map[pdf.Name]bool{
	"Type": true, "Length": true, "Filter": true, "DecodeParms": true, "DL": true, "Metadata": true, "StructParent": true,
	"StructParents": true, "Parent": true, "PieceInfo": true, "LastModified": true, "OC": true, "Name": true,
	"FontFile": true, "FontFile2": true, "FontFile3": true, "CharSet": true, "CIDSet": true,
}

// entries writes a dictionary in the order of its keys.
func (p *pageHasher) entries(s *sink, v pdf.Dict) error {
	if err := p.d.Charge(valueCost * len(v)); err != nil {
		return err
	}
	for _, k := range v.SortedKeys() {
		o := v[k]
		// what content uses of them is hashed with it
		if passedKeys[k] || k == "Resources" && p.d.Name(v["Subtype"]) != "Type3" {
			continue
		}
		switch k {
		case "BaseFont", "FontName":
			o = pdf.Name(withoutTag(string(p.d.Name(o))))
		}
		value, err := p.scalar(o)
		if err != nil {
			return err
		}
		if value == nil { // the same as no entry (ISO 32000-2 §7.3.7)
			continue
		}
		s.text('K', string(k))
		if err := p.operand(s, value, nil); err != nil {
			return err
		}
	}
	return p.glyphs(s, v)
}

// withoutTag takes the tag off the name of a font subset (§9.9.2).
func withoutTag(name string) string {
	if tag, rest, ok := strings.Cut(name, "+"); ok && len(tag) == 6 {
		return rest
	}
	return name
}

// glyphs writes the glyph program of a font whose codes nothing else gives a meaning.
func (p *pageHasher) glyphs(s *sink, font pdf.Dict) error {
	if font["ToUnicode"] != nil {
		return nil
	}
	descriptor := font["FontDescriptor"]
	if p.d.Name(font["Subtype"]) == "Type0" {
		list, err := p.d.Array(font["DescendantFonts"])
		if err != nil || len(list) == 0 {
			return only(err)
		}
		below, err := p.d.Dict(list[0])
		if err != nil {
			return only(err)
		}
		descriptor = below["FontDescriptor"]
	} else if strings.HasPrefix(string(p.d.Name(font["Subtype"])), "CIDFont") {
		return nil // written with the font that it belongs to
	}
	dict, err := p.d.Dict(descriptor)
	if err != nil {
		return only(err)
	}
	for _, k := range []pdf.Name{"FontFile", "FontFile2", "FontFile3"} {
		if dict[k] == nil {
			continue
		}
		s.text('K', string(k))
		if err := p.operand(s, dict[k], nil); err != nil {
			return err
		}
	}
	return nil
}

// only returns an error that ends the work, nil for damage.
func only(err error) error {
	if pdf.Fatal(err) {
		return err
	}
	return nil
}
