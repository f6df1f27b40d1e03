package compliance_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// world is all engines on a real database and a real folder.
type world struct {
	t       testing.TB
	db      *sqlstore.DB
	dir     string
	objects *storage.Objects
	clock   *clock
	mail    *outbox // of a host that mails signing links
	sealer  *pades.Sealer
	pki     *testpki.PKI

	log      *translog.Log
	esign    *esign.Engine
	vault    *vault.Vault
	engine   *compliance.Engine
	handover *handover.Engine
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
	dealer    = handover.Depositor{OrgID: "org_dealer", LegalName: "Dealer Finance LLC", Capacity: vault.CapacityPrincipal}
	bank      = vault.Party{Name: "First Bank of Łódź", Identifier: "lei:549300", Email: "vault@bank.test"}
	operator  = vault.Party{Name: "Vault Operator Inc.", Identifier: "operator"}
	actor     = compliance.Actor{Kind: "key", ID: "key_1", OrgID: dealer.OrgID}
	agreement = &vault.Agreement{Reference: "Agency 7", Date: start, SHA256: storage.Sum([]byte("agency")), NotTransferor: true}
)

// setup is what a test may change before the engines are made.
type setup struct {
	esign      esign.Config
	log        translog.Config
	vault      vault.Config
	compliance compliance.Config
	handover   handover.Config
}

func newWorld(t testing.TB, edit ...func(*setup)) *world {
	t.Helper()
	return newWorldOn(t, &world{db: testdb.Open(t), dir: filepath.Join(t.TempDir(), "blobs"), clock: &clock{}}, edit...)
}

func newWorldOn(t testing.TB, w *world, edit ...func(*setup)) *world {
	t.Helper()
	p, err := pki()
	check(t, err)
	w.t, w.pki = t, p
	bucket, err := blobstore.OpenFolder(w.dir)
	check(t, err)
	t.Cleanup(func() { _ = bucket.Close() })
	blobs, err := blobstore.New(bucket, blobstore.Config{})
	check(t, err)
	w.objects = &storage.Objects{Blobs: blobs, Rows: w.db.BlobRows(), Now: environ.Clock(w.clock.now)}
	w.sealer, err = pades.New(pades.Config{Signer: p.Seal.Key, Chain: p.Seal.Chain, Now: w.clock.now})
	check(t, err)
	own, err := keyring.New(keyring.Certificate, key(4))
	check(t, err)
	seal, err := keyring.NewSeal(p.Seal.Chain, false)
	check(t, err)
	s := setup{
		esign: esign.Config{
			Store: w.db.ESign(), Objects: w.objects, Sealer: w.sealer, Env: storage.Env{Now: w.clock.now},
			LinkKeys: []esign.LinkKey{{ID: "k1", Secret: bytes.Repeat([]byte{9}, 32)}},
		},
		log: translog.Config{Store: w.db.Log(), Signer: key(1), Origin: "vault.test/log", Anchors: blobs, Env: storage.Env{Now: w.clock.now}},
		vault: vault.Config{
			Store: w.db.Vault(), Objects: w.objects, Sealer: w.sealer, StatementSigner: key(2), Roots: p.Roots(), Env: storage.Env{Now: w.clock.now},
			Custodian: &vault.Custodian{Party: operator, Signer: key(3), StandingAcknowledgmentSHA256: storage.Sum([]byte("standing"))},
		},
		compliance: compliance.Config{
			Store: w.db.Compliance(), Signer: key(4), Roots: p.Roots(), Objects: w.objects, Env: storage.Env{Now: w.clock.now},
			Keys: keyring.NewRing(own, seal), Version: "test",
		},
		handover: handover.Config{Store: w.db.Handover(), Env: storage.Env{Now: w.clock.now}},
	}
	for _, e := range edit {
		e(&s)
	}
	w.mail, _ = s.esign.Notifier.(*outbox)
	w.log, err = translog.New(s.log)
	check(t, err)
	s.vault.Log = w.log
	w.vault, err = vault.New(s.vault)
	check(t, err)
	w.esign, err = esign.New(s.esign)
	check(t, err)
	s.compliance.ESign, s.compliance.Vault, s.compliance.Log = w.esign, w.vault, w.log
	w.engine, err = compliance.New(s.compliance)
	check(t, err)
	s.handover.ESign, s.handover.Vault, s.handover.Compliance = w.esign, w.vault, w.engine
	w.handover, err = handover.New(s.handover)
	check(t, err)
	return w
}

