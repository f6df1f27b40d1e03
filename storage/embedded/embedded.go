package embedded

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"time"
	_ "time/tzdata" // zones of envelopes and signers, where the system has none

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"gocloud.dev/blob"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/pool"
	"github.com/evaultlib/evault/vault/translog"
)

// Embedded is a whole installation. The names of its fields are those of
// httpapi.Config.
type Embedded struct {
	ESign      *esign.Engine
	Templates  *template.Engine
	Vault      *vault.Vault
	Approvals  *approval.Desk
	Pools      *pool.Engine
	Compliance *compliance.Engine
	Handover   *handover.Engine
	Log        *translog.Log
	Scopes     *scopes.Registry

	Idempotency storage.Idempotency
	Tickets     storage.Tickets
	Counters    storage.Counters
	Leases      storage.Leases
	Outbox      storage.Outbox

	TokenKeys []esign.LinkKey // of download tokens
	EmbedKey  crypto.Signer   // Ed25519
	Keeper    Keeper
	BaseURL   string

	Store   *sqlstore.DB // sqlstore.Join binds an engine to the host's transaction on it
	Objects *storage.Objects
	Sealer  *pades.Sealer
	Roots   *x509.CertPool // that our own seals made now are checked against

	o       Options
	ring    *keyring.Ring
	own     keyring.Keys // of this process
	blobs   *blobstore.Store
	anchors *blobstore.Store // nil: the anchors are in blobs
	clock   *clock
	closes  []func() error
}

// Open wires everything: it opens what o does not give, makes the keys that are
// not there, and brings the schema up to date. It starts nothing; Run does the
// background work. The host calls Close.
func Open(ctx context.Context, o Options) (_ *Embedded, err error) {
	e := &Embedded{}
	defer func() {
		if err != nil {
			err = fmt.Errorf("embedded: %w", errors.Join(err, e.Close()))
		}
	}()
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	e.o = o
	if err := e.openStores(ctx); err != nil {
		return nil, err
	}
	keys := o.Keys
	if err := keys.complete(o.Dir, o.Custodian != nil, e.clock.Now(), o.Rand); err != nil {
		return nil, err
	}
	if err := e.openRing(ctx, keys); err != nil {
		return nil, err
	}
	if err := e.wire(keys); err != nil {
		return nil, err
	}
	return e, nil
}

