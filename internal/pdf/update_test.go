package pdf_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestUpdateEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range testpdf.Structures() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			raw := testpdf.New(testpdf.Options{Structure: kind, NoFinalNewline: kind == testpdf.Classic})
			d := pdftest.Extend(t, raw, func(u *pdf.Update) {
				page, err := u.Document().Page(2)
				if err != nil {
					t.Fatal(err)
				}
				dict := page.Dict.Clone()
				dict["Rotate"] = int64(90)
				u.Put(page.Ref, dict)
				if _, err := u.AppendPage(
					pdf.Dict{"MediaBox": page.MediaBox.Array(), "Contents": page.Dict["Contents"], "Rotate": int64(90)},
				); err != nil {
					t.Fatal(err)
				}
			})
			again := pdftest.Extend(t, d.Raw(), func(u *pdf.Update) {
				if _, err := u.AppendPage(pdf.Dict{"MediaBox": pdf.Rect{X1: 100, Y1: 50}.Array()}); err != nil {
					t.Fatal(err)
				}
			})
			pages, err := again.Pages()
			if err != nil || len(pages) != 4 {
				t.Fatalf("%d pages, %v", len(pages), err)
			}
			for i, want := range []int{0, 90, 90, 0} {
				if got := pages[i].Rotate; got != want {
					t.Errorf("page %d: rotated by %d, want %d", i+1, got, want)
				}
			}
			if got := pages[3].MediaBox; got != (pdf.Rect{X1: 100, Y1: 50}) {
				t.Errorf("new page: got %v", got)
			}
			if content, err := contentstream.Content(again, pages[2]); err != nil || !bytes.Contains(content, []byte("Page 2")) {
				t.Errorf("appended page: got %q, %v", content, err)
			}
			first, second := pdftest.Open(t, raw).Trailer()["ID"].(pdf.Array), again.Trailer()["ID"].(pdf.Array)
			if first[0] != second[0] || first[1] == second[1] {
				t.Errorf("file identifiers: got %v after %v", second, first)
			}
		})
	}
}

func TestPageAttributes(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{Pages: 1, Objects: map[int]string{
		2:  "<</Type/Pages/Count 1/Kids[20 0 R]/Rotate -90/MediaBox[100 700 0 0]/Resources 4 0 R>>",
		20: "<</Type/Pages/Count 1/Kids[5 0 R]/CropBox[10 10 500 90]>>",
		5:  "<</Type/Page/Parent 20 0 R/UserUnit 2>>",
	}})
	p, err := pdftest.Open(t, raw).Page(1)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rotate != 270 || p.MediaBox != (pdf.Rect{X1: 100, Y1: 700}) || p.CropBox != (pdf.Rect{10, 10, 100, 90}) ||
		p.UserUnit != 2 || p.Resources != (pdf.Ref{Num: 4}) {
		t.Errorf("got %+v", p)
	}
	if _, err := pdftest.Open(t, raw).Page(2); err == nil {
		t.Error("page 2 of 1 was found")
	}
}

func TestUpdateIsDeterministic(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	do := func() []byte {
		return pdftest.Extend(t, raw, func(u *pdf.Update) { u.Add(pdf.Dict{"B": int64(1), "A": int64(2)}) }).Raw()
	}
	if !bytes.Equal(do(), do()) {
		t.Error("the same update gave different bytes")
	}
}
