package pades_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

// manyFields is a certified form with n text fields of which the first m are filled in, each with an appearance.
func manyFields(t testing.TB, n, m int, name string) []byte {
	var fields, kids strings.Builder
	objects := map[int]string{theHelv: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"}
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", 100+i)
		objects[100+i] = fmt.Sprintf("<</T(F%d)/Parent 31 0 R/Type/Annot/Subtype/Widget/Rect[100 700 250 720]>>", i)
	}
	fmt.Fprint(&fields, "31 0 R")
	objects[31] = fmt.Sprintf("<</T(%s)/FT/Tx/Kids[%s]>>", name, kids.String())
	objects[theForm] = fmt.Sprintf(
		"<</Fields[%s]/DA(/Helv 12 Tf 0 g)/DR<</Font<</Helv %d 0 R>>>>>>", fields.String(), theHelv,
	)
	raw := testpdf.New(
		testpdf.Options{
			Structure: testpdf.XRefStreams, Pages: 1, Catalog: fmt.Sprintf("/AcroForm %d 0 R", theForm),
			Page: "/Annots[" + kids.String() + "]", Objects: objects,
		},
	)
	s := sealer(t, pki().Seal, noStamp)
	return increment(t, seal(t, s, raw, func(r *pades.SealRequest) { r.Certify = 2 }), func(u *pdf.Update) {
		look := formLook(u, amountLook("2500"))
		for i := range m {
			put(t, u, 100+i, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": look}})
		}
	})
}

// TestManyFields fills in as many fields as are judged one by one, and many more, also with a long name.
func TestManyFields(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	some := verify(t, manyFields(t, 5_000, 5_000, "All"))
	if s := some.Signatures[0]; !unbroken(some) || s.ChangesAfter != pades.ChangesFilled || len(s.Changes) != 50 {
		t.Errorf("5,000 fields: %s, %d changes", problems(some), len(s.Changes))
	}
	for _, name := range []string{"All", strings.Repeat("long.", 750)} {
		raw := manyFields(t, 40_000, 40_000, name)
		start := time.Now()
		r := verify(t, raw)
		took := time.Since(start)
		if r.OK() || r.Signatures[0].ChangesAfter != pades.ChangesSuspicious {
			t.Errorf("40,000 fields: %s", problems(r))
		}
		if took > time.Minute {
			t.Errorf("40,000 fields named %.10s… took %v", name, took)
		}
		t.Logf("%d MB, 40,000 fields named %.10s…: %v", len(raw)>>20, name, took)
	}
}

// TestEndlessFieldNames: names that nothing bounds would let a small file take any memory.
func TestEndlessFieldNames(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{Catalog: "/AcroForm<</Fields[30 0 R]>>", Objects: map[int]string{
		30: "<</FT/Sig/T(" + strings.Repeat("x", 3000) + ")/Kids[31 0 R]>>",
		31: "<</Parent 30 0 R/T(" + strings.Repeat("y", 3000) + ")>>",
	}})
	if _, err := sealer(t, pki().Seal).Seal(
		t.Context(), pades.SealRequest{PDF: raw},
	); !errors.Is(err, pades.ErrNotExtendable) {
		t.Errorf("got %v, want %v", err, pades.ErrNotExtendable)
	}
}
