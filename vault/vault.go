package vault

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/semaphore"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// Actor is who caused an event.
type Actor = event.Actor

// Event is one link of an envelope's event chain.
type Event = event.Event

// Sealer makes the vault's seals; a *pades.Sealer is one.
type Sealer interface {
	Seal(ctx context.Context, r pades.SealRequest) (*pades.Seal, error)
	Statement(ctx context.Context, content []byte) (der []byte, level string, err error)
}

// Custodian is who holds copies for their assignees: the operator of the
// installation or a third party, never the transferor. It signs one
// acknowledgment for each copy and each new controller.
type Custodian struct {
	Party  custody.Party
	Signer crypto.Signer // Ed25519, required; the custodian's own key
	// StandingAcknowledgmentSHA256 is the digest of the document in which the
	// custodian said that it acknowledges what this key signs.
	StandingAcknowledgmentSHA256 storage.Digest
}

// Inspection is what ReadAuthoritative hands out.
type Inspection string

// What ReadAuthoritative hands out (Config.Inspection).
const (
	InspectionExact  Inspection = "exact"  // the authoritative bytes
	InspectionMarked Inspection = "marked" // the marked copy
	InspectionOff    Inspection = "off"    // nothing
)

// Duplicate is an attempt to deposit what was vaulted before, or what bears
// marks of an original kept elsewhere.
type Duplicate struct {
	EnvelopeID, OrgID string          // of the attempt
	Claims            []custody.Claim // that it collides with
	Marks             []string        // of this system, in the file: copy, vault_seal, completion, legend, record
}

// Config makes a Vault.
type Config struct {
	Store           Store            // required
	Objects         *storage.Objects // required
	Sealer          Sealer           // required
	Log             *translog.Log    // required; compared with its anchors before the database is trusted
	StatementSigner crypto.Signer    // Ed25519, required; signs custody and release statements

	// Keys is the history of the installation's keys; it must have those that sign
	// here. Default: these keys alone, at all times.
	Keys      *keyring.Ring
	Custodian *Custodian // default: none, every organization keeps its own
	// Roots are what the vault's own seals lead to, besides the roots in Keys, for
	// each integrity check. Default: where Keys has no seal either, digests only.
	Roots *x509.CertPool

	// Policy says who must act for a power to be exercised, with the procedures of the host around this
	// software. New refuses one that custody.Policy.Lint does not pass. Default:
	// custody.DefaultPolicy, the controller alone.
	Policy *custody.Policy

	Inspection     Inspection    // default InspectionExact
	ReleaseGrace   time.Duration // between acknowledgment and deletion; default 30 days
	IntegrityEvery time.Duration // between two integrity checks; default 24 h

	// Fonts are TrueType or OpenType fonts of the release page, tried after the
	// bundled ones. Default: none; characters that no font has are printed as code
	// points.
	Fonts [][]byte

	// OnDuplicate hears of a refused deposit and may allow it, which the stored
	// event records. It runs outside any transaction. Default: refuse.
	OnDuplicate func(ctx context.Context, d Duplicate) (allow bool)

	// OnHeldAsset hears of a deposit about assets that live copies are about, and may
	// allow it, which the stored event records: for one that was paid off, or a pledge
	// beside a sale. It runs outside any transaction. Default: refuse.
	OnHeldAsset func(ctx context.Context, h HeldAsset) (allow bool)

	// Touched runs in each transaction that records a download of the
	// authoritative bytes, tampering, a repair, or an integrity check that was overdue
	// or has another outcome: what an evaluation rests on has changed. compliance.Engine's Touched takes the last evaluation back. Default:
	// nothing.
	Touched func(ctx context.Context, tx storage.Tx, envelopeID string) error

	// Disposed runs in the transaction in which DeleteDue gives up the bytes of an
	// acknowledged release, so that other engines give up theirs with it:
	// esign.Joined's Dispose. Default: nothing, and the parts of an e-sign document
	// stay in the bucket.
	Disposed func(ctx context.Context, tx storage.Tx, envelopeID string) error

	storage.Env // clock, ids, random bytes and log
}

