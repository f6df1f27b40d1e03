package embedded_test

import (
	"testing"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
)

// TestDownloadTakesTheEvaluationBack: a download of the authoritative bytes is a
// new copy, so that what was evaluated before it is no answer any more, until the
// envelope is evaluated again.
func TestDownloadTakesTheEvaluationBack(t *testing.T) {
	t.Parallel()
	v := open(t, embedded.Options{Dir: t.TempDir()})
	org := lender(t, v)
	env, err := v.ESign.Create(t.Context(), contract(org, member(org)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signAll(t.Context(), v, org, env.ID, member(org)); err != nil {
		t.Fatal(err)
	}
	d, err := v.Depositor(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Handover.VaultIn(t.Context(), handover.VaultInRequest{EnvelopeID: env.ID, Depositor: d, Actor: member(org)}); err != nil {
		t.Fatal(err)
	}
	compliant := func() *bool {
		t.Helper()
		s, err := v.ESign.Status(t.Context(), org, env.ID)
		if err != nil {
			t.Fatal(err)
		}
		return s.Compliant
	}
	if c := compliant(); c == nil || !*c {
		t.Fatalf("after vault-in compliant is %v, want true", c)
	}
	read := vault.ReadRequest{OrgID: org, EnvelopeID: env.ID, Actor: member(org)}
	if _, err := v.Vault.ReadCopy(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	if c := compliant(); c == nil {
		t.Error("reading a marked copy took the evaluation back")
	}
	if _, err := v.Vault.ReadAuthoritative(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	if c := compliant(); c != nil {
		t.Errorf("after a download compliant is %v, want unknown", *c)
	}
	if n, err := v.Compliance.EvaluateDue(t.Context(), 10); err != nil || n != 1 {
		t.Fatalf("evaluated %d, %v; want 1", n, err)
	}
	if c := compliant(); c == nil || !*c {
		t.Errorf("evaluated anew compliant is %v, want true", c)
	}
}
