package embedded_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// hand releases an envelope and acknowledges its package.
func hand(t *testing.T, v *embedded.Embedded, org, id string, acknowledge bool) {
	t.Helper()
	ctx := t.Context()
	_, err := v.Handover.VaultOut(ctx, handover.VaultOutRequest{
		OrgID: org, EnvelopeID: id, Reason: "payoff", Recipient: custody.Recipient{Name: "Grace Hopper"}, Actor: me,
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := v.Vault.ReadPackage(ctx, vault.ReadRequest{OrgID: org, EnvelopeID: id, Actor: me})
	if err != nil {
		t.Fatal(err)
	}
	if !acknowledge {
		return
	}
	_, err = v.Vault.Acknowledge(ctx, vault.AcknowledgeRequest{OrgID: org, EnvelopeID: id, SHA256: f.SHA256, Actor: me})
	if err != nil {
		t.Fatal(err)
	}
}

// objects lists what the bucket holds of documents, by kind.
func objects(t *testing.T, v *embedded.Embedded) []string {
	t.Helper()
	var names, held []string
	if err := v.Store.Bun().NewSelect().TableExpr("evault_blobs").Column("name").OrderExpr("name").Scan(t.Context(), &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		r, err := v.Objects.Blobs.Open(t.Context(), name)
		if errors.Is(err, storage.ErrBlobMissing) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		held = append(held, name)
	}
	return held
}

func kinds(names []string) []string {
	var out []string
	for _, n := range names {
		kind, _, _ := strings.Cut(n, "/")
		out = append(out, kind)
	}
	return slices.Compact(out)
}

// TestDisposalIsWhole: after release, acknowledgment and grace nothing unmarked of
// an e-sign document or of a paper is in the bucket; the record and the marked
// copies stay.
func TestDisposalIsWhole(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		at := time.Now()
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db, Env: storage.Env{Now: func() time.Time { return at }}})
		org := lender(t, v)
		ids := []string{vaulted(t, v, org), vaultedPaper(t, v, org)}
		live := vaulted(t, v, org)
		for _, id := range ids {
			hand(t, v, org, id, true)
		}
		at = at.Add(31 * 24 * time.Hour)
		v.RunOnce(t.Context())
		v.RunOnce(t.Context())

		var kept []string
		for _, name := range objects(t, v) {
			if !strings.HasPrefix(name, "signer") && !ownedBy(t, v, org, live, name) {
				kept = append(kept, name)
			}
		}
		if got := kinds(kept); !slices.Equal(got, []string{"marked"}) {
			t.Errorf("the bucket holds %q", kept)
		}
		for _, id := range ids {
			if _, err := v.Vault.ReadCopy(t.Context(), vault.ReadRequest{OrgID: org, EnvelopeID: id, Actor: me}); err != nil {
				t.Errorf("marked copy: %v", err)
			}
			if env, err := v.ESign.Envelope(t.Context(), org, id); err != nil || env.Status != esign.StatusReleased || env.Document.Object.SHA256 == "" {
				t.Errorf("record: %v", err)
			}
			d, err := v.Depositor(t.Context(), org)
			if err != nil {
				t.Fatal(err)
			}
			r := handover.VaultInRequest{EnvelopeID: id, Depositor: d, Actor: me}
			if _, _, err := v.Handover.VaultIn(t.Context(), r); !errors.Is(err, vault.ErrReleased) {
				t.Errorf("vaulted again: got %v, want ErrReleased", err)
			}
			if c, err := v.Compliance.Certificate(t.Context(), org, id, 0); err != nil || c.Subject.Status != "released" {
				t.Errorf("certificate: %v", err)
			}
		}
		if got := compliant(t, v, org, live); got != "true" {
			t.Errorf("the live one: compliant is %s", got)
		}
		if _, err := v.Vault.ReadAuthoritative(t.Context(), vault.ReadRequest{OrgID: org, EnvelopeID: live, Actor: me}); err != nil {
			t.Errorf("the live one: %v", err)
		}
	})
}

// ownedBy reports whether an object is one of a vaulted e-sign envelope.
func ownedBy(t *testing.T, v *embedded.Embedded, org, id, name string) bool {
	t.Helper()
	env, err := v.ESign.Envelope(t.Context(), org, id)
	if err != nil {
		t.Fatal(err)
	}
	versions, err := v.Vault.Versions(t.Context(), org, id)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{env.Document.Object.Name, env.Sealed.Object.Name, versions[0].Object.Name}
	for _, p := range env.Parts {
		names = append(names, p.Object.Name)
	}
	return slices.Contains(names, name)
}

