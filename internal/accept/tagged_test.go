package accept_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/typeset"
)

// structure is what poppler reads of a file's structure tree, with its texts.
func structure(t *testing.T, raw []byte) string {
	t.Helper()
	return tool(t, "pdfinfo", "-struct-text", file(t, "tagged.pdf", raw))
}

// TestTaggedStaysTagged: what is placed on a tagged file is in its structure, once and in the order of reading; what is no
// part of the text is not; and pages that are appended have elements of their own.
func TestTaggedStaysTagged(t *testing.T) {
	t.Parallel()
	wantsTools(t)
	raw, err := os.ReadFile(printed(t).path)
	if err != nil {
		t.Fatal(err)
	}
	before := structure(t, raw)
	if !strings.Contains(before, "Purchase") {
		t.Fatalf("Chromium made a file without structure: %s", before)
	}
	whole, _, err := overlay.Prepare(t.Context(), raw, overlay.Preparation{Legend: "A legend", SignaturePage: []overlay.Signatory{{Role: "seller", Name: "Joan"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ada Byron", "שלום"} { // two signers, one update after the other
		appended, err := overlay.Place(t.Context(), whole, []overlay.Mark{
			{Page: 1, X: 0.1, Y: 0.7, W: 0.3, H: 0.05, Kind: overlay.MarkSignature, Text: name, Caption: "Signed by " + name},
			{Page: 2, X: 0.1, Y: 0.8, W: 0.3, H: 0.05, Kind: overlay.MarkText, Text: "VIN of " + name},
			{Page: 2, X: 0.5, Y: 0.8, W: 0.1, H: 0.05, Kind: overlay.MarkCheck},
		}, overlay.PlaceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, appended...)
	}
	appended, err := typeset.Append(t.Context(), whole, long())
	if err != nil {
		t.Fatal(err)
	}
	whole = append(whole, appended...)
	tool(t, "qpdf", "--check", file(t, "whole.pdf", whole))
	after := structure(t, whole)
	if !strings.HasPrefix(after, strings.TrimRight(before, "\n ")) {
		t.Errorf("the structure that was there has changed:\n%s\n%s", before, after)
	}
	last := 0
	for _, want := range []string{"Second page", "seller: Joan", "Signed by Ada Byron", "VIN of Ada Byron", "✓", "Certificate of completion", "Notice of 9 words"} {
		at := strings.Index(after, want)
		if at < last || strings.Count(after, want) < 1 {
			t.Errorf("%q is not in the structure, or not where it is read", want)
		}
		last = at
	}
	for _, not := range []string{"A legend", "Page 1 of"} {
		if strings.Contains(after, not) {
			t.Errorf("%q is in the structure", not)
		}
	}
	marked, err := copymark.MarkCopy(t.Context(), whole, copymark.Mark{EnvelopeID: "env_1", CopyID: "cpy_1"})
	if err != nil {
		t.Fatal(err)
	}
	if got := structure(t, marked); got != after {
		t.Errorf("the structure of the copy differs:\n%s", got)
	}
	looked(t, "tagged", whole)
}

func long() typeset.Report {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	return typeset.Report{
		Title: "Certificate of completion", Subtitle: "Truck 42", VerifyURL: "https://sign.example/verify/00", At: at,
		Facts:    []typeset.Fact{{Label: "Envelope", Value: "env_1"}, {Label: "Customer", Value: "דוד כהן"}},
		Sections: []typeset.Section{{Heading: "What was agreed", Paragraphs: []string{strings.Repeat("A paragraph that goes on and on. ", 200)}}},
		Signers:  []typeset.Signer{{Name: "Ada", Role: "buyer", Email: "ada@example.com", Authentication: "link", Signed: at}},
		Events:   slices.Repeat([]typeset.Event{{Seq: 1, At: at, Type: "envelope.created", Actor: "key", Detail: "d", Hash: strings.Repeat("ab", 32)}}, 60),
		Digests:  []typeset.Digest{{Label: "Document", Hex: strings.Repeat("cd", 32)}},
		Notice:   "Notice of 9 words that says what it says.",
	}
}

// TestReportIsTagged: a report of its own has a title, a language and a structure of headings, lists and tables.
func TestReportIsTagged(t *testing.T) {
	t.Parallel()
	wantsTools(t)
	raw, err := typeset.PDF(t.Context(), long())
	if err != nil {
		t.Fatal(err)
	}
	tool(t, "qpdf", "--check", file(t, "report.pdf", raw))
	if info := tool(t, "pdfinfo", file(t, "report.pdf", raw)); !strings.Contains(info, "Tagged:          yes") {
		t.Errorf("not tagged: %s", info)
	}
	got := structure(t, raw)
	for _, kind := range []string{"Document", "H1 (block)", "H2 (block)", "L (block)", "Lbl (block)", "Table", "TH", "TD", "Figure"} {
		if !strings.Contains(got, kind) {
			t.Errorf("no %s in the structure", kind)
		}
	}
	if n := strings.Count(got, "Page "); n != 0 {
		t.Errorf("page numbers are in the structure")
	}
	if n := strings.Count(got, "From; hash of the event"); n != 1 {
		t.Errorf("the head of the table is read %d times", n)
	}
	if n := strings.Count(got, "envelope.created"); n != 60 {
		t.Errorf("%d events are read, want 60", n)
	}
	looked(t, "report", raw)
}
