package compliance

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/chain"
	"github.com/evaultlib/evault/internal/check"
	"github.com/evaultlib/evault/internal/gate"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/missing"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/translog"
)

// Actor is who caused an event.
type Actor = chain.Actor

// InvalidError lists every field of a request that breaks a rule.
type InvalidError = check.InvalidError

var (
	// ErrCertificatePending: the certificate is not issued yet, because its events
	// are not in the log yet; it will be.
	ErrCertificatePending = errors.New("compliance: the certificate is not issued yet")
	// ErrCertificateNotFound: the envelope has no certificate with this serial.
	ErrCertificateNotFound = errors.New("compliance: no such certificate")
)

// LegalNotice is the default notice; %s is what the signing key is.
const LegalNotice = "This certificate states what the system named in it found at the time named in it, and what the persons named in it declared. " +
	"It is evidence, not a legal opinion; whether a person has control is decided by law and by facts outside this system. " +
	"It does not speak of later times: ask the verify address. Signed with a key that %s."

// Config is what an Engine is made of. It is copied, never written.
type Config struct {
	Store  Store          // required
	ESign  *esign.Engine  // required
	Vault  *vault.Vault   // required
	Log    *translog.Log  // required
	Signer crypto.Signer  // Ed25519, required; signs certificates
	Roots  *x509.CertPool // required; to which the seals' certificates lead

	Depot       *storage.Depot // where esign keeps documents; default: a completed document is examined once it is vaulted
	KeyID       string         // of Signer; default: the key's RFC 7638 thumbprint
	RetiredKeys jws.Keys       // that signed earlier certificates; default: none
	SealKeys    []*x509.Certificate

	// Depositor tells of an organization whose envelope is vaulted without being
	// asked (auto_vault). Default: nothing is vaulted by itself.
	Depositor func(ctx context.Context, orgID string) (Depositor, error)

	Regime       string        // for deposits that name none; default: UCC9105of2022
	MaxAge       time.Duration // after which an evaluation is out of date; default: 7 days
	IntegrityAge time.Duration // how old the last integrity check may be; default: 72 h

	System      string                      // name printed in certificates; default: "evault"
	Version     string                      // its version; default: "devel"
	Issuer      string                      // legal name of who runs the system; default: the vault's custodian, else "not stated"
	Anchors     string                      // where the log's checkpoints are kept; default: "not stated"
	LegalNotice string                      // default: LegalNotice, from CertifiedBy
	CertifiedBy string                      // who certifies Signer's key; default: nobody, it is self-signed
	VerifyURL   func(storage.Digest) string // where anyone asks what bytes are to the vault, a QR code on custody records; default: none
	Fonts       [][]byte                    // TrueType or OpenType fonts of custody records, tried after the bundled ones; default: none
	Remarks     []string                    // sentences added to the legal notice; default: none

	Now    func() time.Time           // default: time.Now
	NewID  func(prefix string) string // default: 130 random bits
	Rand   io.Reader                  // default: crypto/rand
	Logger *slog.Logger               // default: silent
}

// Engine evaluates and certifies. It is safe for concurrent use and keeps nothing
// but which envelopes it is finishing.
type Engine struct {
	c         Config
	keys      jws.Keys
	fonts     pdf.Fonts
	now       func() time.Time
	chain     chain.Stamper
	finishing *gate.Gates
}

// New checks c. It does no I/O.
func New(c Config) (*Engine, error) {
	if err := missing.Settings("compliance", map[string]bool{
		"Store":  c.Store == nil,
		"ESign":  c.ESign == nil,
		"Vault":  c.Vault == nil,
		"Log":    c.Log == nil,
		"Signer": c.Signer == nil,
		"Roots":  c.Roots == nil,
	}); err != nil {
		return nil, err
	}
	pub, err := jws.PublicKey(c.Signer)
	if err != nil {
		return nil, fmt.Errorf("compliance: Config.Signer: %w", err)
	}
	def(&c.KeyID, jws.Thumbprint(pub))
	def(&c.Regime, UCC9105of2022)
	def(&c.MaxAge, 7*24*time.Hour)
	def(&c.IntegrityAge, 72*time.Hour)
	def(&c.System, "evault")
	def(&c.Version, "devel")
	def(&c.Issuer, c.Vault.CustodianName())
	def(&c.Issuer, notStated)
	def(&c.Anchors, notStated)
	if _, err := RegimeByID(c.Regime); err != nil {
		return nil, fmt.Errorf("compliance: Config.Regime: %w", err)
	}
	c.Remarks, c.SealKeys = slices.Clone(c.Remarks), slices.Clone(c.SealKeys)
	fonts, err := pdf.NewFonts(c.Fonts...)
	if err != nil {
		return nil, fmt.Errorf("compliance: Config.Fonts: %w", err)
	}
	c.Rand = stamp.Rand(c.Rand)
	if c.NewID == nil {
		c.NewID = stamp.IDs(c.Rand)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	keys := maps.Clone(c.RetiredKeys)
	if keys == nil {
		keys = jws.Keys{}
	}
	keys[c.KeyID] = pub
	now := stamp.Clock(c.Now)
	return &Engine{c, keys, fonts, now, chain.Stamper{Now: now, NewID: c.NewID, Rand: c.Rand}, gate.New(1)}, nil
}

// notStated is what a certificate prints for what the host's Config leaves out.
const notStated = "not stated"

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// CertificateKeys returns the public keys that verify certificates, by key id.
func (e *Engine) CertificateKeys() map[string]ed25519.PublicKey { return maps.Clone(e.keys) }

// MaxAge is after how long an evaluation is out of date.
func (e *Engine) MaxAge() time.Duration { return e.c.MaxAge }
