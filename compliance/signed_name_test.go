package compliance_test

import (
	"slices"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
)

// TestATypedSignatureThatIsNotTheName: another name is a finding, the same name
// written otherwise is none, and neither fails a check.
func TestATypedSignatureThatIsNotTheName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, typed string
		found       bool
	}{
		{"Ann Smith", "Somebody Else", true},
		{"Ann Smith", ".", true},
		{"Ann Smith", "Ann", true},
		{"Ann Smith", "ann  SMITH", false},
		{"Ann O'Neil-Smith", "Ann O’Neil Smith", false},
		{"Zo\u00eb", "Zoe\u0308", false},
	} {
		w := newWorld(t)
		env := w.Created(func(r *esign.CreateRequest) {
			r.Fields, r.Signers = nil, []esign.SignerSpec{{Email: "ann@example.com", Name: c.name}}
		})
		links, err := w.ESign.SigningLinks(t.Context(), esign.LinksRequest{OrgID: dealer.OrgID, EnvelopeID: env.ID, Actor: actor})
		check(t, err)
		token := links[0].Token
		_, err = w.ESign.Document(t.Context(), token, esign.Client{})
		check(t, err)
		_, err = w.ESign.Consent(t.Context(), esign.ConsentRequest{Token: token, DisclosureSHA256: esign.DefaultDisclosure().SHA256()})
		check(t, err)
		_, err = w.ESign.Sign(t.Context(), esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: c.typed}})
		check(t, err)
		result := w.evaluate(env.ID).Result
		found := slices.ContainsFunc(result.Findings, func(f certificate.Finding) bool { return f.ID == "signature_not_the_name" })
		if found != c.found {
			t.Errorf("%q signed as %q: finding %t, want %t", c.name, c.typed, found, c.found)
		}
	}
}
