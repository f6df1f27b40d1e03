package compliance

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/semaphore"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

var (
	// ErrCertificatePending: the certificate will be issued once its events are in the log.
	ErrCertificatePending = errors.New("compliance: the certificate is not issued yet")
	// ErrCertificateNotFound: the envelope has no certificate with this serial.
	ErrCertificateNotFound = errors.New("compliance: no such certificate")
)

// LegalNotice is the default notice; its two %s are the address for later
// queries and the description of the signing key.
const LegalNotice = "This certificate states what the system named in it found at the time named in it, and what the persons named in it declared. " +
	"It is evidence, not a legal opinion; whether a person has control is decided by law and by facts outside this system. " +
	"It does not speak of later times%s. Signed with a key that %s."

// Config is the configuration of an Engine. It is copied and never changed.
type Config struct {
	Store  Store          // required
	ESign  *esign.Engine  // required
	Vault  *vault.Vault   // required
	Log    *translog.Log  // required
	Signer crypto.Signer  // Ed25519, required; signs certificates
	Roots  *x509.CertPool // to which the seals' certificates lead, besides the roots in Keys; required unless Keys has seals

	// Keys is the history of the installation's keys; it must have Signer's. Default:
	// Signer's key alone, at all times.
	Keys *keyring.Ring

	Objects *storage.Objects // where esign keeps documents; default: a completed document is examined once it is vaulted

	Regime       string        // for deposits that name none; default: UCC9105of2022
	MaxAge       time.Duration // after which an evaluation is out of date; default: 7 days
	IntegrityAge time.Duration // how old the last integrity check may be; default: 72 h

	System      string                      // name printed in certificates; default: "evault"
	Version     string                      // its version; default: "devel"
	Issuer      string                      // legal name of the operator; default: the vault's custodian, else "not stated"
	Anchors     string                      // where the log's checkpoints are stored; default: as the log describes its anchors
	LegalNotice string                      // default: LegalNotice, from CertifiedBy
	CertifiedBy string                      // issuer of the certificate of Signer's key; default: none
	VerifyURL   func(storage.Digest) string // URL of a digest in the vault, for QR codes of custody records; default: none
	Fonts       [][]byte                    // TrueType or OpenType fonts of custody records, tried after the bundled ones; default: none
	Remarks     []string                    // sentences added to the legal notice; default: none

	storage.Env // clock, ids, random bytes and log
}

// Engine evaluates and certifies. It is safe for concurrent use; its only state is
// which envelopes it is certifying.
type Engine struct {
	c          Config
	keyID      string // of the key that signs certificates
	fonts      font.Fonts
	now        func() time.Time
	chain      eventlog.Writer
	certifying *semaphore.Keyed
}

// New checks c. It does no I/O.
func New(c Config) (*Engine, error) {
	if err := environ.Require("compliance", map[string]bool{
		"Store":  c.Store == nil,
		"ESign":  c.ESign == nil,
		"Vault":  c.Vault == nil,
		"Log":    c.Log == nil,
		"Signer": c.Signer == nil,
		"Roots":  c.Roots == nil && (c.Keys == nil || len(c.Keys.Keys().Of(keyring.Seal)) == 0),
	}); err != nil {
		return nil, err
	}
	own, err := keyring.New(keyring.Certificate, c.Signer)
	if err != nil {
		return nil, fmt.Errorf("compliance: Config.Signer: %w", err)
	}
	if c.Keys, err = c.Keys.With(own); err != nil {
		return nil, fmt.Errorf("compliance: Config.Keys: %w", err)
	}
	environ.Default(&c.Regime, certificate.UCC9105of2022)
	environ.Default(&c.MaxAge, 7*24*time.Hour)
	environ.Default(&c.IntegrityAge, 72*time.Hour)
	environ.Default(&c.System, "evault")
	environ.Default(&c.Version, "devel")
	environ.Default(&c.Issuer, c.Vault.CustodianName())
	environ.Default(&c.Issuer, notStated)
	environ.Default(&c.Anchors, map[string]string{
		translog.AnchorsBeside:   "beside the data, where one restore sets back both",
		translog.AnchorsSeparate: "apart from the data",
	}[c.Log.AnchorPlace()])
	if _, err := regimeByID(c.Regime); err != nil {
		return nil, fmt.Errorf("compliance: Config.Regime: %w", err)
	}
	c.Remarks = slices.Clone(c.Remarks)
	fonts, err := font.NewFonts(c.Fonts...)
	if err != nil {
		return nil, fmt.Errorf("compliance: Config.Fonts: %w", err)
	}
	c.Env = c.Env.WithDefaults()
	return &Engine{c, own.ID, fonts, c.Now, eventlog.Writer{Env: c.Env}, semaphore.NewKeyed(1)}, nil
}

// notStated is printed in a certificate for a Config field that is not set.
const notStated = "not stated"

// CertificateKeys returns the public keys that verify certificates, retired ones
// too.
func (e *Engine) CertificateKeys() keyring.Keys { return e.c.Keys.Keys().Of(keyring.Certificate) }

// PublicKeys returns every public key of the installation known to the engine,
// including the vault's, with its purpose and its period of use.
func (e *Engine) PublicKeys() keyring.Keys {
	keys := slices.Clone(e.c.Keys.Keys())
	for _, k := range e.c.Vault.StatementKeys() {
		if len(e.c.Keys.Keys().Of(k.Purpose)) == 0 { // the vault has a ring of its own
			keys = append(keys, k)
		}
	}
	return keys
}

// MaxAge is the age at which an evaluation is out of date.
func (e *Engine) MaxAge() time.Duration { return e.c.MaxAge }
