package compliance_test

import (
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
)

// TestStepUpIsShown: a signature that asked for a code counts where an event says that
// the code was shown. A row that was edited to say so, or to ask for no code, does not.
func TestStepUpIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit string
		want bool
	}{
		"the code is shown":    {"", true},
		"the row says so":      {`UPDATE evault_signers SET step_up = '{"passed_at":"` + "2099-01-01T00:00:00Z" + `"}'`, false},
		"the row asks nothing": {`UPDATE evault_signers SET auth = 'link'`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			env := w.Created(func(r *esign.CreateRequest) {
				r.Fields, r.Signers = nil, []esign.SignerSpec{{Email: "ann@example.com", Name: "Ann", Auth: esign.AuthAccessCode, AccessCode: "Maple 42"}}
			})
			links, err := w.ESign.SigningLinks(t.Context(), esign.LinksRequest{OrgID: dealer.OrgID, EnvelopeID: env.ID, Actor: actor})
			check(t, err)
			if c.edit == "" {
				_, err = w.ESign.Authenticate(t.Context(), esign.AuthRequest{Token: links[0].Token, Code: "Maple 42"})
				check(t, err)
			} else {
				w.Exec(c.edit)
			}
			w.Sign(links[0].Token, "Ann")
			for _, got := range w.evaluate(env.ID).Result.Checks {
				if got.ID == certificate.RequiredSignatures && (got.Satisfied == nil || *got.Satisfied != c.want) {
					t.Errorf("%+v, want satisfied %t", got, c.want)
				}
			}
		})
	}
}
