package pades_test

import (
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// TestArchiveTimestampsCoverWhatTheyProve: a document time-stamp makes a signature last only if the revocation data on
// which the signature rests is under it, not any, and not what came after it (ETSI EN 319 142-1 §6.3, ETSI EN 319 102-1
// §5.6).
func TestArchiveTimestampsCoverWhatTheyProve(t *testing.T) {
	t.Parallel()
	other, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := other.Revocations().CRL(other.CA)
	if err != nil {
		t.Fatal(err)
	}
	noMore := extender(t, func(c *pades.ExtenderConfig) { c.Timestamper = nil })
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}))
	unrelated := increment(t, good, func(u *pdf.Update) {
		ref := u.Add(pdf.Dict{"CRLs": pdf.Array{u.AddStream(pdf.Dict{}, list)}})
		editCatalog(t, u, func(c pdf.Dict) { c["DSS"] = ref })
	})
	for name, tc := range map[string]struct {
		raw  []byte
		want string
	}{
		"over it":                     {stampFile(t, extendFile(t, noMore, good), nil, pdf.Ref{}), pades.LevelBLTA},
		"over something else":         {extendFile(t, noMore, stampFile(t, unrelated, nil, pdf.Ref{})), pades.LevelBLT},
		"over nothing":                {extendFile(t, noMore, stampFile(t, good, nil, pdf.Ref{})), pades.LevelBLT},
		"over it, extended once more": {extendFile(t, extender(t), extendFile(t, extender(t), good)), pades.LevelBLTA},
	} {
		r := verify(t, tc.raw)
		if got := r.Signatures[0].Level; !r.OK() || got != tc.want {
			t.Errorf("%s: got %s, want %s: %s", name, got, tc.want, problems(r))
		}
	}
}