// touched is what a host gives to the vault as vault.Config.Touched.
func (w *world) touched(ctx context.Context, tx storage.Tx, id string) error {
	return compliance.Touched(w.db.Compliance(), w.esign, w.clock.now)(ctx, tx, id)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// created is an envelope for two signers, sent.
func (w *world) created(edit ...func(*esign.CreateRequest)) *esign.Envelope {
	w.t.Helper()
	r := esign.CreateRequest{
		OrgID: dealer.OrgID, Actor: actor, CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer", CustomerID: "c-1",
		Document: testpdf.Contract(2), Filename: "contract.pdf", Send: true,
		Signers: []esign.SignerSpec{{Email: "ann@buyer.test", Name: "Ann Buyer"}, {Email: "bob@dealer.test", Name: "Bob Dealer"}},
	}
	for _, e := range edit {
		e(&r)
	}
	env, err := w.esign.Create(w.t.Context(), r)
	check(w.t, err)
	return env
}

// completed is an envelope that both have signed and that is sealed.
func (w *world) completed(edit ...func(*esign.CreateRequest)) string {
	w.t.Helper()
	env := w.created(edit...)
	w.signAll(env.ID)
	return env.ID
}

func (w *world) signAll(id string) { w.signAs(id, "") }

// signAs signs for everyone, each with the name given, or with their own.
func (w *world) signAs(id, name string) {
	w.t.Helper()
	ctx := w.t.Context()
	for range 2 {
		links, err := w.esign.SigningLinks(ctx, esign.LinksRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor, RemoteAddr: "192.0.2.1"})
		check(w.t, err)
		for _, l := range links {
			if l.Token != "" && l.Status != esign.SignerSigned {
				w.sign(l.Token, cmp.Or(name, l.Name))
			}
		}
	}
}

// sign reads, consents and signs by a link.
func (w *world) sign(token, name string) {
	w.t.Helper()
	ctx, c := w.t.Context(), esign.Client{Addr: "192.0.2.7", UserAgent: "test"}
	_, err := w.esign.Document(ctx, token, c)
	check(w.t, err)
	_, err = w.esign.Consent(ctx, esign.ConsentRequest{Token: token, DisclosureSHA256: esign.DefaultDisclosure().SHA256(), Client: c})
	check(w.t, err)
	_, err = w.esign.Sign(ctx, esign.SignRequest{
		Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: name}, Client: c,
	})
	check(w.t, err)
}

// signedByMail is an envelope whose signers had their links by mail alone.
func (w *world) signedByMail() string {
	w.t.Helper()
	env := w.created()
	_, err := w.esign.NotifyDue(w.t.Context(), 10)
	check(w.t, err)
	for _, n := range *w.mail {
		w.sign(n.URL, n.Name)
	}
	return env.ID
}

// vaultIn vaults what is complete, for the dealer itself.
func (w *world) vaultIn(id string, edit ...func(*handover.VaultInRequest)) *compliance.VaultRecord {
	w.t.Helper()
	r := w.request(id)
	for _, e := range edit {
		e(&r)
	}
	rec, created, err := w.handover.VaultIn(w.t.Context(), r)
	if err != nil || !created {
		w.t.Fatalf("vault in: created %t, %v", created, err)
	}
	return rec
}

func (w *world) request(id string) handover.VaultInRequest {
	return handover.VaultInRequest{
		EnvelopeID: id, Depositor: dealer, Regime: certificate.UCC9105of2022, Jurisdiction: "US-NY", Actor: actor,
		RequestID: "req_1", RequestSHA256: storage.Sum([]byte("request")),
	}
}