// TestDeletionNeedsTheAcknowledgment: a date written into the row of a release
// deletes nothing; the event of the acknowledgment does, after its grace.
func TestDeletionNeedsTheAcknowledgment(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		at := time.Now()
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db, Env: storage.Env{Now: func() time.Time { return at }}})
		org := lender(t, v)
		never, early := vaulted(t, v, org), vaulted(t, v, org)
		hand(t, v, org, never, false)
		hand(t, v, org, early, true)
		before := objects(t, v)
		for _, set := range []string{
			"delete_after = '2020-01-01 00:00:00+00:00'",
			"delete_after = '2020-01-01 00:00:00+00:00', acknowledged_at = '2019-01-01 00:00:00+00:00'",
		} {
			if _, err := db.ExecContext(t.Context(), "UPDATE evault_releases SET "+set); err != nil {
				t.Fatal(err)
			}
			if n, err := v.Vault.DeleteDue(t.Context(), 10); n != 0 || err != nil {
				t.Errorf("%s: deleted %d, %v", set, n, err)
			}
			if n, err := v.Vault.DeleteDue(t.Context(), 10); n != 0 || err != nil {
				t.Errorf("%s: deleted %d, %v", set, n, err)
			}
		}
		at = at.Add(29 * 24 * time.Hour)
		v.RunOnce(t.Context())
		if got := objects(t, v); !slices.Equal(got, before) {
			t.Errorf("got %q, want %q", got, before)
		}
		at = at.Add(2 * 24 * time.Hour)
		if n, err := v.Vault.DeleteDue(t.Context(), 10); n != 1 || err != nil {
			t.Errorf("after the grace: deleted %d, %v; want the one that was acknowledged", n, err)
		}
	})
}

// owns are the columns that name objects and keep them, with the reason for those
// that do not.
var owns = map[string]string{
	"evault_envelopes.sealed_object":  "",
	"evault_template_versions.object": "",
	"evault_documents.object":         "",
	"evault_parts.object":             "",
	"evault_signer_copies.object":     "",
	"evault_copies.source_object":     "",
	"evault_versions.object":          "",
	"evault_copy_register.object":     "",
	"evault_releases.package_object":  "",
	"evault_tamperings.object":        "is about an object that another row owns",
	"evault_blobs.name":               "is the row of the object itself",
}

// TestEditedBlobRowsDestroyNothing: what the row of an object says of itself, after
// an edit or a fault, deletes nothing that a row of another table names.
func TestEditedBlobRowsDestroyNothing(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db})
		org := lender(t, v)
		vaulted(t, v, org)
		vaultedPaper(t, v, org)
		hand(t, v, org, vaulted(t, v, org), false)
		before := objects(t, v)
		for _, state := range []string{"staged", "condemned"} {
			_, err := db.ExecContext(t.Context(), "UPDATE evault_blobs SET state = ?, changed_at = '2020-01-01 00:00:00+00:00'", state)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if n, err := v.Objects.Sweep(t.Context(), 1000); n != 0 || err != nil {
					t.Errorf("%s: swept %d, %v", state, n, err)
				}
			}
			if got := objects(t, v); !slices.Equal(got, before) {
				t.Errorf("%s: got %q, want %q", state, got, before)
			}
		}
		// A second edit, of the only row that names a version, does not help either.
		if _, err := db.ExecContext(t.Context(), "UPDATE evault_versions SET object = 'elsewhere'"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if n, err := v.Objects.Sweep(t.Context(), 1000); n != 0 || err != nil {
				t.Errorf("versions: swept %d, %v", n, err)
			}
		}
	})
}

