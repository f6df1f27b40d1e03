package pdf

import (
	"context"
	"time"
)

// A Report is a document that is filed beside or behind a contract: a certificate of completion, a custody record, a
// disclosure. Empty parts are left out; they come in the order of the fields, but for Digests, which come before Events.
// Characters that no font can draw are written as code points, such as [U+5F20].
type Report struct {
	Title     string
	Subtitle  string
	VerifyURL string // as a QR code at the head, and in words below it; at most 1,000 bytes
	Facts     []ReportFact
	Sections  []ReportSection
	Code      string // shown large: a code that only a reader of the file knows
	Signers   []ReportSigner
	Tables    []ReportTable
	Events    []ReportEvent
	Digests   []ReportDigest
	Notice    string    // in small print at the end
	Footer    string    // at the foot of each page, before the page number
	At        time.Time // when it was made

	Fonts  Fonts
	Limits Limits // of the file that AppendReport extends
}

// A ReportFact is one line of a list of facts.
type ReportFact struct{ Label, Value string }

// A ReportSection is running text under a heading.
type ReportSection struct {
	Heading    string
	Paragraphs []string
}

// A ReportSigner is one row of the table of signers. Zero times are left out.
type ReportSigner struct {
	Name, Role, Email string
	Authentication    string // how the signer was identified
	Consent           string // to what, and how
	Address           string // network address and user agent
	Notified, Viewed  time.Time
	Consented, Signed time.Time
	Declined          time.Time
}

// A ReportEvent is one row of the table of events.
type ReportEvent struct {
	Seq    int
	At     time.Time
	Type   string
	Actor  string
	Detail string
	Hash   string // hexadecimal, in small print
}

// A ReportTable is a table under a heading.
type ReportTable struct {
	Heading string
	Columns []ReportColumn
	Rows    [][]ReportCell // each as long as Columns
}

// A ReportColumn is as wide as its share in the widths of all.
type ReportColumn struct {
	Head  string
	Width float64
}

// A ReportCell is what stands in a cell, from top to bottom; each part may have line feeds.
type ReportCell struct {
	Strong, Text string
	Small        string // in gray
	Mono         string // in small print: a digest
}

// A ReportDigest is a digest with what it is the digest of.
type ReportDigest struct{ Label, Hex string }

// AppendReport appends the report's pages at the end of raw as one incremental update and returns the bytes to append. It
// fails with a [*Refusal] when raw cannot be extended.
func AppendReport(ctx context.Context, raw []byte, r Report) (appended []byte, err error) {
	d, err := Open(raw, r.Limits)
	if err != nil {
		return nil, err
	}
	appended, _, err = AppendReportTo(ctx, d, r)
	return appended, err
}

// AppendReportTo is [AppendReport] for a file that is parsed already; r.Limits is not asked. It also returns how many pages
// the report has.
func AppendReportTo(ctx context.Context, d *Document, r Report) (appended []byte, added int, err error) {
	defer guard(&err)
	d.Renew()
	u, err := d.Update()
	if err != nil {
		return nil, 0, err
	}
	set, tags, top := newFontSet(u), newTagger(u), &tag{kind: "Sect"}
	pages, err := r.layOut(ctx, set, tags, top)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range pages {
		if err := c.appendPage(u); err != nil {
			return nil, 0, err
		}
	}
	tags.add(top)
	if err := tags.finish(); err != nil {
		return nil, 0, err
	}
	set.finish()
	appended, err = u.Close()
	return appended, len(pages), err
}

// ReportPDF returns the report's pages as a file of their own.
func ReportPDF(ctx context.Context, r Report) (out []byte, err error) {
	defer guard(&err)
	u := Empty()
	set, tags, top := newFontSet(u), freshTagger(u), &tag{kind: "Document"}
	pages, err := r.layOut(ctx, set, tags, top)
	if err != nil {
		return nil, err
	}
	tree := u.Alloc()
	kids := make(Array, len(pages))
	for i, c := range pages {
		dict := c.page(u)
		dict["Type"], dict["Parent"] = Name("Page"), tree
		c.shownOn = u.Add(dict)
		kids[i] = c.shownOn
	}
	tags.add(top)
	if err := tags.finish(); err != nil {
		return nil, err
	}
	set.finish()
	u.Put(tree, Dict{"Type": Name("Pages"), "Count": int64(len(pages)), "Kids": kids})
	root := u.Add(Dict{
		"Type": Name("Catalog"), "Pages": tree, "Lang": String("en-US"), "MarkInfo": Dict{"Marked": true}, "StructTreeRoot": tags.root,
		"ViewerPreferences": Dict{"DisplayDocTitle": true},
	})
	at := String(r.At.UTC().Format("D:20060102150405Z"))
	info := u.Add(Dict{"Title": TextString(r.Title), "Producer": String("evault"), "CreationDate": at, "ModDate": at})
	w := rewriter{u: u}
	return w.write(root, info, "1.7")
}
