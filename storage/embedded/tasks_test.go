package embedded_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
)

// calledByAnother are the verbs whose work another verb does.
var calledByAnother = map[string]string{"Packages": "Handover", "Certify": "Handover"}

// TestEveryDueVerbIsATask: each exported method …Due of an engine is called in
// the background.
func TestEveryDueVerbIsATask(t *testing.T) {
	t.Parallel()
	v := open(t, embedded.Options{Dir: t.TempDir()})
	tasks := v.TaskNames()
	verbs := 0
	for _, engine := range []any{v.ESign, v.Vault, v.Compliance, v.Handover, v.Log, v.Scopes, v.Objects} {
		typ := reflect.TypeOf(engine)
		for i := range typ.NumMethod() {
			verb, due := strings.CutSuffix(typ.Method(i).Name, "Due")
			if !due {
				continue
			}
			verbs++
			if by, ok := calledByAnother[verb]; ok {
				verb = by
			}
			if !slices.Contains(tasks, strings.ToLower(verb)) {
				t.Errorf("%v.%sDue is in no task", typ, verb)
			}
		}
	}
	if verbs < 8 {
		t.Errorf("found %d verbs, want 8 or more", verbs)
	}
}

// vaulted returns an envelope whose completion is in the vault.
func vaulted(t *testing.T, v *embedded.Embedded, org string) string {
	t.Helper()
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
	return env.ID
}

func compliant(t *testing.T, v *embedded.Embedded, org, id string) string {
	t.Helper()
	s, err := v.ESign.Status(t.Context(), org, id)
	switch {
	case err != nil:
		t.Fatal(err)
	case s.Compliant == nil:
		return "unknown"
	case *s.Compliant:
		return "true"
	}
	return "false"
}

func inspect(t *testing.T, v *embedded.Embedded, org, id string) {
	t.Helper()
	if _, err := v.Vault.ReadAuthoritative(t.Context(), vault.ReadRequest{OrgID: org, EnvelopeID: id, Actor: member(org)}); err != nil {
		t.Fatal(err)
	}
	if got := compliant(t, v, org, id); got != "unknown" {
		t.Fatalf("after a download compliant is %s, want unknown", got)
	}
}

// TestInspectionIsEvaluated: after a download of the authoritative bytes the next
// round of the background evaluates the envelope anew.
func TestInspectionIsEvaluated(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db})
		org := lender(t, v)
		id := vaulted(t, v, org)
		inspect(t, v, org, id)
		v.RunOnce(t.Context())
		if got := compliant(t, v, org, id); got != "true" {
			t.Errorf("after one round compliant is %s, want true", got)
		}
	})
}

// TestEvaluationThatFailsKeepsNoOtherWaiting: an envelope that cannot be
// evaluated is tried again later; those after it are evaluated now.
func TestEvaluationThatFailsKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db})
		org := lender(t, v)
		first, second := vaulted(t, v, org), vaulted(t, v, org)
		inspect(t, v, org, first)
		inspect(t, v, org, second)
		if _, err := db.Exec("UPDATE evault_copies SET seal = 'not JSON' WHERE envelope_id = ?", first); err != nil {
			t.Fatal(err)
		}
		if n, err := v.Compliance.EvaluateDue(t.Context(), 10); n != 1 || err != nil {
			t.Errorf("got %d, %v; want 1", n, err)
		}
		if a, b := compliant(t, v, org, first), compliant(t, v, org, second); a != "unknown" || b != "true" {
			t.Errorf("got %s and %s, want unknown and true", a, b)
		}
		if n, err := v.Compliance.EvaluateDue(t.Context(), 10); n != 0 || err != nil {
			t.Errorf("at once again: got %d, %v; want 0", n, err)
		}
	})
}
