package vault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/translog"
)

var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// world is a vault on a real database and a real folder.
type world struct {
	*vault.Vault
	t       testing.TB
	db      *sqlstore.DB
	objects *storage.Objects
	dir     string
	pki     *testpki.PKI
	sealer  *pades.Sealer
	log     *translog.Log
	clock   *clock
	config  vault.Config
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time {
	return start.Add(time.Duration(c.at.Add(int64(time.Millisecond))))
}

func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

var pki = sync.OnceValues(func() (*testpki.PKI, error) {
	return testpki.New(testpki.Options{Now: func() time.Time { return start }})
})

func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

var (
	org       = vault.Party{Name: "Dealer Finance LLC", Identifier: "org_dealer"}
	bank      = vault.Party{Name: "First Bank of Łódź", Identifier: "lei:549300", Email: "vault@bank.test"}
	operator  = vault.Party{Name: "Vault Operator Inc.", Identifier: "operator"}
	keyActor  = vault.Actor{Kind: "key", ID: "key_1"}
	agreement = &vault.Agreement{Reference: "Agency 7", Date: start, SHA256: storage.Sum([]byte("agency")), NotTransferor: true}
)

func newWorld(t testing.TB, edit ...func(*vault.Config)) *world {
	t.Helper()
	return newWorldOn(t, testdb.Open(t), edit...)
}

func newWorldOn(t testing.TB, db *sqlstore.DB, edit ...func(*vault.Config)) *world {
	t.Helper()
	return newFaultyWorld(t, db, &storagetest.Faults{}, edit...)
}

// newFaultyWorld is a vault whose blob store fails as f says.
func newFaultyWorld(t testing.TB, db *sqlstore.DB, f *storagetest.Faults, edit ...func(*vault.Config)) *world {
	t.Helper()
	p, err := pki()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, dir: filepath.Join(t.TempDir(), "blobs"), pki: p, clock: &clock{}}
	bucket, err := blobstore.OpenFolder(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	plain, err := blobstore.New(bucket, blobstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	blobs := f.Blobs(plain)
	w.objects = &storage.Objects{Blobs: blobs, Rows: db.BlobRows(), Now: environ.Clock(w.clock.now)}
	w.sealer, err = pades.New(pades.Config{Signer: p.Seal.Key, Chain: p.Seal.Chain, Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	w.log, err = translog.New(translog.Config{Store: db.Log(), Signer: key(1), Origin: "vault.test/log", Anchors: blobs, Env: storage.Env{Now: w.clock.now}})
	if err != nil {
		t.Fatal(err)
	}
	w.config = vault.Config{
		Store: db.Vault(), Objects: w.objects, Sealer: w.sealer, Log: w.log, StatementSigner: key(2), Roots: p.Roots(),
		Custodian: &vault.Custodian{Party: operator, Signer: key(3), StandingAcknowledgmentSHA256: storage.Sum([]byte("standing"))},
		Env:       storage.Env{Now: w.clock.now},
	}
	for _, e := range edit {
		e(&w.config)
	}
	if w.Vault, err = vault.New(w.config); err != nil {
		t.Fatal(err)
	}
	return w
}

// stored keeps bytes as esign keeps a completion or an upload.
func (w *world) stored(kind, env string, content []byte) storage.Object {
	w.t.Helper()
	o, err := w.objects.Stage(w.t.Context(), kind, env, content)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.db.Vault().InTx(w.t.Context(), func(ctx context.Context, s vault.Store) error {
		return s.LinkBlob(ctx, o.Name, w.clock.now())
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// completed is a contract as esign seals it.
func (w *world) completed(env string) (document, completion []byte) {
	w.t.Helper()
	document = testpdf.Simple(2, "Contract of "+env)
	s, err := w.sealer.Seal(w.t.Context(), pades.SealRequest{PDF: document, Reason: "Completed", At: w.clock.now()})
	if err != nil {
		w.t.Fatal(err)
	}
	return document, slices.Concat(document, s.Appended)
}

// request deposits what esign completed, for the organization itself.
func (w *world) request(env string) vault.DepositRequest {
	w.t.Helper()
	document, completion := w.completed(env)
	return w.requestFor(env, document, completion)
}

func (w *world) requestFor(env string, document, completion []byte) vault.DepositRequest {
	w.t.Helper()
	return vault.DepositRequest{
		EnvelopeID: env, OrgID: org.Identifier, OrgName: org.Name,
		Source: vault.Source{
			Kind: vault.SourceESign, Object: w.stored("completion", env, completion), DocumentSHA256: storage.Sum(document),
			Sealing: vault.Sealing{Mode: vault.SealingEmbedded}, Level: pades.LevelBB, Name: "Contract " + env,
		},
		Regime: "ucc_9_105_2022", RegimeBasis: "declared", Jurisdiction: "US-NY",
		Actor: keyActor, RequestID: "req_1", RequestSHA256: storage.Sum([]byte("request")),
	}
}

func (w *world) paper(env string, content []byte) vault.DepositRequest {
	w.t.Helper()
	r := w.requestFor(env, content, content)
	r.Source.Kind, r.Source.Level = vault.SourcePaper, ""
	r.Attestation = &vault.Attestation{
		AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"Bob"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
	}
	return r
}

func (w *world) deposit(r vault.DepositRequest) *vault.Copy {
	w.t.Helper()
	c, created, err := w.Deposit(w.t.Context(), r)
	if err != nil || !created {
		w.t.Fatalf("deposit %s: created %t, %v", r.EnvelopeID, created, err)
	}
	return c
}

func (w *world) bytesOf(o storage.Object) []byte {
	w.t.Helper()
	b, err := w.objects.Read(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) versions(env string) []vault.Version {
	w.t.Helper()
	vs, err := w.Versions(w.t.Context(), org.Identifier, env)
	if err != nil {
		w.t.Fatal(err)
	}
	return vs
}

// path finds an object's file.
func (w *world) path(o storage.Object) string {
	w.t.Helper()
	var found string
	err := filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(filepath.ToSlash(p), o.Name) {
			found = p
		}
		return err
	})
	if err != nil || found == "" {
		w.t.Fatalf("no file of %s: %v", o.Name, err)
	}
	return found
}

// flip alters one byte at rest.
func (w *world) flip(o storage.Object) {
	w.t.Helper()
	p := w.path(o)
	b, err := os.ReadFile(p)
	if err != nil {
		w.t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.Chmod(p, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(p, b, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) events(env string) []vault.Event {
	w.t.Helper()
	es, err := w.db.Vault().Events(w.t.Context(), env)
	if err != nil {
		w.t.Fatal(err)
	}
	return es
}

func (w *world) types(env string) (out []string) {
	w.t.Helper()
	for _, e := range w.events(env) {
		out = append(out, e.Type)
	}
	return out
}

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

func read(env string) vault.ReadRequest {
	return vault.ReadRequest{OrgID: org.Identifier, EnvelopeID: env, Actor: keyActor, RemoteAddr: "192.0.2.1"}
}

func release(env string) vault.ReleaseRequest {
	return vault.ReleaseRequest{
		OrgID: org.Identifier, EnvelopeID: env, Reason: "payoff", Note: "paid in full",
		Recipient: vault.Recipient{Name: "Cleo Smith", Organization: "First Bank of Łódź", Email: "cleo@bank.test"}, Actor: keyActor,
	}
}

func failing[T any](context.Context, storage.Tx, *T) error { return errAlso }

var errAlso = fmt.Errorf("the host's own row")

func sumOf(s string) string { return string(storage.Sum([]byte(s))) }
