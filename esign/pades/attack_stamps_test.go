package pades_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
)

// stampFile adds a document time-stamp, as anyone can have one of a public authority, with further entries in its
// field.
func stampFile(t testing.TB, raw []byte, field pdf.Dict, into pdf.Ref) []byte {
	t.Helper()
	return foreign{subFilter: "ETSI.RFC3161", sig: pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"),
	}, field: field, existing: into, by: func(content []byte) []byte {
		digest := sha256.Sum256(content)
		token, err := pki().Timestamper().Timestamp(context.Background(), crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return token
	}}.sign(t, raw)
}

// TestVisibleTimestamps: an authority stamps for everyone, so a time-stamp may cover nothing that was signed either.
func TestVisibleTimestamps(t *testing.T) {
	t.Parallel()
	content := pdf.Ref{Num: 30}
	raw := testpdf.New(testpdf.Options{
		Catalog: "/AcroForm<</Fields[31 0 R]>>", Page: "/Annots[31 0 R]",
		Objects: map[int]string{
			30: "<</Type/XObject/Subtype/Form/BBox[0 0 400 40]/Length 22>>\nstream\n1 g 0 0 400 40 re f   \nendstream",
			31: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Buyer)/Rect[72 690 472 730]/F 4>>",
		},
	})
	show := pdf.Dict{
		"Rect": pdf.Array{int64(72), int64(690), int64(472), int64(730)}, "AP": pdf.Dict{"N": content}, "F": int64(4),
	}
	for p := range 4 { // P=0 is a seal that certifies nothing
		good := seal(t, sealer(t, pki().Seal), raw, func(r *pades.SealRequest) { r.Certify = p })
		for name, tc := range map[string]struct {
			field pdf.Dict
			into  pdf.Ref
			ok    bool
		}{
			"invisible":         {ok: true},
			"a place, no looks": {field: pdf.Dict{"Rect": show["Rect"], "F": int64(4)}, ok: true},
			"a place and a color": {
				field: pdf.Dict{"Rect": show["Rect"], "F": int64(4), "MK": pdf.Dict{"BG": pdf.Array{int64(1)}}},
			},
			"over text": {field: show},
			"beside text": {
				field: pdf.Dict{"Rect": pdf.Array{int64(72), int64(600), int64(472), int64(640)}, "AP": show["AP"], "F": int64(4)},
				ok:    true,
			},
			"in a field, not visible": {into: pdf.Ref{Num: 31}, ok: true},
			"in a field, visible":     {field: pdf.Dict{"AP": pdf.Dict{"N": content}}, into: pdf.Ref{Num: 31}},
		} {
			bad := stampFile(t, good, tc.field, tc.into)
			if r := verify(t, bad); r.OK() != tc.ok {
				t.Errorf("P=%d, %s: OK is %v: %s %q", p, name, r.OK(), problems(r), r.Signatures[0].Changes)
			}
		}
	}
}