// paper is an uploaded paper envelope.
func (w *world) paper() string {
	w.t.Helper()
	return w.paperOf(testpdf.Simple(1, "Paper "+w.clock.now().String()))
}

func (w *world) paperOf(document []byte) string {
	w.t.Helper()
	env, err := w.esign.Create(w.t.Context(), esign.CreateRequest{
		OrgID: dealer.OrgID, Actor: actor, CustomerEmail: "ann@buyer.test", CustomerName: "Ann Buyer", EnvelopeKind: esign.KindPaper,
	})
	check(w.t, err)
	_, _, err = w.esign.Upload(w.t.Context(), esign.UploadRequest{
		OrgID: dealer.OrgID, EnvelopeID: env.ID, Actor: actor, Document: document,
	})
	check(w.t, err)
	return env.ID
}

func attestation() *vault.Attestation {
	return &vault.Attestation{
		AttestedBy: "Ann", Capacity: "Officer", SignedBy: []string{"Bob"}, Origin: "scan", PaperOriginal: "destroyed", Statement: "I saw it signed.",
	}
}

func (w *world) evaluate(id string) *compliance.Evaluation {
	w.t.Helper()
	e, err := w.engine.Evaluate(w.t.Context(), dealer.OrgID, id, actor)
	check(w.t, err)
	return e
}

// exec edits the database behind the engines' back.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	res, err := w.db.Bun().ExecContext(w.t.Context(), query, args...)
	check(w.t, err)
	if n, _ := res.RowsAffected(); n == 0 {
		w.t.Fatalf("%s touched no row", query)
	}
}

// blob rewrites an object's file behind the engines' back; nil deletes it.
func (w *world) blob(o storage.Object, edit func([]byte) []byte) {
	w.t.Helper()
	var path string
	err := filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(filepath.ToSlash(p), o.Name) {
			path = p
		}
		return err
	})
	if err != nil || path == "" {
		w.t.Fatalf("no file of %s: %v", o.Name, err)
	}
	b, err := os.ReadFile(path)
	check(w.t, err)
	check(w.t, os.Remove(path))
	if b = edit(b); b != nil {
		check(w.t, os.WriteFile(path, b, 0o600))
	}
}

func (w *world) versions(id string) []vault.Version {
	w.t.Helper()
	v, err := w.vault.Versions(w.t.Context(), dealer.OrgID, id)
	check(w.t, err)
	return v
}

func (w *world) events(id string) []vault.Event {
	w.t.Helper()
	e, err := w.db.Vault().Events(w.t.Context(), id)
	check(w.t, err)
	return e
}

func (w *world) count(id, kind string) (n int) {
	for _, e := range w.events(id) {
		if e.Type == kind {
			n++
		}
	}
	return n
}

func (w *world) keys() certificate.Keys {
	w.t.Helper()
	k, err := w.engine.Keys(w.t.Context())
	check(w.t, err)
	return k
}

// release hands the original of an envelope over.
func (w *world) release(id string) *vault.Release {
	w.t.Helper()
	r, err := w.handover.VaultOut(w.t.Context(), releaseRequest(id))
	check(w.t, err)
	return r
}

func releaseRequest(id string) handover.VaultOutRequest {
	return handover.VaultOutRequest{
		OrgID: dealer.OrgID, EnvelopeID: id, Reason: "payoff", Note: "paid in full", Actor: actor,
		RequestID: "req_2", RequestSHA256: storage.Sum([]byte("release")),
		Recipient: vault.Recipient{Name: "Cleo Smith", Organization: bank.Name, Email: "cleo@bank.test"},
	}
}

// failed returns the details of the checks that are not satisfied, by id.
func failed(r certificate.Result) map[string]string {
	out := map[string]string{}
	for _, c := range r.Checks {
		if c.Failed() {
			out[c.ID] = c.Detail
		}
	}
	return out
}