// Vault keeps authoritative copies. It is safe for concurrent use and keeps
// nothing but who is depositing.
type Vault struct {
	c     Config
	now   func() time.Time
	log   *slog.Logger
	chain eventlog.Writer
	fonts font.Fonts
	// depositing lets one deposit of an envelope through at a time: of many in
	// parallel all but one would make seal, copy and files in vain. Between
	// processes the transaction decides.
	depositing *semaphore.Keyed
}

// New checks c. It does no I/O.
func New(c Config) (*Vault, error) {
	if err := environ.Require("vault", map[string]bool{
		"Store":           c.Store == nil,
		"Objects":         c.Objects == nil,
		"Sealer":          c.Sealer == nil,
		"Log":             c.Log == nil,
		"StatementSigner": c.StatementSigner == nil,
	}); err != nil {
		return nil, err
	}
	own, err := c.signing()
	if err != nil {
		return nil, err
	}
	if c.Policy != nil {
		for _, refused := range c.Policy.Lint() {
			return nil, fmt.Errorf("vault: Config.Policy: %w", refused)
		}
	}
	if c.Keys, err = c.Keys.With(own...); err != nil {
		return nil, fmt.Errorf("vault: Config.Keys: %w", err)
	}
	if c.Custodian != nil {
		custodian := *c.Custodian
		c.Custodian = &custodian
	}
	switch c.Inspection {
	case "":
		c.Inspection = InspectionExact
	case InspectionExact, InspectionMarked, InspectionOff:
	default:
		return nil, fmt.Errorf("vault: Config.Inspection is %q, want exact, marked or off", c.Inspection)
	}
	environ.Positive(&c.ReleaseGrace, 30*24*time.Hour)
	environ.Positive(&c.IntegrityEvery, 24*time.Hour)
	c.Env = c.Env.WithDefaults()
	fonts, err := font.NewFonts(c.Fonts...)
	if err != nil {
		return nil, fmt.Errorf("vault: Config.Fonts: %w", err)
	}
	return &Vault{c, c.Now, c.Logger, eventlog.Writer{Env: c.Env}, fonts, semaphore.NewKeyed(1)}, nil
}

// signing returns the keys that sign here.
func (c *Config) signing() ([]keyring.Key, error) {
	statement, err := keyring.New(keyring.Statement, c.StatementSigner)
	if err != nil {
		return nil, fmt.Errorf("vault: Config.StatementSigner: %w", err)
	}
	if c.Custodian == nil {
		return []keyring.Key{statement}, nil
	}
	if c.Custodian.Party.Name == "" {
		return nil, errors.New("vault: Config.Custodian.Party.Name is required")
	}
	custodian, err := keyring.New(keyring.Custodian, c.Custodian.Signer)
	if err != nil {
		return nil, fmt.Errorf("vault: Config.Custodian.Signer: %w", err)
	}
	return []keyring.Key{statement, custodian}, nil
}

// CustodianName is the legal name of Config.Custodian, who runs the vault; "" when
// each organization keeps its own copies.
func (v *Vault) CustodianName() string {
	if v.c.Custodian == nil {
		return ""
	}
	return v.c.Custodian.Party.Name
}

// Policy is Config.Policy: who must act for a power over a copy to be exercised.
func (v *Vault) Policy() custody.Policy {
	if v.c.Policy == nil {
		return custody.DefaultPolicy()
	}
	return *v.c.Policy
}

// StatementKeys returns the public keys that verify this vault's custody and
// release statements and its custodians' acknowledgments, retired ones too.
func (v *Vault) StatementKeys() keyring.Keys {
	keys := v.c.Keys.Keys()
	return slices.Concat(keys.Of(keyring.Statement), keys.Of(keyring.Custodian))
}

