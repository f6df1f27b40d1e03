package typeset

import (
	"context"
	"time"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
)

// A Report is a document that is filed beside or behind a contract: a certificate of completion, a custody record, a
// disclosure. Empty parts are left out; they come in the order of the fields, but for Digests, which come before
// Events. Characters that no font can draw are written as code points, such as [U+5F20].
type Report struct {
	Title     string
	Subtitle  string
	VerifyURL string // as a QR code at the head, and in words below it; at most 1,000 bytes
	Facts     []Fact
	Sections  []Section
	Code      string // shown large: a code that only a reader of the file knows
	Signers   []Signer
	Tables    []Table
	Events    []Event
	Digests   []Digest
	Notice    string    // in small print at the end
	Footer    string    // at the foot of each page, before the page number
	At        time.Time // when it was made
	Paper     pdf.Rect  // the size of its pages; default: US Letter

	Fonts  font.Fonts
	Limits pdf.Limits // of the file that Append extends
}

// A Fact is one line of a list of facts.
type Fact struct{ Label, Value string }

// A Section is running text under a heading.
type Section struct {
	Heading    string
	Paragraphs []string
}

// A Signer is one row of the table of signers. Zero times are left out.
type Signer struct {
	Name, Role, Email string
	Authentication    string // how the signer was identified
	Consent           string // to what, and how
	Address           string // network address and user agent
	Notified, Viewed  time.Time
	Consented, Signed time.Time
}

// An Event is one row of the table of events.
type Event struct {
	Seq    int
	At     time.Time
	Type   string
	Actor  string
	Detail string
	Hash   string // hexadecimal, in small print
}

// A Table is a table under a heading.
type Table struct {
	Heading string
	Columns []Column
	Rows    [][]Cell // each as long as Columns
}

// A Column is as wide as its share in the widths of all.
type Column struct {
	Head  string
	Width float64
}

// A Cell is what stands in a cell, from top to bottom; each part may have line feeds.
type Cell struct {
	Strong, Text string
	Small        string // in gray
	Mono         string // in small print: a digest
}

// A Digest is a digest with what it is the digest of.
type Digest struct{ Label, Hex string }

// Append appends the report's pages at the end of raw as one incremental update and returns the bytes to append. It
// fails with a [*pdf.Refusal] when raw cannot be extended.
func Append(ctx context.Context, raw []byte, r Report) (appended []byte, err error) {
	d, err := pdf.Open(raw, r.Limits)
	if err != nil {
		return nil, err
	}
	appended, _, err = AppendTo(ctx, d, r)
	return appended, err
}

// AppendTo is [Append] for a file that is parsed already; r.Limits is not asked. It also returns how many pages
// the report has.
func AppendTo(ctx context.Context, d *pdf.Document, r Report) (appended []byte, added int, err error) {
	defer pdf.Guard(&err)
	d.Renew()
	u, err := d.Update()
	if err != nil {
		return nil, 0, err
	}
	set, tags, top := font.NewSet(u), canvas.NewTagger(u), &canvas.Tag{Kind: "Sect"}
	pages, err := r.layOut(ctx, set, tags, top)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range pages {
		if err := c.AppendPage(u); err != nil {
			return nil, 0, err
		}
	}
	tags.Add(top)
	if err := tags.Finish(); err != nil {
		return nil, 0, err
	}
	set.Finish()
	appended, err = u.Close()
	return appended, len(pages), err
}

// PDF returns the report's pages as a file of their own.
func PDF(ctx context.Context, r Report) (out []byte, err error) {
	defer pdf.Guard(&err)
	u := pdf.Empty()
	set, tags, top := font.NewSet(u), canvas.FreshTagger(u), &canvas.Tag{Kind: "Document"}
	pages, err := r.layOut(ctx, set, tags, top)
	if err != nil {
		return nil, err
	}
	tree := u.Alloc()
	kids := make(pdf.Array, len(pages))
	for i, c := range pages {
		dict := c.Page(u)
		dict["Type"], dict["Parent"] = pdf.Name("Page"), tree
		c.ShownOn = u.Add(dict)
		kids[i] = c.ShownOn
	}
	tags.Add(top)
	if err := tags.Finish(); err != nil {
		return nil, err
	}
	set.Finish()
	u.Put(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Count": int64(len(pages)), "Kids": kids})
	root := u.Add(pdf.Dict{
		"Type": pdf.Name("Catalog"), "Pages": tree, "Lang": pdf.String("en-US"), "MarkInfo": pdf.Dict{"Marked": true},
		"StructTreeRoot":    tags.Root,
		"ViewerPreferences": pdf.Dict{"DisplayDocTitle": true},
	})
	at := pdf.String(r.At.UTC().Format("D:20060102150405Z"))
	info := u.Add(
		pdf.Dict{"Title": pdf.TextString(r.Title), "Producer": pdf.String("evault"), "CreationDate": at, "ModDate": at},
	)
	w := pdf.Rewriter{Update: u}
	return w.Write(root, info, "1.7")
}
