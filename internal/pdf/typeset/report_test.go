package typeset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testpdf"
)

const digest = "9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015"

// allText is what all pages of raw show, without white space.
func allText(t *testing.T, raw []byte) (all string, pages int) {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{Bytes: int64(len(raw))})
	if err != nil {
		t.Fatal(err)
	}
	list, err := d.Pages()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		s, err := extract.NewSource(d).VisibleText(p)
		if err != nil {
			t.Fatal(err)
		}
		all += s
	}
	return all, len(list)
}

func TestReportSaysEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ signers, events int }{{0, 0}, {1, 3}, {2, 40}, {50, 400}} {
		r := pdftest.Certificate(c.signers, c.events)
		out, err := typeset.PDF(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := typeset.PDF(t.Context(), r)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("two runs differ (%v)", err)
		}
		got, pages := allText(t, out)
		want := []string{
			r.Title, r.Subtitle, "env_4k2j9x7q8d7f6s5a", "Lakeshore Motors LLC", digest, r.Notice,
			fmt.Sprintf("Page %d of %d", pages, pages), "made 2026-11-23 10:00:05 UTC",
		}
		for _, s := range r.Signers {
			want = append(want, s.Name, "Signed 2026-11-23 10:01:05")
		}
		for _, e := range r.Events {
			want = append(want, e.Detail)
		}
		for _, w := range want {
			if !strings.Contains(got, strings.Join(strings.Fields(w), "")) {
				t.Errorf("%d signers, %d events: %q is not in the report", c.signers, c.events, w)
			}
		}
		if c.events == 400 && (pages < 10 || pages > 60) {
			t.Errorf("400 events take %d pages", pages)
		}
	}
}

// TestReportSurvivesOddContent: words without end, rows higher than a page, characters that no font has, empty parts.
func TestReportSurvivesOddContent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("unbreakable", 300)
	r := typeset.Report{
		Title: long, Subtitle: "张伟", Code: "K7-4F-22", Facts: []typeset.Fact{{Label: long, Value: long}, {}},
		Signers: []typeset.Signer{{Name: "张伟\a", Address: long, Consent: strings.Repeat("Word and word. ", 2000)}, {}},
		Events:  []typeset.Event{{Detail: strings.Repeat("line\n", 300)}, {}},
		Digests: []typeset.Digest{{Label: "x", Hex: strings.Repeat("ab", 2000)}, {}},
		Sections: []typeset.Section{
			{Heading: "Heading", Paragraphs: []string{long, "", strings.Repeat("Sentence. ", 2000)}}, {},
		},
		Notice: long,
	}
	out, err := typeset.PDF(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := allText(t, out)
	for want, times := range map[string]int{
		"[U+5F20][U+4F1F]": 2, "[U+0007]": 1, "K7-4F-22": 1, "line": 300, "abab": 900,
	} {
		if n := strings.Count(got, want); n < times {
			t.Errorf("%q is in the report %d times, want %d", want, n, times)
		}
	}
	if _, err := typeset.PDF(t.Context(), typeset.Report{}); err != nil {
		t.Errorf("an empty report: %v", err)
	}
	if _, err := typeset.PDF(t.Context(), typeset.Report{VerifyURL: strings.Repeat("u", 1001)}); err == nil {
		t.Error("an address too long for a QR code was accepted")
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	for name, raw := range pdftest.EveryGeometry() {
		appended, err := typeset.Append(t.Context(), raw, pdftest.Certificate(2, 30))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out := append(bytes.Clone(raw), appended...)
		info, err := pdfinspect.Inspect(t.Context(), out, pdf.Limits{})
		if err != nil || info.Sealing.Mode != pdfinspect.SealingEmbedded || len(info.Pages) < 3 ||
			info.Pages[1] != (contentstream.PageSize{Width: 612, Height: 792}) {
			t.Errorf("%s: got %+v, %v", name, info, err)
			continue
		}
		pdftest.Shows(t, name, out, 2, "Certificate of completion", "Łukasz Żółć 1")
	}
	var r *pdf.Refusal
	if _, err := typeset.Append(t.Context(), testpdf.Encrypted(), pdftest.Certificate(1, 1)); !errors.As(err, &r) {
		t.Errorf("encrypted: got %v, want a refusal", err)
	}
}

func TestReportsInOtherReaders(t *testing.T) {
	pdftest.Tools(t)
	t.Parallel()
	alone, err := typeset.PDF(t.Context(), pdftest.Certificate(3, 100))
	if err != nil {
		t.Fatal(err)
	}
	pdftest.Sound(t, "alone", alone)
	for name, raw := range pdftest.EveryGeometry() {
		appended, err := typeset.Append(t.Context(), raw, pdftest.Certificate(3, 20))
		if err != nil {
			t.Fatal(err)
		}
		out := append(bytes.Clone(raw), appended...)
		pdftest.Sound(t, name, out)
		got := strings.Join(strings.Fields(pdftest.Text(t, out, "2")), " ")
		for _, want := range []string{"Certificate of completion", "Łukasz Żółć 2", digest} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: pdftotext does not find %q", name, want)
			}
		}
	}
}

func ExamplePDF() {
	out, err := typeset.PDF(context.Background(), typeset.Report{
		Title:     "Certificate of completion",
		VerifyURL: "https://vault.example.com/api/v2/verify/9f86d081",
		Facts:     []typeset.Fact{{Label: "Envelope", Value: "env_4k2j9x7q"}},
		Events:    []typeset.Event{{Seq: 1, At: time.Unix(0, 0), Type: "envelope.created", Actor: "key_1"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := pdfinspect.Inspect(context.Background(), out, pdf.Limits{})
	fmt.Println(len(info.Pages), err)
	// Output: 1 <nil>
}
