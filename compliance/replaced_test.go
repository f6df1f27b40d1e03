package compliance_test

import (
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testworld"
)

// TestReplacedSigners: who was put in another's place, by the sender or by that person,
// signed as the events say; a record that names somebody else fails.
func TestReplacedSigners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	env := w.Created(func(r *esign.CreateRequest) { r.Signers[1].Delegate = true })
	email, name := "grace@buyer.test", "Grace Hopper"
	_, err := w.ESign.CorrectSigner(t.Context(), esign.CorrectRequest{
		OrgID: env.OrgID, EnvelopeID: env.ID, SignerID: env.Signers[0].ID, Actor: actor, Email: &email, Name: &name,
	})
	testworld.Check(t, err)
	token, err := w.ESign.SignerToken(t.Context(), env.OrgID, env.ID, env.Signers[1].ID)
	testworld.Check(t, err)
	_, err = w.ESign.Delegate(t.Context(), esign.DelegateRequest{Token: token, Email: "joan@dealer.test", Name: "Joan Clarke"})
	testworld.Check(t, err)
	w.SignAll(env.ID, "")
	w.VaultIn(env.ID)
	if got := failed(w.evaluate(env.ID).Result); len(got) != 0 {
		t.Errorf("failed: %v", got)
	}
	w.Exec("UPDATE evault_signers SET name = 'Ann Buyer', email = 'ann@buyer.test' WHERE signer_id = ?", env.Signers[0].ID)
	if got := failed(w.evaluate(env.ID).Result); got[certificate.RequiredSignatures] == "" {
		t.Errorf("a record that names who was replaced: failed %v", got)
	}
}
