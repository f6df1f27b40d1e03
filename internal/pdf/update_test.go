package pdf_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/revision"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/rawpdf"
)

func open(t testing.TB, raw []byte) *pdf.Document {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// extend appends an update and opens the result, which must need no repair.
func extend(t testing.TB, raw []byte, change func(*pdf.Update)) *pdf.Document {
	t.Helper()
	u, err := open(t, raw).Update()
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	appended, err := u.Close()
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, append(bytes.Clone(raw), appended...))
	if d.Repaired() {
		t.Fatal("the update broke the cross-reference data")
	}
	return d
}

func TestUpdateEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range rawpdf.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			raw := rawpdf.New(rawpdf.Options{Kind: kind, NoFinalNewline: kind == rawpdf.Classic})
			d := extend(t, raw, func(u *pdf.Update) {
				page, err := u.Document().Page(2)
				if err != nil {
					t.Fatal(err)
				}
				dict := page.Dict.Clone()
				dict["Rotate"] = int64(90)
				u.Put(page.Ref, dict)
				if _, err := u.AppendPage(pdf.Dict{"MediaBox": page.MediaBox.Array(), "Contents": page.Dict["Contents"], "Rotate": int64(90)}); err != nil {
					t.Fatal(err)
				}
			})
			again := extend(t, d.Raw(), func(u *pdf.Update) {
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
			first, second := open(t, raw).Trailer()["ID"].(pdf.Array), again.Trailer()["ID"].(pdf.Array)
			if first[0] != second[0] || first[1] == second[1] {
				t.Errorf("file identifiers: got %v after %v", second, first)
			}
		})
	}
}

func TestUpdateKeepsTheForm(t *testing.T) {
	t.Parallel()
	raw := rawpdf.New(rawpdf.Options{Catalog: "/AcroForm<</Fields 31 0 R/DA(x)/XFA(y)>>", Objects: map[int]string{30: "<</FT/Tx/T(A)>>", 31: "[30 0 R]"}})
	d := extend(t, raw, func(u *pdf.Update) {
		page, err := u.Document().Page(1)
		if err != nil {
			t.Fatal(err)
		}
		if err := acroform.AddField(u, u.Add(pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("S")}), page, 3); err != nil {
			t.Fatal(err)
		}
	})
	c, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	form, err := d.Dict(c["AcroForm"])
	if err != nil {
		t.Fatal(err)
	}
	fields, err := d.Array(form["Fields"])
	if err != nil || len(fields) != 2 || form["DA"] == nil || form["XFA"] == nil || form["SigFlags"] != int64(3) {
		t.Errorf("got %v with %v, %v", form, fields, err)
	}
	list, err := d.Array(pdf.Ref{Num: 31})
	if err != nil || len(list) != 1 {
		t.Errorf("the old list was changed: %v, %v", list, err)
	}
}

func TestPageAttributes(t *testing.T) {
	t.Parallel()
	raw := rawpdf.New(rawpdf.Options{Pages: 1, Objects: map[int]string{
		2:  "<</Type/Pages/Count 1/Kids[20 0 R]/Rotate -90/MediaBox[100 700 0 0]/Resources 4 0 R>>",
		20: "<</Type/Pages/Count 1/Kids[5 0 R]/CropBox[10 10 500 90]>>",
		5:  "<</Type/Page/Parent 20 0 R/UserUnit 2>>",
	}})
	p, err := open(t, raw).Page(1)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rotate != 270 || p.MediaBox != (pdf.Rect{X1: 100, Y1: 700}) || p.CropBox != (pdf.Rect{10, 10, 100, 90}) || p.UserUnit != 2 || p.Resources != (pdf.Ref{Num: 4}) {
		t.Errorf("got %+v", p)
	}
	if _, err := open(t, raw).Page(2); err == nil {
		t.Error("page 2 of 1 was found")
	}
}

func TestSignatureFields(t *testing.T) {
	t.Parallel()
	raw := rawpdf.New(rawpdf.Options{Catalog: "/AcroForm<</Fields[30 0 R 34 0 R]>>", Objects: map[int]string{
		30: "<</T(Buyer)/FT/Sig/Kids[31 0 R 32 0 R]>>", 31: "<</T(One)/V 33 0 R>>", 32: "<</T(Two)>>", 33: "<</Type/Sig>>",
		34: "<</T(Date)/FT/Tx>>",
	}})
	fields, err := acroform.SignatureFields(open(t, raw))
	if err != nil || len(fields) != 2 || fields[0].Name != "Buyer.One" || fields[0].Value != (pdf.Ref{Num: 33}) || fields[1].Value != nil {
		t.Errorf("got %+v, %v", fields, err)
	}
	loop := rawpdf.New(rawpdf.Options{Catalog: "/AcroForm<</Fields[30 0 R]>>", Objects: map[int]string{30: "<</T(A)/Kids[30 0 R]>>"}})
	if _, err := acroform.SignatureFields(open(t, loop)); err == nil {
		t.Error("a field that is its own child was accepted")
	}
}

func TestUpdateIsDeterministic(t *testing.T) {
	t.Parallel()
	raw := rawpdf.New(rawpdf.Options{})
	do := func() []byte {
		return extend(t, raw, func(u *pdf.Update) { u.Add(pdf.Dict{"B": int64(1), "A": int64(2)}) }).Raw()
	}
	if !bytes.Equal(do(), do()) {
		t.Error("the same update gave different bytes")
	}
}

func TestChangesSinceWithDamagedPageTree(t *testing.T) {
	t.Parallel()
	raw := rawpdf.New(rawpdf.Options{Objects: map[int]string{2: "<</Type/Pages/Count 3/Kids[5 0 R 7 0 R 5 0 R]>>"}})
	old := open(t, raw)
	for name, tc := range map[string]struct {
		change func(*pdf.Update)
		ok     bool
	}{
		"validation material": {func(u *pdf.Update) {
			if _, err := signing.AddValidationMaterial(u, signing.Material{ValidationMaterial: signing.ValidationMaterial{Certificates: [][]byte{{1}}}}); err != nil {
				t.Fatal(err)
			}
		}, true},
		"first page":  {func(u *pdf.Update) { u.Put(pdf.Ref{Num: 5}, pdf.Dict{}) }, false},
		"second page": {func(u *pdf.Update) { u.Put(pdf.Ref{Num: 7}, pdf.Dict{}) }, false},
	} {
		changes, err := revision.ChangesSince(extend(t, raw, tc.change), old)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ok := true
		for _, c := range changes {
			ok = ok && c.Kind == revision.ChangePermitted
		}
		if ok != tc.ok {
			t.Errorf("%s: permitted is %v, want %v: %v", name, ok, tc.ok, changes)
		}
	}
}
