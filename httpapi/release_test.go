package httpapi_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"gocloud.dev/blob"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/storagetest"
)

// TestReleaseGoesOn: the process dies between the mark of a release in the blob
// store and its transaction. Nothing calls the copy authoritative any more, no other
// release follows, and the same request completes the one that was begun.
func TestReleaseGoesOn(t *testing.T) {
	t.Parallel()
	testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
		faults, dying, dead := &storagetest.Faults{}, atomic.Bool{}, map[int]storagetest.How{}
		for i := range 1000 {
			dead[i+1] = storagetest.Before
		}
		folder, err := blobstore.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = folder.Close() })
		bucket := testdb.Bucket(folder, func(call string, run func() error) error {
			err := faults.Do(call, run)
			if err == nil && call == "blob write" && dying.Load() {
				if _, none := folder.List(&blob.ListOptions{Prefix: "released/"}).Next(t.Context()); none == nil {
					dying.Store(false)
					faults.Arm(dead)
				}
			}
			return err
		})
		h := newHouseOn(t, embedded.Options{DB: open(t, faults.Connector), Bucket: bucket})
		env := h.vaulted(t)
		at := "/partner/envelopes/" + env
		before := h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url")
		held := h.do(t, "GET", at+"/vault/certificate", nil).want(200)
		sha, certificate := held.str("data.authoritative_copy.sha256"), held.str("data.certificate_id")
		request := obj{"reason": "payoff", "recipient": obj{"name": "Grace Hopper"}}

		dying.Store(true)
		if a := h.do(t, "POST", at+"/vault-out", request); a.Status != 503 || dying.Load() {
			t.Fatalf("the release was not interrupted: %d %s", a.Status, a.Body)
		}
		faults.Arm(nil)
		h.do(t, "GET", before, nil).problem(410, "released")
		h.do(t, "GET", at+"/vault/signed-url", nil).problem(410, "released")
		h.do(t, "GET", at+"/vault/certificate", nil).problem(409, "certificate_pending")
		h.do(t, "GET", at+"/vault/certificate?serial=1", nil).want(200)
		h.do(t, "GET", "/verify/"+sha, nil).want(200).equal("data.state", "superseded")
		h.do(t, "GET", "/verify/certificate/"+certificate, nil).want(200).equal("data.state", "superseded")
		h.do(t, "GET", at+"/compliance", nil).want(200).equal("data.compliance.compliant", false)
		h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Mallory"}}).problem(409, "already_released")

		h.do(t, "POST", at+"/vault-out", request).want(200).equal("data.status", "released").equal("data.delivery.state", "ready")
		h.do(t, "GET", at+"/vault/certificate", nil).want(200).equal("data.serial", 2).equal("data.authoritative_copy.held_here", false)
		h.do(t, "GET", "/verify/"+sha, nil).want(200).equal("data.state", "superseded")
		if n := h.events(t, env, "vault.released"); n != 1 {
			t.Errorf("%d events of the release, want 1", n)
		}
	})
}
