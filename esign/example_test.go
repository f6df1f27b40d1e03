package esign_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"gocloud.dev/blob/memblob"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/mail"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// host is what a host brings: a database, a bucket and keys.
type host struct {
	db     *bun.DB
	engine *esign.Engine
	end    func()
}

// console prints whom the engine tells what.
type console struct{}

func (console) Notify(_ context.Context, n esign.Notice) error {
	fmt.Printf("%s: %s\n", n.Name, n.Kind)
	return nil
}

func newHost() host {
	dir, err := os.MkdirTemp("", "esign")
	must(err)
	raw, err := sqlite.Open(filepath.Join(dir, "host.db"))
	must(err)
	db := bun.NewDB(raw, sqlitedialect.New())
	stores, err := sqlstore.New(db)
	must(err)
	must(stores.Migrate(context.Background()))
	bucket := memblob.OpenBucket(nil)
	blobs, err := blobstore.New(bucket, blobstore.Config{})
	must(err)
	id, err := testpki.SelfSigned("Example Seal", time.Now())
	must(err)
	sealer, err := pades.New(pades.Config{Signer: id.Key, Chain: id.Chain})
	must(err)
	secret := make([]byte, 32)
	_, err = rand.Read(secret)
	must(err)
	engine, err := esign.New(esign.Config{
		Store:      stores.ESign(),
		Objects:    &storage.Objects{Blobs: blobs, Rows: stores.BlobRows(), Now: time.Now},
		Sealer:     sealer,
		LinkKeys:   []esign.LinkKey{{ID: "2026", Secret: secret}},
		Notifier:   console{},
		SigningURL: func(token string) string { return "https://host.example/sign/" + token },
	})
	must(err)
	return host{db, engine, func() { db.Close(); bucket.Close(); os.RemoveAll(dir) }}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func create(ctx context.Context, e *esign.Engine) *esign.Envelope {
	env, err := e.Create(ctx, esign.CreateRequest{
		OrgID: "org_dealer", Actor: esign.Actor{Kind: "key", ID: "key_1"},
		CustomerEmail: "ada@example.com", CustomerName: "Ada Byron",
		Document: testpdf.Contract(2), Filename: "contract.pdf", Send: true,
	})
	must(err)
	return env
}

func link(ctx context.Context, e *esign.Engine, envelopeID string) string {
	links, err := e.SigningLinks(ctx, esign.LinksRequest{OrgID: "org_dealer", EnvelopeID: envelopeID, Actor: esign.Actor{Kind: "key", ID: "key_1"}})
	must(err)
	return links[0].Token
}

// sign is what a signer does, in order.
func sign(ctx context.Context, e *esign.Engine, token string) *esign.SignerResult {
	client := esign.Client{Addr: "192.0.2.1", UserAgent: "example"}
	session, err := e.Session(ctx, token, client)
	must(err)
	_, err = e.Document(ctx, token, client) // the read
	must(err)
	_, err = e.Consent(ctx, esign.ConsentRequest{Token: token, DisclosureSHA256: session.DisclosureSHA256, Client: client})
	must(err)
	result, err := e.Sign(ctx, esign.SignRequest{
		Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"}, Client: client,
	})
	must(err)
	return result
}

func ExampleEngine_Create() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	fmt.Println(env.Name, env.Status, env.Document.Pages, "pages")
	for _, f := range env.Fields { // nobody named a place to sign: a signature page was appended
		fmt.Println(f.Kind, "on page", f.Page)
	}
	_, err := h.engine.NotifyDue(ctx, 10)
	must(err)
	// Output:
	// contract sent 2 pages
	// signature on page 3
	// date on page 3
	// Ada Byron: sign
}

func ExampleEngine_Sign() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	result := sign(ctx, h.engine, link(ctx, h.engine, env.ID))
	fmt.Println(result.Status, result.EnvelopeStatus)
	// Output: signed completed
}

func ExampleEngine_Completion() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	_, err := h.engine.Completion(ctx, "org_dealer", env.ID)
	fmt.Println(err)

	sign(ctx, h.engine, link(ctx, h.engine, env.ID))
	c, err := h.engine.Completion(ctx, "org_dealer", env.ID)
	must(err)
	fmt.Println(c.Kind, c.Level, c.Sealing.Mode, len(c.Signers), "signer")
	fmt.Println("the document as it came:", c.DocumentSHA256 == storage.Sum(testpdf.Contract(2)))
	// Output:
	// esign: cannot hand over an envelope that is sent; it must be uploaded, completed, vaulted or released
	// esign B-B embedded 1 signer
	// the document as it came: true
}

func ExampleEngine_Upload() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env, err := h.engine.Create(ctx, esign.CreateRequest{
		OrgID: "org_dealer", CustomerEmail: "ada@example.com", CustomerName: "Ada Byron", EnvelopeKind: esign.KindPaper,
	})
	must(err)
	fmt.Println(env.Status)
	scan := testpdf.Simple(2, "Signed on paper")
	env, found, err := h.engine.Upload(ctx, esign.UploadRequest{OrgID: "org_dealer", EnvelopeID: env.ID, Filename: "scan.pdf", Document: scan})
	must(err)
	fmt.Println(env.Status, found.Pages, "pages,", len(found.Signatures), "signatures, sealing", found.Sealing.Mode)
	// Output:
	// pending
	// uploaded 2 pages, 0 signatures, sealing embedded
}

