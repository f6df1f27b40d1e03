package embedded_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault/custody"
)

// TestNoDueWorkStarves: with a batch of one, what cannot be done goes behind what
// can, in every kind of due work.
func TestNoDueWorkStarves(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		at := time.Now()
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db, Env: storage.Env{Now: func() time.Time { return at }}})
		ctx, org := t.Context(), lender(t, v)
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := db.ExecContext(ctx, query, args...); err != nil {
				t.Fatal(err)
			}
		}
		t.Run("integrity", func(t *testing.T) {
			bad, good := vaulted(t, v, org), vaulted(t, v, org)
			exec("UPDATE evault_copies SET seal = 'not JSON' WHERE envelope_id = ?", bad)
			at = at.Add(25 * time.Hour)
			var checked []string
			for range 3 {
				found, err := v.Vault.IntegrityDue(ctx, 1)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range found {
					checked = append(checked, i.EnvelopeID)
				}
			}
			if fmt.Sprint(checked) != fmt.Sprint([]string{good}) {
				t.Errorf("checked %q, want %q", checked, good)
			}
		})
		t.Run("packages", func(t *testing.T) {
			out := func() string {
				id := vaulted(t, v, org)
				_, err := v.Handover.VaultOut(ctx, handover.VaultOutRequest{
					OrgID: org, EnvelopeID: id, Reason: "payoff", Recipient: custody.Recipient{Name: "Grace Hopper"}, Actor: me,
				})
				if err != nil {
					t.Fatal(err)
				}
				return id
			}
			bad, good := out(), out()
			// As if the process had died before it built them.
			for _, id := range []string{bad, good} {
				exec("UPDATE evault_releases SET package_object = NULL, package_due_at = released_at WHERE envelope_id = ?", id)
			}
			exec("UPDATE evault_versions SET object = 'nowhere' WHERE copy_id = (SELECT copy_id FROM evault_copies WHERE envelope_id = ?)", bad)
			at = at.Add(time.Minute)
			for range 3 {
				if _, err := v.Handover.HandoverDue(ctx, 1); err != nil {
					t.Fatal(err)
				}
			}
			if r, err := v.Vault.Released(ctx, org, good); err != nil || r.Package == nil {
				t.Errorf("the package that can be built was not: %v", err)
			}
			if r, err := v.Vault.Released(ctx, org, bad); err != nil || r.Package != nil {
				t.Errorf("the package that cannot be built was: %v", err)
			}
		})
		t.Run("auto_vault", func(t *testing.T) {
			completed := func(org string) string {
				r := contract(org, me)
				r.AutoVault = true
				env, err := v.ESign.Create(ctx, r)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := signAll(ctx, v, org, env.ID, me); err != nil {
					t.Fatal(err)
				}
				return env.ID
			}
			gone, err := v.Scopes.CreateOrganization(ctx, scopes.Organization{LegalName: "Gone Lender LLC"})
			if err != nil {
				t.Fatal(err)
			}
			bad, good := completed(gone.ID), completed(org)
			exec("DELETE FROM evault_organizations WHERE org_id = ?", gone.ID)
			at = at.Add(time.Minute)
			for range 3 {
				if _, err := v.Handover.HandoverDue(ctx, 1); err != nil {
					t.Fatal(err)
				}
			}
			for id, want := range map[string]esign.Status{bad: esign.StatusCompleted, good: esign.StatusVaulted} {
				var status esign.Status
				if err := db.NewRaw("SELECT status FROM evault_envelopes WHERE envelope_id = ?", id).Scan(ctx, &status); err != nil || status != want {
					t.Errorf("got %s, %v; want %s", status, err, want)
				}
			}
			var waiting int
			if err := db.NewRaw("SELECT COUNT(*) FROM evault_envelopes WHERE vault_due_at IS NOT NULL").Scan(ctx, &waiting); err != nil || waiting != 1 {
				t.Errorf("%d envelopes wait to be vaulted, %v; want the one that failed", waiting, err)
			}
		})
	})
}
