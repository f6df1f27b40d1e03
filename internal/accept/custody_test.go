package accept_test

import (
	"bytes"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage/sqlite"
)

// edit changes rows of a running server's database, as its administrator could.
// What touches no row fails the test.
func (s *server) edit(t *testing.T, statements ...string) {
	t.Helper()
	open := func() (*sql.DB, error) { return sqlite.Open(filepath.Join(s.dir, "evault.db")) }
	if s.db != "" {
		open = func() (*sql.DB, error) { return sql.Open("pgx", s.db) }
	}
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range statements {
		r, err := db.ExecContext(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if n, _ := r.RowsAffected(); n == 0 {
			t.Fatalf("%s touched no row", q)
		}
	}
}

// original is a vaulted contract and what is known of it.
type original struct{ env, deposited, hash, certificate string }

func (c *client) original(name string) original {
	env := c.signed(testpdf.Simple(2, name), nil)
	rec := c.post("/partner/envelopes/"+env+"/vault-in-signed", nil).want(http.StatusCreated)
	return original{env, rec.str("data.deposited_sha256"), rec.str("data.document_hash"), rec.str("data.certificate_id")}
}

func recipient(name string) map[string]any {
	return map[string]any{"reason": "payoff", "recipient": map[string]any{"name": name}}
}

// release hands an original over and fetches the package.
func (c *client) release(o original) []byte {
	rel := c.post("/partner/envelopes/"+o.env+"/vault-out", recipient("R")).want(http.StatusOK)
	return c.with("").get(rel.str("data.package_url")).want(http.StatusOK).Body
}

// spent sees that a released original is handed out, released and called
// authoritative by no route.
func (c *client) spent(t *testing.T, o original) {
	t.Helper()
	at := "/partner/envelopes/" + o.env
	if a := c.get(at + "/vault/signed-url"); a.Status == http.StatusOK {
		if got := c.with("").get(a.str("data.signed_url")); got.Status == http.StatusOK {
			t.Errorf("the original was downloaded after its release")
		}
	}
	if a := c.post(at+"/vault-out", recipient("Another")); a.Status == http.StatusOK {
		t.Errorf("a second release: %s", a.Body)
	}
	if a := c.with("").get("/verify/" + o.hash); a.Status == http.StatusOK && a.str("data.state") == "authoritative" {
		t.Errorf("verify: %s", a.Body)
	}
	if a := c.get(at + "/vault/certificate"); a.Status == http.StatusOK && a.try("data.authoritative_copy.held_here") == true {
		t.Errorf("the newest certificate says that the original is here")
	}
	if a := c.with("").get("/verify/certificate/" + o.certificate); a.Status == http.StatusOK && a.str("data.state") == "current" {
		t.Errorf("the certificate of the deposit is called current")
	}
	if a := c.post(at+"/vault-in-signed", nil); a.Status < 400 {
		t.Errorf("vaulted again: %s", a.Body)
	}
}

// TestEditsBringNothingBack: rows edited and deleted after a release give no second
// one, whether the edits are of the copy alone or of every trace in the database.
func TestEditsBringNothingBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		for name, whole := range map[string]bool{"the copy's rows": false, "every trace": true} {
			o := c.original("Released, then edited: " + name)
			c.release(o)
			of := " WHERE envelope_id = '" + o.env + "'"
			copied := " WHERE copy_id = (SELECT copy_id FROM evault_copies" + of + ")"
			s.edit(t,
				`UPDATE evault_copies SET status = 'vaulted', released_at = NULL, version = 1,
					document_hash = (SELECT v.sha256 FROM evault_versions AS v WHERE v.copy_id = evault_copies.copy_id AND v.version = 1),
					size = (SELECT v.size FROM evault_versions AS v WHERE v.copy_id = evault_copies.copy_id AND v.version = 1)`+of,
				`UPDATE evault_envelopes SET status = 'vaulted', released_at = NULL, document_hash = '`+o.hash+`'`+of)
			if whole {
				s.edit(t,
					`DELETE FROM evault_releases`+of,
					`DELETE FROM evault_custody`+copied+` AND seq = 2`,
					`DELETE FROM evault_versions`+copied+` AND version = 2`,
					`DELETE FROM evault_claims`+copied+` AND version = 2`,
					`DELETE FROM evault_certificates`+of+` AND serial > 1`)
				since := `(SELECT seq FROM evault_events` + of + ` AND type = 'vault.released')`
				s.edit(t, `DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events`+of+` AND seq >= `+since+`)`,
					`DELETE FROM evault_events`+of+` AND seq >= `+since)
			}
			c.spent(t, o)
			if a := c.get("/partner/envelopes/" + o.env + "/compliance"); a.Status == http.StatusOK && a.try("data.compliance.compliant") == true {
				t.Errorf("%s: called compliant", name)
			}
		}
	})
}