func ExampleEngine_Decline() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	token := link(ctx, h.engine, env.ID)
	result, err := h.engine.Decline(ctx, esign.DeclineRequest{Token: token, Reason: "The price is wrong."})
	must(err)
	fmt.Println(result.Status, result.EnvelopeStatus)
	_, err = h.engine.Session(ctx, token, esign.Client{})
	fmt.Println(errors.Is(err, esign.ErrLinkGone))
	// Output:
	// declined declined
	// true
}

func ExampleEngine_Void() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	env, err := h.engine.Void(ctx, esign.VoidRequest{OrgID: "org_dealer", EnvelopeID: env.ID, Reason: "Wrong vehicle."})
	must(err)
	_, err = h.engine.NotifyDue(ctx, 10)
	must(err)
	fmt.Println(env.Status)
	// Output:
	// Ada Byron: voided
	// voided
}

func ExampleEngine_Remind() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	for range 2 {
		r, err := h.engine.Remind(ctx, esign.RemindRequest{OrgID: "org_dealer", EnvelopeID: env.ID})
		must(err)
		for _, s := range r.Reminded {
			fmt.Println(s.Email, "reminded")
		}
		for _, s := range r.Skipped {
			fmt.Println(s.Email, s.Reason)
		}
	}
	// Output:
	// ada@example.com reminded
	// ada@example.com too_soon
}

// The sender mistyped an address: the signer gets a new link, and the envelope goes on.
func ExampleEngine_CorrectSigner() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	email := "ada.byron@example.com"
	env, err := h.engine.CorrectSigner(ctx, esign.CorrectRequest{
		OrgID: env.OrgID, EnvelopeID: env.ID, SignerID: env.Signers[0].ID, Actor: esign.Actor{Kind: "operator", ID: "desk"}, Email: &email,
	})
	must(err)
	fmt.Println(env.Status, env.Signers[0].Email)
	// Output: sent ada.byron@example.com
}

// A signer lets another person sign instead.
func ExampleEngine_Delegate() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env, err := h.engine.Create(ctx, esign.CreateRequest{
		OrgID: "org_dealer", Actor: esign.Actor{Kind: "key", ID: "key_1"}, CustomerEmail: "ada@example.com", CustomerName: "Ada Byron",
		Document: testpdf.Contract(2), Signers: []esign.SignerSpec{{Email: "ada@example.com", Name: "Ada Byron", Delegate: true}}, Send: true,
	})
	must(err)
	token, err := h.engine.SignerToken(ctx, env.OrgID, env.ID, env.Signers[0].ID)
	must(err)
	result, err := h.engine.Delegate(ctx, esign.DelegateRequest{Token: token, Email: "grace@example.com", Name: "Grace Hopper"})
	must(err)
	fmt.Println(result.Status)
	// Output: notified
}

// A mail provider reports that a message came back.
func ExampleEngine_MarkUndeliverable() {
	h := newHost()
	defer h.end()
	ctx := context.Background()

	env := create(ctx, h.engine)
	bounced := "<ntc_4x7k2m." + env.Signers[0].ID + "@example.com>" // the Message-ID
	env, err := h.engine.MarkUndeliverable(ctx, esign.Undeliverable{
		SignerID: mail.SignerOf(bounced), Email: "ada@example.com", Status: "5.1.1", Actor: esign.Actor{Kind: "operator", ID: "bounces"},
	})
	must(err)
	fmt.Println(env.Signers[0].Email, env.Signers[0].UndeliverableStatus)
	// Output: ada@example.com 5.1.1
}

// An envelope and a row of the host, both or neither.
func ExampleEngine_With() {
	h := newHost()
	defer h.end()
	ctx := context.Background()
	_, err := h.db.ExecContext(ctx, "CREATE TABLE deals (id INTEGER PRIMARY KEY, envelope_id TEXT NOT NULL)")
	must(err)

	save := func(id int, fail error) (string, error) {
		draft, err := h.engine.Prepare(ctx, esign.CreateRequest{ // files and checks, before the transaction
			OrgID: "org_dealer", CustomerEmail: "ada@example.com", CustomerName: "Ada Byron", Document: testpdf.Contract(1),
		})
		must(err)
		return draft.EnvelopeID(), h.db.RunInTx(ctx, &sql.TxOptions{}, func(ctx context.Context, tx bun.Tx) error {
			env, err := h.engine.With(sqlstore.Join(tx)).Create(ctx, draft)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO deals (id, envelope_id) VALUES (?, ?)", id, env.ID); err != nil {
				return err
			}
			return fail
		})
	}
	kept, err := save(1, nil)
	must(err)
	lost, err := save(2, errors.New("no credit"))
	fmt.Println(err)

	_, err = h.engine.Envelope(ctx, "org_dealer", kept)
	fmt.Println("first:", err)
	_, err = h.engine.Envelope(ctx, "org_dealer", lost)
	fmt.Println("second:", err)
	deals, err := h.db.NewSelect().Table("deals").Count(ctx)
	must(err)
	fmt.Println("deals:", deals)
	// Output:
	// no credit
	// first: <nil>
	// second: esign: envelope not found
	// deals: 1
}
