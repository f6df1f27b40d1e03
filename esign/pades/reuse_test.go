package pades_test

import (
	"hash"
	"reflect"
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
)

// TestKnownHashesAndParsedFiles: what the caller has hashed and parsed gives the same verdicts and the same seal, and
// what is of another file gives none that hold.
func TestKnownHashesAndParsedFiles(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	raw := testpdf.Contract(3)
	for range 3 {
		raw = seal(t, s, raw)
	}
	parse := func(b []byte) *pdf.Document {
		d, err := pdf.Open(b, pdf.Limits{Bytes: int64(len(b))})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	file := storage.NewContent(raw)
	verify := func(known func(int64) hash.Cloner, parsed pades.Parsed) (*pades.Report, error) {
		return pades.Verify(t.Context(), raw, pades.Options{Roots: pki().Roots(), Hashed: known, Parsed: parsed})
	}
	want, err := verify(nil, nil)
	if err != nil || !want.OK() || len(want.Signatures) != 3 {
		t.Fatalf("%+v, %v", want, err)
	}
	for name, parsed := range map[string]pades.Parsed{
		"nothing": nil, "this": parse(raw), "a part": parse(raw[:want.Signatures[1].SignedLen]),
		"another": parse(testpdf.Contract(2)),
	} {
		if got, err := verify(file.StateAt, parsed); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("parsed %s: got %+v, %v", name, got, err)
		}
	}
	wrong := storage.NewContent(testpdf.Sized(3, len(raw)+1000))
	if got, err := verify(wrong.StateAt, nil); err != nil ||
		slices.ContainsFunc(got.Signatures, pades.SignatureReport.OK) {
		t.Errorf("states of another file: got %+v, %v", got, err)
	}
	if _, err := verify(func(int64) hash.Cloner { return nil }, nil); err == nil {
		t.Error("no state: no error")
	}
	again, err := s.Seal(t.Context(), pades.SealRequest{PDF: raw, Hashed: file.State(), Parsed: parse(raw)})
	if err != nil {
		t.Fatal(err)
	}
	sealed := slices.Concat(raw, again.Appended)
	if r, err := pades.Verify(t.Context(), sealed, pades.Options{Roots: pki().Roots()}); err != nil || !r.OK() ||
		storage.Sum(sealed) != file.Append(again.Appended).SHA256() {
		t.Errorf("sealed again: %+v, %v", r, err)
	}
}