// openStores opens database and bucket.
func (e *Embedded) openStores(ctx context.Context) error {
	if e.o.Dir != "" {
		if err := makeDir(e.o.Dir); err != nil {
			return err
		}
	}
	db, err := e.database()
	if err != nil {
		return err
	}
	if e.Store, err = sqlstore.New(db); err != nil {
		return err
	}
	if !e.o.NoMigrate {
		if err := e.Store.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := e.Store.Check(ctx); err != nil {
		return err
	}
	e.clock = newClock(e.o.Now, e.Store)
	if err := e.clock.measure(ctx); err != nil {
		return err
	}
	bucket, err := e.bucket()
	if err != nil {
		return err
	}
	if e.blobs, err = blobstore.New(bucket, blobstore.Config{BeforeWrite: e.o.BeforeWrite}); err != nil {
		return err
	}
	if e.o.Anchors != nil {
		if e.anchors, err = blobstore.New(e.o.Anchors, blobstore.Config{BeforeWrite: e.o.BeforeWrite}); err != nil {
			return err
		}
	}
	e.Objects = &storage.Objects{Blobs: e.blobs, Rows: e.Store.BlobRows(), Now: e.clock.Now}
	return nil
}

func (e *Embedded) database() (*bun.DB, error) {
	if e.o.DB != nil {
		return e.o.DB, nil
	}
	if e.o.Dir == "" {
		return nil, errors.New("Options.Dir or Options.DB is required")
	}
	db, err := sqlite.Open(filepath.Join(e.o.Dir, "evault.db"))
	if err != nil {
		return nil, err
	}
	e.closes = append(e.closes, db.Close)
	return bun.NewDB(db, sqlitedialect.New()), nil
}

func (e *Embedded) bucket() (*blob.Bucket, error) {
	if e.o.Bucket != nil {
		return e.o.Bucket, nil
	}
	if e.o.Dir == "" {
		return nil, errors.New("Options.Dir or Options.Bucket is required")
	}
	b, err := blobstore.OpenFolder(filepath.Join(e.o.Dir, "blobs"))
	if err != nil {
		return nil, err
	}
	e.closes = append(e.closes, b.Close)
	return b, nil
}

// env is what every engine takes: the host's, with the clock of this installation.
func (e *Embedded) env() storage.Env {
	env := e.o.Env
	env.Now = e.clock.Now
	return env
}

// wire makes the engines of what is open.
func (e *Embedded) wire(k Keys) (err error) {
	o, now := e.o, e.clock.Now
	e.Idempotency, e.Tickets, e.Counters = e.Store.Idempotency(), e.Store.Tickets(), e.Store.Counters()
	e.Leases, e.Outbox = e.Store.Leases(), e.Store.Outbox()
	e.TokenKeys, e.EmbedKey, e.Keeper, e.BaseURL = k.Tokens, k.Embed, k.Keeper, o.BaseURL
	e.Roots = e.ring.Keys().Roots(k.Roots, now())

	if e.Scopes, err = scopes.New(scopes.Config{Store: e.Store.Scopes(), Env: e.env()}); err != nil {
		return err
	}
	seal := pades.Config{Signer: k.Seal, Chain: k.SealChain, Timestamper: o.Timestamper, Now: now, Rand: o.Rand}
	if o.Seal != nil {
		o.Seal(&seal)
	}
	if e.Sealer, err = pades.New(seal); err != nil {
		return err
	}
	origin := o.LogOrigin
	if origin == "" {
		if origin, err = defaultOrigin(e.ring.Keys()); err != nil {
			return err
		}
	}
	log := translog.Config{
		Store: e.Store.Log(), Signer: k.Log, Keys: e.ring, Origin: origin, Anchors: e.blobs, AnchorPlace: translog.AnchorsBeside, Env: e.env(),
	}
	if e.anchors != nil {
		log.Anchors, log.AnchorPlace = e.anchors, translog.AnchorsSeparate
	}
	if e.Log, err = translog.New(log); err != nil {
		return err
	}
	if err := e.wireESign(k); err != nil {
		return err
	}
	if err := e.wireVault(k); err != nil {
		return err
	}
	if err := e.wireCompliance(k); err != nil {
		return err
	}
	return e.wireHandover()
}

// inspector is the host's; else a limited child, where main begins with
// inspect.Main; else nil, which is this process.
func (e *Embedded) inspector() (esign.Inspector, error) {
	if e.o.Inspector != nil {
		return e.o.Inspector, nil
	}
	in, err := inspect.New(inspect.Config{})
	if errors.Is(err, inspect.ErrNoMain) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e.closes = append(e.closes, in.Close)
	return in, nil
}

func (e *Embedded) wireESign(k Keys) (err error) {
	inspector, err := e.inspector()
	if err != nil {
		return err
	}
	c := esign.Config{
		Store: e.Store.ESign(), Objects: e.Objects, Sealer: e.Sealer, LinkKeys: k.Links,
		Sender: e.sender, Notifier: e.o.Notifier, SigningURL: e.o.SigningURL, VerifyURL: e.o.VerifyURL, Inspector: inspector, Renderer: e.o.Renderer, Fonts: e.o.Fonts,
		Env: e.env(),
	}
	if e.o.ESign != nil {
		e.o.ESign(&c)
	}
	if e.ESign, err = esign.New(c); err != nil {
		return err
	}
	e.Templates, err = template.New(template.Config{Store: e.Store.Templates(), Objects: c.Objects, ESign: e.ESign, Env: c.Env})
	return err
}

// unlessHostsOwn drops the error that there is no envelope to tell: the host
// deposited something itself.
func unlessHostsOwn(err error) error {
	if errors.Is(err, esign.ErrNotFound) {
		return nil
	}
	return err
}

func (e *Embedded) wireVault(k Keys) (err error) {
	touched := compliance.Touched(e.Store.Compliance(), e.ESign, e.clock.Now)
	c := vault.Config{
		Store: e.Store.Vault(), Objects: e.Objects, Sealer: e.Sealer, Log: e.Log, StatementSigner: k.Statements, Keys: e.ring, Roots: k.Roots, Fonts: e.o.Fonts,
		Touched: func(ctx context.Context, tx storage.Tx, envelopeID string) error {
			return unlessHostsOwn(touched(ctx, tx, envelopeID))
		},
		Disposed: func(ctx context.Context, tx storage.Tx, envelopeID string) error {
			return unlessHostsOwn(e.ESign.With(tx).Dispose(ctx, envelopeID))
		},
		Env: e.env(),
	}
	if e.o.Custodian != nil {
		own := *e.o.Custodian
		if own.Signer == nil {
			own.Signer = k.Custodian
		}
		c.Custodian = &own
	}
	if e.o.Vault != nil {
		e.o.Vault(&c)
	}
	if e.Vault, err = vault.New(c); err != nil {
		return err
	}
	e.Approvals, err = approval.New(approval.Config{Store: e.Store.Approvals(), Copies: e.Vault, Env: e.env()})
	return err
}

func (e *Embedded) wireCompliance(k Keys) (err error) {
	c := compliance.Config{
		Store: e.Store.Compliance(), ESign: e.ESign, Vault: e.Vault, Log: e.Log, Objects: e.Objects,
		Signer: k.Certificates, Keys: e.ring, Roots: k.Roots, Issuer: e.o.Issuer, CertifiedBy: e.o.CertifiedBy, Remarks: e.o.Remarks, VerifyURL: e.o.VerifyURL, Fonts: e.o.Fonts,
		Env: e.env(),
	}
	if e.o.Compliance != nil {
		e.o.Compliance(&c)
	}
	e.Compliance, err = compliance.New(c)
	return err
}

func (e *Embedded) wireHandover() (err error) {
	c := handover.Config{
		Store: e.Store.Handover(), ESign: e.ESign, Vault: e.Vault, Compliance: e.Compliance,
		Depositor: e.Depositor, Env: e.env(),
	}
	if e.o.Handover != nil {
		e.o.Handover(&c)
	}
	if e.Handover, err = handover.New(c); err != nil {
		return err
	}
	e.Pools, err = pool.New(pool.Config{Store: e.Store.Pools(), Vault: e.Vault, Handover: e.Handover, Env: e.env()})
	return err
}

// Depositor tells of an organization what a deposit records of it:
// scopes.ErrOrganizationNotFound when there is none.
func (e *Embedded) Depositor(ctx context.Context, orgID string) (handover.Depositor, error) {
	o, err := e.Scopes.Organization(ctx, orgID)
	if err != nil {
		return handover.Depositor{}, err
	}
	return handover.Depositor{
		OrgID: o.ID, LegalName: o.LegalName, Capacity: custody.Capacity(o.Capacity), Agreement: (*custody.Agreement)(o.Agreement),
	}, nil
}

// sender is what Options.Sender says of an organization, with the legal name under
// which it is registered where that says none.
func (e *Embedded) sender(ctx context.Context, orgID string) (s esign.Sender, err error) {
	if e.o.Sender != nil {
		if s, err = e.o.Sender(ctx, orgID); err != nil || s.LegalName != "" {
			return s, err
		}
	}
	o, err := e.Scopes.Organization(ctx, orgID)
	if errors.Is(err, scopes.ErrOrganizationNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.LegalName = o.LegalName
	return s, nil
}

// defaultOrigin names a log by its first key, whatever key signs now.
func defaultOrigin(keys keyring.Keys) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(keys.Of(keyring.Log)[0].Public)
	if err != nil {
		return "", err
	}
	return "evault.local/" + string(storage.Sum(der))[:16], nil
}

// Run does the background work of all engines until ctx ends, and returns its
// error then. Any number of replicas may run it: each task is left to one at a
// time. What fails is logged and tried again.
func (e *Embedded) Run(ctx context.Context) error {
	return e.runner().run(ctx, e.tasks())
}

func (e *Embedded) runner() runner {
	return runner{leases: e.Leases, holder: e.o.NewID("run"), now: e.clock.Now, log: e.o.Logger}
}

// Ready reports whether this replica can serve: the database answers and its
// schema fits, the bucket answers, the log is the one that its anchors know, a
// seal could be made, the clock is right, and no key of this replica was retired by
// another.
func (e *Embedded) Ready(ctx context.Context) error {
	if err := e.Store.Check(ctx); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	if err := e.clock.check(ctx); err != nil {
		return err
	}
	if err := e.refreshKeys(ctx); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	if err := e.blobs.Ping(ctx); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	if err := e.Log.Check(ctx); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	if err := e.Sealer.Check(ctx, e.clock.Now()); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	return nil
}

// Now is the clock of every engine here, in UTC and microseconds: the host's
// Options.Now, or the database's, so that replicas agree. Give it to httpapi.Config.
func (e *Embedded) Now() time.Time { return e.clock.Now() }

// Close closes what Open opened: not the host's own database and bucket. Run
// must have returned.
func (e *Embedded) Close() error {
	var errs []error
	for i := len(e.closes) - 1; i >= 0; i-- {
		errs = append(errs, e.closes[i]())
	}
	e.closes = nil
	return errors.Join(errs...)
}