// update runs fn in one transaction, again when another one was first.
func (v *Vault) update(ctx context.Context, fn func(ctx context.Context, s Store) error) error {
	return storage.Retry(ctx, func() error { return v.c.Store.InTx(ctx, fn) })
}

// inOrder takes the steps of a transaction until one fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// touched runs Config.Touched in the transaction of s.
func (v *Vault) touched(ctx context.Context, s Store, envelopeID string) error {
	if v.c.Touched == nil {
		return nil
	}
	return v.c.Touched(ctx, s.Tx(), envelopeID)
}

// find returns the envelope's copy if the organization may do act to it.
func (v *Vault) find(ctx context.Context, s Store, act standing.Act, orgID, envelopeID string) (*custody.Original, error) {
	c, err := s.Original(ctx, envelopeID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, ErrNotVaulted
	case err != nil:
		return nil, err
	}
	return allowed(c, act, orgID)
}

// allowed returns the copy if the organization may do act to it. One that had control
// before is told that it has moved; to others the copy does not exist.
func allowed(c *custody.Original, act standing.Act, orgID string) (*custody.Original, error) {
	switch is := c.Parties().Of(orgID); {
	case is.May(act):
		return c, nil
	case is&standing.Former != 0:
		return nil, ErrNotController
	}
	return nil, ErrNotVaulted
}

// live is find for a copy that is here.
func (v *Vault) live(ctx context.Context, s Store, act standing.Act, orgID, envelopeID string) (*custody.Original, error) {
	c, err := v.find(ctx, s, act, orgID, envelopeID)
	if err == nil && c.Status == custody.StatusReleased {
		return nil, ErrReleased
	}
	return c, err
}

// Original returns the authoritative copy of an envelope, live or released, for who
// controls it; ErrNotVaulted, ErrNotController.
func (v *Vault) Original(ctx context.Context, orgID, envelopeID string) (*custody.Original, error) {
	return v.OriginalFor(ctx, standing.SeeCopy, orgID, envelopeID)
}

// OriginalFor is Original for an organization that may do act to the copy. The caller
// shows no more of it than the act allows.
func (v *Vault) OriginalFor(ctx context.Context, act standing.Act, orgID, envelopeID string) (*custody.Original, error) {
	return v.find(ctx, v.c.Store, act, orgID, envelopeID)
}

// Custody returns the custody chain, first entry first; a former controller gets it up
// to the last switch by which it lost control. ErrNotVaulted.
func (v *Vault) Custody(ctx context.Context, orgID, envelopeID string) ([]custody.Entry, error) {
	c, err := v.find(ctx, v.c.Store, standing.SeeCustody, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	chain, err := v.c.Store.Custody(ctx, c.CopyID)
	if err != nil || c.Parties().Of(orgID).May(standing.SeeCopy) {
		return chain, err
	}
	for n := len(chain); n > 0; n-- {
		if from := chain[n-1].From; from != nil && (standing.Parties{Controller: from.Controller.OrgID}).Of(orgID).May(standing.SeeCustody) {
			return chain[:n], nil
		}
	}
	return nil, nil
}

// SeesCertificates says which certificates of an envelope an organization may read:
// all of them, or, as a former controller, its own only. ErrNotVaulted.
func (v *Vault) SeesCertificates(ctx context.Context, orgID, envelopeID string) (own bool, err error) {
	c, err := v.find(ctx, v.c.Store, standing.SeeMarked, orgID, envelopeID)
	if err != nil {
		return false, err
	}
	is := c.Parties().Of(orgID)
	return !is.May(standing.SeeCopy) && !is.May(standing.Answer), nil
}

// Versions returns the versions of the authoritative copy, first version first;
// ErrNotVaulted.
func (v *Vault) Versions(ctx context.Context, orgID, envelopeID string) ([]custody.Version, error) {
	c, err := v.find(ctx, v.c.Store, standing.SeeCopy, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	return v.c.Store.Versions(ctx, c.CopyID)
}
