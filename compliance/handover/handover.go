package handover

import (
	"context"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// Config is what an Engine is made of. It is copied, never written.
type Config struct {
	Store      Store              // required
	ESign      *esign.Engine      // required
	Vault      *vault.Vault       // required
	Compliance *compliance.Engine // required

	// Depositor describes an organization whose envelope is vaulted without a
	// request (esign.CreateRequest.AutoVault). Default: no envelope is vaulted
	// without a request.
	Depositor func(ctx context.Context, orgID string) (Depositor, error)

	storage.Env // clock, ids, random bytes and log
}

// Store names the envelopes that are to be vaulted without a request.
type Store interface {
	// AutoVaultDue returns completed envelopes with AutoVault that are due at now,
	// longest due first. An envelope is due from its completion, or from the time
	// that PostponeVault set.
	AutoVaultDue(ctx context.Context, now time.Time, limit int) ([]Waiting, error)
	// PostponeVault makes an envelope of AutoVaultDue due at next. It does nothing
	// to an envelope that no longer waits.
	PostponeVault(ctx context.Context, envelopeID string, next time.Time) error
}

// Waiting names an envelope that waits to be vaulted since its completion.
type Waiting struct {
	OrgID, EnvelopeID string
	Since             time.Time
}

// Engine hands documents over to the vault and out of it.
type Engine struct {
	c   Config
	now func() time.Time
}

// New checks c. It does no I/O.
func New(c Config) (*Engine, error) {
	if err := environ.Require("handover", map[string]bool{
		"Store":      c.Store == nil,
		"ESign":      c.ESign == nil,
		"Vault":      c.Vault == nil,
		"Compliance": c.Compliance == nil,
	}); err != nil {
		return nil, err
	}
	c.Env = c.Env.WithDefaults()
	return &Engine{c, c.Now}, nil
}

// late logs an error that came after the effect itself was durable, and reports
// whether the caller may do without the rest: HandoverDue continues from there. It
// may not when its own context ended.
func (e *Engine) late(ctx context.Context, envelopeID string, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	e.c.Logger.WarnContext(ctx, "handover: certificate is late", "envelope_id", envelopeID, "error", err)
	return true
}
