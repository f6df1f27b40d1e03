package compliance_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
)

// pausing is a blob store that runs between once, when an object of the kind is
// written: after a verb has read what it acts on, and before its transaction.
type pausing struct {
	storage.Blobs
	between atomic.Pointer[intrusion]
}

type intrusion struct {
	kind string // first segment of the object's name
	do   func()
}

func (p *pausing) Put(ctx context.Context, name string, content []byte) error {
	if i := p.between.Load(); i != nil && strings.HasPrefix(name, i.kind+"/") && p.between.CompareAndSwap(i, nil) {
		i.do()
	}
	return p.Blobs.Put(ctx, name, content)
}

// TestWhatIsJudgedIsWhatIsCommitted: two replicas on one database and one store.
// Between what one verb has read and its transaction, the other replica changes
// the envelope. Exactly one of the two succeeds, and envelope and vault name the
// same document afterwards.
func TestWhatIsJudgedIsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	rounds := testenv.Rounds(10) // of each case, on each database
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		p, o := &pausing{}, testworld.Options{DB: db, Dir: t.TempDir(), Clock: testworld.NewClock(start)}
		other := newWorldOn(testworld.NewBase(t, o))
		p.Blobs = other.Objects.Blobs
		w := newWorldOn(testworld.NewBase(t, o), func(s *setup) {
			d := &storage.Objects{Blobs: p, Rows: db.BlobRows(), Now: environ.Clock(o.Clock.Now)}
			s.ESign.Objects, s.Vault.Objects = d, d
		})
		for _, c := range interleavings {
			t.Run(c.name, func(t *testing.T) {
				for range rounds {
					id := c.make(other)
					before, err := w.ESign.Status(t.Context(), dealer.OrgID, id)
					check(t, err)
					var intruded error
					p.between.Store(&intrusion{c.pause, func() { intruded = c.intrude(other, id) }})
					err = c.verb(w, id, before.ETag())
					if p.between.Load() != nil {
						t.Fatal("nothing came between")
					}
					if intruded != nil || !c.refused(err) {
						t.Fatalf("the verb: %v; what came between: %v", err, intruded)
					}
					other.sameDocument(t, id)
				}
			})
		}
	})
}

var interleavings = []struct {
	name    string
	make    func(*world) string
	pause   string
	verb    func(w *world, id, etag string) error
	intrude func(w *world, id string) error
	refused func(error) bool
}{
	{"upload within vault-in", (*world).paper, "version", vaultInPlain, uploadAnother, is(esign.ErrDocumentChanged)},
	{"upload within vault-in by digest", (*world).paper, "version", vaultInByDigest, uploadAnother, is(esign.ErrDocumentChanged)},
	{"upload within vault-in by ETag", (*world).paper, "version", vaultInByETag, uploadAnother, is(esign.ErrPrecondition)},
	{"upload of equal bytes within vault-in by ETag", (*world).paper, "version", vaultInByETag, uploadAgain, is(esign.ErrPrecondition)},
	{"void within vault-in", (*world).paper, "version", vaultInPlain, void, is(esign.ErrState)},
	{"vault-in within upload", (*world).paper, "upload", uploadByETag(""), vaultInPlainly, is(esign.ErrState)},
	{"vault-in within upload by ETag", (*world).paper, "upload", uploadByETag("*"), vaultInPlainly, is(esign.ErrPrecondition)},
	{"upload within upload by ETag", (*world).paper, "upload", uploadByETag("*"), uploadAnother, is(esign.ErrPrecondition)},
	{"void within upload", (*world).paper, "upload", uploadByETag(""), void, is(esign.ErrState)},
	{"withdrawal within vault-in by ETag", func(w *world) string { return w.Completed() }, "version", vaultInByETag, withdraw, is(esign.ErrPrecondition)},
	{"download within vault-out by ETag", vaulted, "version", vaultOutByETag, download, is(esign.ErrPrecondition)},
}

func vaultInPlain(w *world, id, _ string) error {
	_, _, err := w.Handover.VaultIn(w.T.Context(), testworld.VaultInRequest(id))
	return err
}