// TestEditsDestroyNothing: rows that were edited while the original is here make
// the server neither delete it nor give its bytes to another organization.
func TestEditsDestroyNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		o := c.original("Here to stay")
		file := c.authoritative(o.env, o.hash)
		s.edit(t, `UPDATE evault_blobs SET state = 'staged', changed_at = '2020-01-01 00:00:00' WHERE sha256 = '`+o.hash+`'`,
			`DELETE FROM evault_claims WHERE envelope_id = '`+o.env+`'`)
		s.stop(t) // the sweep runs at the start
		again := start(t, s.dir, s.db)
		c = again.client(t, s.APIKey)
		time.Sleep(2 * time.Second)
		c.authoritative(o.env, o.hash)

		other := again.client(t, again.createKey(t, "org_other", allScopes))
		env := other.post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "Alan"}).
			want(http.StatusCreated).str("data.envelope_id")
		other.do(http.MethodPost, "/partner/envelopes/"+env+"/upload", file, header("Content-Type", "application/pdf")).want(http.StatusOK)
		other.post("/partner/envelopes/"+env+"/vault-in-upload", map[string]any{}).problem(http.StatusConflict, "not_an_original")
	})
}

// TestClaimEditsFreeNothing: claims of each kind that were deleted, from either
// table that has them, let nobody deposit a variant of the same paper.
func TestClaimEditsFreeNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		other := s.client(t, s.createKey(t, "org_other", allScopes))
		for _, table := range []string{"evault_claims", "evault_claim_witnesses"} {
			scan := testpdf.Simple(2, "Claimed in "+table)
			saved := append(bytes.Clone(scan), "% saved\n"...)
			env := c.paper(saved)
			c.post("/partner/envelopes/"+env+"/vault-in-upload", map[string]any{}).want(http.StatusCreated)
			copied := c.given(env, "copy/signed-url")
			for _, kind := range []string{"deposited", "revision", "pages"} {
				s.edit(t, "DELETE FROM "+table+" WHERE kind = '"+kind+"' AND copy_id = (SELECT copy_id FROM evault_copies WHERE envelope_id = '"+env+"')")
			}
			for name, file := range map[string][]byte{
				"itself": saved, "as it was before": scan, "without its last line end": bytes.TrimRight(scan, "\n"), "copy": copied,
				"saved again":            testpdf.Structured(testpdf.ObjectStreams, 2, "Claimed in "+table),
				"with something before":  append([]byte("% before\n"), scan...),
				"with another save more": append(bytes.Clone(saved), "% more\n"...),
			} {
				again := other.paper(file)
				if a := other.post("/partner/envelopes/"+again+"/vault-in-upload", map[string]any{}); a.Status != http.StatusConflict || a.try("code") != "not_an_original" {
					t.Errorf("%s: %s was deposited: %d %s", table, name, a.Status, a.Body)
				}
			}
		}
	})
}

// TestRestoresBringNothingBack: a database that was set back to before a release,
// alone or with every document, gives no second one. Where the documents are set
// back, too, the log's checkpoints have a place of their own.
func TestRestoresBringNothingBack(t *testing.T) {
	t.Parallel()
	for name, whole := range map[string]bool{"the database alone": false, "database and documents": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("sqlite", func(t *testing.T) { t.Parallel(); restored(t, "", whole) })
			t.Run("postgres", func(t *testing.T) { t.Parallel(); restored(t, postgres(t), whole) })
		})
	}
}

func restored(t *testing.T, db string, whole bool) {
	anchors, dir, before := "file://"+t.TempDir(), t.TempDir(), t.TempDir()
	s := start(t, dir, db, "-anchors", anchors)
	key := s.APIKey
	c := s.client(t, key)
	o := c.original("Restored")
	s.stop(t)
	copyTree(t, dir, before)
	old := ""
	if db != "" {
		old = cloned(t, db)
	}

	s = start(t, dir, db, "-anchors", anchors)
	s.client(t, key).release(o)
	s.stop(t)

	data := before // as it was, documents included
	if !whole {
		data = dir
		for _, f := range matching(t, before, "evault.db*") {
			copyFile(t, f, filepath.Join(dir, filepath.Base(f)))
		}
		for _, f := range matching(t, dir, "evault.db-*") {
			if _, err := os.Stat(filepath.Join(before, filepath.Base(f))); err != nil {
				_ = os.Remove(f)
			}
		}
	}
	s = start(t, data, old, "-anchors", anchors)
	c = s.client(t, key)
	c.spent(t, o)
	if a := c.get("/partner/envelopes/" + o.env + "/compliance"); a.Status == http.StatusOK && a.try("data.compliance.compliant") == true {
		t.Error("called compliant")
	}
}

// cloned is a copy of a PostgreSQL database that nothing is connected to.
func cloned(t *testing.T, dsn string) string {
	t.Helper()
	name := dsn[strings.LastIndex(dsn, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	copied := postgres(t) // an empty one, whose name is used
	to := copied[strings.LastIndex(copied, "/")+1:]
	to, _, _ = strings.Cut(to, "?")
	admin, err := sql.Open("pgx", os.Getenv("EVAULT_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, q := range []string{"DROP DATABASE " + to, "CREATE DATABASE " + to + " TEMPLATE " + name} {
		if _, err := admin.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	return copied
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(p string, d os.DirEntry, err error) error { // keys are 0600, which CopyFS loosens
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(p, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func matching(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}
