package copymark

import (
	"context"
	"fmt"
	"html"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
)

// Kinds of [OwnMark].
const (
	OwnCopy       = "copy"       // of a marked copy: the line on its pages, or its metadata
	OwnVaultSeal  = "vault_seal" // of a version of an authoritative copy
	OwnCompletion = "completion" // the seal of a document that all have signed
	OwnLegend     = "legend"     // on the pages of an e-sign document
	OwnRecord     = "record"     // a page of a certificate of completion, a custody record or another report
)

// What marks begin with or hold. Seals give theirs as their reason.
const (
	LegendStart  = "Until its release, the authoritative copy is the one in its vault of record"
	VaultSeal    = "Authoritative copy in the vault of "
	ReleaseSeal  = "Released from the vault of "
	RecordFooter = "Record made by evault"
)

// An OwnMark is something that this software puts into files and that tells a copy, a sealed document or a report from
// an original.
type OwnMark struct {
	Kind  string // one of the Own constants
	Place string // such as "page 3"
}

// String returns m as a message names it: the kind with the place.
func (m OwnMark) String() string { return m.Kind + " (" + m.Place + ")" }

// OwnMarks is what [FindOwnMarks] finds: each kind once, where it was found first.
type OwnMarks struct {
	Found  []OwnMark
	Unread string // why not everything could be read; empty when it was
}

// Kinds returns the kinds found.
func (m OwnMarks) Kinds() (kinds []string) {
	for _, x := range m.Found {
		kinds = append(kinds, x.Kind)
	}
	return kinds
}

// ownMarked are the texts of marks. The small print of a mark is told by its copy id.
var ownMarked = []struct{ kind, text string }{
	{OwnCopy, DefaultText},
	{OwnCopy, " · copy cpy_"},
	{OwnLegend, LegendStart},
	{OwnRecord, RecordFooter},
}

var ownRepeated = repeatedTexts()

var ownReasons = []struct{ kind, reason string }{
	{OwnVaultSeal, ownText(VaultSeal)},
	{OwnVaultSeal, ownText(ReleaseSeal)},
	{OwnCompletion, ownText(LegendStart)},
}

// dashes are what programs make of the dash in a mark when they write text anew.
var dashes = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-")

// ownText is text without white space and with one kind of dash.
func ownText(s string) string { return dashes.Replace(extract.Unspaced(s)) }

// Bounds of what is decoded to look for marks, and of metadata that is looked at.
const (
	maxOwnText     = 128 << 20
	maxOwnMetadata = 4 << 20
)

// FindOwnMarks looks for marks of this software in every object of the file, in the document information, in metadata,
// in the reasons of signatures, and in the text of pages and of annotations' appearances, whether a reader shows it or
// not, with the fonts' own tables of characters, or by which characters are equal where a font has none. So they are
// found however the file was saved again, and in single pages of it that were put into another file. Marks drawn as
// shapes or as pictures are not found.
//
// What it decodes counts apart from [pdf.Limits].Decoded.
func FindOwnMarks(ctx context.Context, d *pdf.Document) (m OwnMarks, err error) {
	defer pdf.Guard(&err)
	defer d.DecodeApart(maxOwnText)()
	f := ownFinder{d: d, text: extract.NewSource(d), repeats: newRepeats(), marks: &m}
	f.text.All, f.text.Shown = true, f.repeats.write
	if err := f.objects(ctx); err != nil {
		return m, err
	}
	return m, f.pages(ctx)
}

type ownFinder struct {
	d       *pdf.Document
	text    *extract.Source
	repeats *repeats
	marks   *OwnMarks
}

func (f *ownFinder) found(kind, place string) {
	for _, m := range f.marks.Found {
		if m.Kind == kind {
			return
		}
	}
	f.marks.Found = append(f.marks.Found, OwnMark{kind, place})
}

func (f *ownFinder) unread(what string, err error) {
	if f.marks.Unread == "" {
		f.marks.Unread = fmt.Sprintf("%s: %v", what, err)
	}
}

// look names the marks in a text.
func (f *ownFinder) look(text, place string) {
	text = dashes.Replace(text)
	for _, o := range ownMarked {
		if strings.Contains(text, ownText(o.text)) {
			f.found(o.kind, place)
		}
	}
}

// objects looks at every object, reachable or not.
func (f *ownFinder) objects(ctx context.Context) error {
	for i, n := range f.d.Numbers() {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		o, err := f.d.Object(n)
		if err != nil {
			if pdf.Fatal(err) {
				f.unread("objects", err)
				return nil
			}
			continue // no reader shows it
		}
		f.object(o)
	}
	return nil
}

func (f *ownFinder) object(o pdf.Object) {
	switch v := o.(type) {
	case pdf.Array:
		for _, x := range v {
			f.object(x)
		}
	case pdf.Dict:
		f.dict(v)
	case *pdf.Stream:
		f.dict(v.Dict)
		if f.d.Name(v.Dict["Type"]) == "Metadata" {
			f.metadata(v)
		}
	}
}

func (f *ownFinder) dict(v pdf.Dict) {
	for k, o := range v {
		switch k {
		case "Title", "Subject", "Keywords":
			f.look(extract.Unspaced(f.string(o)), "document information")
		case "Reason":
			if text := ownText(f.string(o)); text != "" {
				for _, r := range ownReasons {
					if strings.Contains(text, r.reason) {
						f.found(r.kind, "signature")
					}
				}
			}
		default:
			f.object(o)
		}
	}
}

// string is a text string, "" for anything else.
func (f *ownFinder) string(o pdf.Object) string {
	if o, err := f.d.Resolve(o); err == nil {
		if s, ok := o.(pdf.String); ok {
			return pdf.DocText(s)
		}
	}
	return ""
}

func (f *ownFinder) metadata(s *pdf.Stream) {
	data, err := f.d.DecodeMost(s, maxOwnMetadata)
	if pdf.Fatal(err) {
		f.unread("metadata", err)
	}
	f.look(extract.Unspaced(html.UnescapeString(string(data))), "metadata")
}

func (f *ownFinder) pages(ctx context.Context) error {
	pages, err := f.d.Pages()
	if err != nil {
		f.unread("pages", err)
		return nil
	}
	for _, p := range pages {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text, err := f.text.PageText(p)
		f.look(text, fmt.Sprintf("page %d", p.Number))
		for _, o := range ownMarked {
			if f.repeats.found[o.kind] {
				f.found(o.kind, fmt.Sprintf("page %d", p.Number))
			}
		}
		if err != nil {
			f.unread(fmt.Sprintf("page %d", p.Number), err)
		}
		if pdf.Fatal(err) {
			return nil
		}
	}
	return nil
}
