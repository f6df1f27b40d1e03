package pades_test

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// increment appends an update to raw, as an attacker with a PDF library would.
func increment(t testing.TB, raw []byte, change func(*pdf.Update)) []byte {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := d.Update()
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	appended, err := u.Close()
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(raw), appended...)
}

func page(t testing.TB, u *pdf.Update, n int) pdf.Page {
	t.Helper()
	p, err := u.Document().Page(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func editPage(t testing.TB, u *pdf.Update, change func(pdf.Dict)) {
	t.Helper()
	p := page(t, u, 1)
	d := p.Dict.Clone()
	change(d)
	u.Put(p.Ref, d)
}

func editCatalog(t testing.TB, u *pdf.Update, change func(pdf.Dict)) {
	t.Helper()
	if err := u.EditCatalog(func(c pdf.Dict) error { change(c); return nil }); err != nil {
		t.Fatal(err)
	}
}

// shadow replaces what page 1 shows.
func shadow(t testing.TB, raw []byte) []byte {
	return increment(t, raw, func(u *pdf.Update) {
		content := u.AddStream(pdf.Dict{}, []byte("BT /F1 40 Tf 72 500 Td (PAY 1,000,000) Tj ET"))
		editPage(t, u, func(p pdf.Dict) { p["Contents"] = content })
	})
}

func annotate(t testing.TB, raw []byte, annotation pdf.Dict) []byte {
	return increment(t, raw, func(u *pdf.Update) {
		if err := acroform.AddAnnotation(u, u.Add(annotation), page(t, u, 1)); err != nil {
			t.Fatal(err)
		}
	})
}

func addField(t testing.TB, raw []byte, field func(*pdf.Update) pdf.Dict) []byte {
	return increment(t, raw, func(u *pdf.Update) {
		if err := acroform.AddField(u, u.Add(field(u)), page(t, u, 1), 3); err != nil {
			t.Fatal(err)
		}
	})
}

var byteRange = regexp.MustCompile(`/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *`)

// setByteRange overwrites the k-th byte range with other numbers, keeping its length.
func setByteRange(t testing.TB, raw []byte, change func(b [4]int) string) []byte {
	t.Helper()
	at, b := findByteRange(t, raw)
	s := "/ByteRange " + change(b)
	if len(s) > at[1]-at[0] {
		t.Fatalf("%q does not fit", s)
	}
	out := bytes.Clone(raw)
	copy(out[at[0]:at[1]], s+strings.Repeat(" ", at[1]-at[0]-len(s)))
	return out
}

func findByteRange(t testing.TB, raw []byte) (at [2]int, b [4]int) {
	t.Helper()
	m := byteRange.FindSubmatchIndex(raw)
	if m == nil {
		t.Fatal("no byte range")
	}
	for i := range b {
		b[i], _ = strconv.Atoi(string(raw[m[2+2*i]:m[3+2*i]]))
	}
	return [2]int{m[0], m[1]}, b
}

func replace(t testing.TB, raw []byte, old, new string) []byte {
	t.Helper()
	if len(old) != len(new) || !bytes.Contains(raw, []byte(old)) {
		t.Fatalf("cannot replace %q by %q", old, new)
	}
	return bytes.Replace(raw, []byte(old), []byte(new), 1)
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	for _, kind := range testpdf.Structures() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			a := newAttackSet(t, kind)
			for name, raw := range a.intact() {
				if r := verify(t, raw); !r.OK() {
					t.Errorf("intact %q: not OK: %s", name, problems(r))
				}
			}
			attacks := a.attacks()
			for name, raw := range attacks {
				r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
				if err == nil && r.OK() {
					t.Errorf("attack %q was taken for valid: %s", name, problems(r))
				}
			}
			t.Logf("%d attacks", len(attacks))
		})
	}
}

// TestHiddenSignatureIsAProblem: a file whose only signature was taken out of reach is not merely a file without one.
func TestHiddenSignatureIsAProblem(t *testing.T) {
	t.Parallel()
	attacks := newAttackSet(t, testpdf.ObjectStreams).attacks()
	for _, name := range []string{
		"form removed", "form removed, signature called a usage right", "form emptied",
		"signature dictionary removed from fields",
	} {
		if r := verify(t, attacks[name]); r.Problem == "" {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// TestManyRevisionsAreBounded: a file with so many objects and signatures that comparing would take long is not
// compared, and that is said.
func TestManyRevisionsAreBounded(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	objects := map[int]string{}
	for i := range 40_000 {
		objects[100+i] = "0"
	}
	raw := testpdf.New(testpdf.Options{Structure: testpdf.ObjectStreams, Objects: objects})
	s := sealer(t, pki().Seal, noStamp)
	for range 76 {
		raw = seal(t, s, raw)
	}
	r := verify(t, raw)
	if r.OK() || r.Signatures[0].ChangesAfter != pades.ChangesUnknown ||
		r.Signatures[0].Integrity != pades.IntegrityValid {
		t.Errorf("got %+v", r.Signatures[0])
	}
}
