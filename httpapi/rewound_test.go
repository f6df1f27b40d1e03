package httpapi_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"gocloud.dev/blob"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/embedded"
)

// restarted is h as its process would find it after a start.
func (h *house) restarted(t *testing.T, o embedded.Options) *house {
	t.Helper()
	again := &house{clock: h.clock, key: h.key, other: h.other, dir: h.dir}
	again.open(t, o)
	again.API = again.replica(t)
	return again
}

// rewound asks for everything that would call something authoritative.
func (h *house) rewound(t *testing.T, env, certificate, sha string) {
	t.Helper()
	at := "/partner/envelopes/" + env
	for _, path := range []string{
		at, at + "/status", at + "/vault/certificate", at + "/vault/certificate?serial=1", at + "/vault/custody-record.pdf",
		at + "/vault/signed-url", at + "/custody", at + "/copies",
		"/verify/" + sha, "/verify/certificate/" + certificate,
	} {
		h.do(t, "GET", path, nil).problem(503, "log_rewound")
	}
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Mallory"}}).problem(503, "log_rewound")
	h.do(t, "GET", "/partner/envelopes", nil).want(200).equal("data.0.envelope_id", env).equal("data.0.compliant", nil)
	h.do(t, "GET", at+"/compliance", nil).want(200).equal("data.compliance.compliant", false)
}

// TestRestoredDatabaseAnswersNothing: a database that is set back to a time before
// a release calls nothing authoritative, in a process that starts and in one that
// goes on.
func TestRestoredDatabaseAnswersNothing(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		h := newHouseOn(t, embedded.Options{DB: db})
		env := h.completed(t)
		at := "/partner/envelopes/" + env
		rec := h.do(t, "POST", at+"/vault-in-signed", obj{"jurisdiction": "US-NY"}).want(201)
		restore := testdb.Snapshot(t, db)
		h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Grace Hopper"}}).want(200)
		h.do(t, "GET", at+"/status", nil).want(200).equal("data.status", "released")
		restore()
		certificate, sha := rec.str("data.certificate_id"), rec.str("data.document_hash")
		h.restarted(t, embedded.Options{DB: db}).rewound(t, env, certificate, sha)
		time.Sleep(300 * time.Millisecond) // for which a running process may repeat its last answer
		h.rewound(t, env, certificate, sha)
	})
}

// TestAnchorsOfTheirOwn: with anchors in a place of their own a restore of
// database and documents together is found too.
func TestAnchorsOfTheirOwn(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, db *bun.DB) {
		anchors := folder(t)
		h := newHouseOn(t, embedded.Options{DB: db, Anchors: anchors})
		env := h.completed(t)
		at := "/partner/envelopes/" + env
		rec := h.do(t, "POST", at+"/vault-in-signed", obj{"jurisdiction": "US-NY"}).want(201)
		restore, blobs := testdb.Snapshot(t, db), os.DirFS(filepath.Join(h.dir, "blobs"))
		backup := t.TempDir()
		if err := os.CopyFS(backup, blobs); err != nil {
			t.Fatal(err)
		}
		h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Grace Hopper"}}).want(200)
		restore()
		if err := os.RemoveAll(filepath.Join(h.dir, "blobs")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(h.dir, "blobs"), os.DirFS(backup)); err != nil {
			t.Fatal(err)
		}
		certificate, sha := rec.str("data.certificate_id"), rec.str("data.document_hash")
		h.restarted(t, embedded.Options{DB: db, Anchors: anchors}).rewound(t, env, certificate, sha)
		// A place without the anchors of this log does not help.
		h.restarted(t, embedded.Options{DB: db, Anchors: folder(t)}).rewound(t, env, certificate, sha)
	})
}

func folder(t *testing.T) *blob.Bucket {
	t.Helper()
	b, err := blobstore.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// TestStatusRepeatsNoEditedResult: status and envelope call nothing compliant on the
// word of a row, be it edited or about an evaluation that is out of date.
func TestStatusRepeatsNoEditedResult(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	failed, old := h.vaulted(t), h.vaulted(t)
	edit := func(q string, args ...any) {
		t.Helper()
		if _, err := h.e.Store.Bun().DB.ExecContext(t.Context(), q, args...); err != nil {
			t.Fatal(err)
		}
	}
	says := func(env string, want any) {
		t.Helper()
		for _, at := range []string{"/partner/envelopes/" + env, "/partner/envelopes/" + env + "/status"} {
			h.do(t, "GET", at, nil).want(200).equal("data.compliant", want)
		}
	}
	says(failed, true)
	edit(`UPDATE evault_copies SET regime = 'ucc_9_105_2010' WHERE envelope_id = ?`, failed)
	h.do(t, "GET", "/partner/envelopes/"+failed+"/compliance", nil).want(200).equal("data.compliance.compliant", false)
	edit(`UPDATE evault_envelopes SET compliant = TRUE WHERE envelope_id = ?`, failed)
	says(failed, nil)

	h.clock.Advance(8 * 24 * time.Hour)
	says(old, nil)
	edit(`UPDATE evault_envelopes SET compliance_evaluated_at = ? WHERE envelope_id = ?`, h.clock.Now(), old)
	says(old, nil)
}