// TestEveryColumnKeepsItsObject walks every column that names an object: alone it
// keeps an object whose own row was edited; emptied it lets it go.
func TestEveryColumnKeepsItsObject(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		v := open(t, embedded.Options{Dir: t.TempDir(), DB: db})
		ctx, org := t.Context(), lender(t, v)
		vaulted(t, v, org)
		hand(t, v, org, vaulted(t, v, org), false)
		blank := esign.LayoutRequest{Document: testpdf.Simple(1, "Lease")}
		if _, err := v.Templates.Create(ctx, template.CreateRequest{OrgID: org, Actor: me, LayoutRequest: blank}); err != nil {
			t.Fatal(err)
		}
		for _, column := range columns(t, db) {
			reason, known := owns[column]
			table, name, _ := strings.Cut(column, ".")
			if !known && strings.Contains(name, "object") {
				t.Errorf("%s: say in owns whether it keeps its object", column)
			}
			if !known || reason != "" {
				continue
			}
			o, err := v.Objects.Stage(ctx, "probe", strings.ReplaceAll(column, ".", "-"), []byte(column))
			if err != nil {
				t.Fatal(err)
			}
			set := func(to string) {
				t.Helper()
				if _, err := db.ExecContext(ctx, "UPDATE "+table+" SET "+name+" = ?", to); err != nil {
					t.Fatal(err)
				}
				if _, err := db.ExecContext(ctx, "UPDATE evault_blobs SET changed_at = '2020-01-01 00:00:00+00:00' WHERE name = ?", o.Name); err != nil {
					t.Fatal(err)
				}
				if _, err := v.Objects.Sweep(ctx, 1000); err != nil {
					t.Fatal(err)
				}
			}
			held := func() bool {
				_, err := v.Objects.Read(ctx, o)
				return err == nil
			}
			if set(o.Name); !held() {
				t.Errorf("%s names an object that was swept", column)
			}
			if set(""); held() {
				t.Errorf("%s: the test sweeps nothing", column)
			}
		}
	})
}

// columns lists all columns, table.column.
func columns(t *testing.T, db *bun.DB) []string {
	t.Helper()
	query := `SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name LIKE 'evault%'`
	if db.Dialect().Name().String() == "pg" {
		query = `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()`
	}
	var names []string
	if err := db.NewRaw(query).Scan(t.Context(), &names); err != nil || len(names) < 100 {
		t.Fatalf("found %d columns, %v", len(names), err)
	}
	return names
}

// locked is a bucket that keeps some objects for ever.
type locked struct {
	storage.Blobs
	name string
}

func (l locked) Delete(ctx context.Context, name string) error {
	if name == l.name {
		return errors.New("object is locked")
	}
	return l.Blobs.Delete(ctx, name)
}

// TestLockedObjectKeepsNoOtherWaiting: the sweep goes on behind an object that it
// cannot delete, and asks for that one an hour later again.
func TestLockedObjectKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	at := time.Now()
	v := open(t, embedded.Options{Dir: t.TempDir(), Env: storage.Env{Now: func() time.Time { return at }}})
	var names []string
	for _, content := range []string{"a", "b"} {
		o, err := v.Objects.Stage(t.Context(), "probe", content, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, o.Name)
	}
	at = at.Add(25 * time.Hour)
	objects := *v.Objects
	objects.Blobs = locked{v.Objects.Blobs, names[0]}
	if n, err := objects.Sweep(t.Context(), 10); n != 1 || err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %d, %v; want 1 and the error", n, err)
	}
	if n, err := objects.Sweep(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("at once again: got %d, %v", n, err)
	}
	at = at.Add(2 * time.Hour)
	if n, err := v.Objects.Sweep(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("unlocked: got %d, %v; want 1", n, err)
	}
}

// vaultedPaper returns an envelope whose uploaded paper is in the vault.
func vaultedPaper(t *testing.T, v *embedded.Embedded, org string) string {
	t.Helper()
	ctx := t.Context()
	env, err := v.ESign.Create(ctx, esign.CreateRequest{
		OrgID: org, Actor: me, CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer", EnvelopeKind: esign.KindPaper,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = v.ESign.Upload(ctx, esign.UploadRequest{OrgID: org, EnvelopeID: env.ID, Actor: me, Document: testpdf.Simple(1, "Paper "+env.ID)})
	if err != nil {
		t.Fatal(err)
	}
	d, err := v.Depositor(ctx, org)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = v.Handover.VaultIn(ctx, handover.VaultInRequest{EnvelopeID: env.ID, Depositor: d, Actor: me, Attestation: &custody.Attestation{
		AttestedBy: "Ann Clerk", Capacity: "Officer", SignedBy: []string{"Bob Buyer"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return env.ID
}
