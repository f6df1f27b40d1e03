package extstore

import (
	"context"
	"sync/atomic"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// Counted are stores that count their transactions.
type Counted struct{ Transactions atomic.Int64 }

// ESign wraps a store of envelopes.
func (c *Counted) ESign(s esign.Store) esign.Store { return countedESign{s, c} }

// Vault wraps a vault's store.
func (c *Counted) Vault(s vault.Store) vault.Store { return countedVault{s, c} }

// Compliance wraps a store of evaluations and certificates.
func (c *Counted) Compliance(s compliance.Store) compliance.Store { return countedCompliance{s, c} }

type countedESign struct {
	esign.Store
	c *Counted
}

func (w countedESign) InTx(ctx context.Context, fn func(ctx context.Context, s esign.Store) error) error {
	w.c.Transactions.Add(1)
	return w.Store.InTx(ctx, func(ctx context.Context, s esign.Store) error { return fn(ctx, countedESign{s, w.c}) })
}

func (w countedESign) With(tx storage.Tx) esign.Store { return countedESign{w.Store.With(tx), w.c} }

type countedVault struct {
	vault.Store
	c *Counted
}

func (w countedVault) InTx(ctx context.Context, fn func(ctx context.Context, s vault.Store) error) error {
	w.c.Transactions.Add(1)
	return w.Store.InTx(ctx, func(ctx context.Context, s vault.Store) error { return fn(ctx, countedVault{s, w.c}) })
}

func (w countedVault) With(tx storage.Tx) vault.Store { return countedVault{w.Store.With(tx), w.c} }

type countedCompliance struct {
	compliance.Store
	c *Counted
}

func (w countedCompliance) InTx(ctx context.Context, fn func(ctx context.Context, s compliance.Store) error) error {
	w.c.Transactions.Add(1)
	return w.Store.InTx(ctx, func(ctx context.Context, s compliance.Store) error { return fn(ctx, countedCompliance{s, w.c}) })
}