func vaultInPlainly(w *world, id string) error { return vaultInPlain(w, id, "") }

func vaultInByDigest(w *world, id, _ string) error {
	r := testworld.VaultInRequest(id)
	c, err := w.ESign.Completion(w.T.Context(), dealer.OrgID, id)
	check(w.T, err)
	r.DocumentSHA256 = c.Object.SHA256
	_, _, err = w.Handover.VaultIn(w.T.Context(), r)
	return err
}

func vaultInByETag(w *world, id, etag string) error {
	r := testworld.VaultInRequest(id)
	r.IfMatch = etag
	_, _, err := w.Handover.VaultIn(w.T.Context(), r)
	return err
}

func vaultOutByETag(w *world, id, etag string) error {
	r := testworld.VaultOutRequest(id)
	r.IfMatch = etag
	_, err := w.Handover.VaultOut(w.T.Context(), r)
	return err
}

func upload(w *world, id, etag string, document []byte) error {
	_, _, err := w.ESign.Upload(w.T.Context(), esign.UploadRequest{
		OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor, Document: document, IfMatch: etag,
	})
	return err
}

// uploadByETag uploads another document; with an ETag only if the envelope has it.
func uploadByETag(which string) func(*world, string, string) error {
	return func(w *world, id, etag string) error {
		if which == "" {
			etag = ""
		}
		return upload(w, id, etag, testpdf.Simple(1, "Another "+w.Clock.Now().String()))
	}
}

func uploadAnother(w *world, id string) error { return uploadByETag("")(w, id, "") }

func uploadAgain(w *world, id string) error {
	c, err := w.ESign.Completion(w.T.Context(), dealer.OrgID, id)
	check(w.T, err)
	b, err := w.Objects.Read(w.T.Context(), c.Object)
	check(w.T, err)
	return upload(w, id, "", b)
}

func void(w *world, id string) error {
	_, err := w.ESign.Void(w.T.Context(), esign.VoidRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor, Reason: "a typing error"})
	return err
}

func withdraw(w *world, id string) error {
	links, err := w.ESign.SigningLinks(w.T.Context(), esign.LinksRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
	check(w.T, err)
	_, err = w.ESign.WithdrawConsent(w.T.Context(), esign.WithdrawRequest{Token: links[0].Token})
	return err
}

func vaulted(w *world) string {
	id := w.Completed()
	w.VaultIn(id)
	return id
}

func download(w *world, id string) error {
	_, err := w.Vault.ReadAuthoritative(w.T.Context(), vault.ReadRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
	check(w.T, err)
	return w.DB.ESign().InTx(w.T.Context(), func(ctx context.Context, s esign.Store) error { return w.touched(ctx, s.Tx(), id) })
}

// sameDocument holds envelope and vault against each other: a copy is of the
// document that the envelope names, and a live or released envelope has one.
func (w *world) sameDocument(t *testing.T, id string) {
	t.Helper()
	env, err := w.ESign.Envelope(t.Context(), dealer.OrgID, id)
	check(t, err)
	c, err := w.Vault.Original(t.Context(), dealer.OrgID, id)
	switch {
	case errors.Is(err, vault.ErrNotVaulted) && env.VaultedAt == nil && w.count(id, "vault.stored") == 0:
		return
	case err != nil:
		t.Fatalf("status %s, copy: %v", env.Status, err)
	}
	done, err := w.ESign.Completion(t.Context(), dealer.OrgID, id)
	check(t, err)
	if c.Source.Object.SHA256 != done.Object.SHA256 || env.DocumentHash != c.DocumentHash || string(env.Status) != string(c.Status) {
		t.Fatalf("the envelope, %s, has %s; the vault, %s, has %s", env.Status, done.Object.SHA256, c.Status, c.Source.Object.SHA256)
	}
	if e := w.evaluate(id); strings.Contains(failed(e.Result)["single_authoritative_copy"], "another document") {
		t.Fatal("the record names another document than the envelope")
	}
}
