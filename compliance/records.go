package compliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// records are what the stores hold of an envelope at one moment.
type records struct {
	esign    *esign.Evidence
	vault    *vault.Evidence // nil: not vaulted
	register []custody.RegisteredCopy
	issued   []StoredCertificate
}

// read reads the records at one moment: every change appends an event in its own
// transaction, so if the chain has the same head before and after, nothing
// changed in between.
func (e *Engine) read(ctx context.Context, envelopeID string) (*records, error) {
	const tries = 20
	for try := range tries {
		before, err := e.c.Store.ChainHead(ctx, envelopeID)
		if err != nil {
			return nil, err
		}
		r, err := e.readOnce(ctx, envelopeID)
		if err != nil {
			return nil, err
		}
		after, err := e.c.Store.ChainHead(ctx, envelopeID)
		if err != nil {
			return nil, err
		}
		if before.Hash == after.Hash && (!r.releasing() || try == tries-1) {
			return r, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(try) * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("%w: the envelope keeps changing", storage.ErrUnavailable)
}

// releasing reports a release whose mark is written and whose transaction has not
// committed: it will in a moment, unless it never did.
func (r *records) releasing() bool {
	return r.vault != nil && r.vault.Spent && r.vault.Original.Status == custody.StatusVaulted
}

func (e *Engine) readOnce(ctx context.Context, envelopeID string) (r *records, err error) {
	r = &records{}
	if r.esign, err = e.c.ESign.Evidence(ctx, envelopeID); err != nil {
		return nil, err
	}
	if r.issued, err = e.c.Store.Certificates(ctx, envelopeID); err != nil {
		return nil, err
	}
	r.vault, err = e.c.Vault.Evidence(ctx, envelopeID)
	if errors.Is(err, vault.ErrNotVaulted) {
		r.vault = nil
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	page := storage.Page{Number: 1, Limit: 100}
	for {
		list, err := e.c.Vault.RegisteredCopies(ctx, r.vault.Original.OrgID, envelopeID, page)
		if err != nil {
			return nil, err
		}
		r.register = append(r.register, list.Items...)
		if list.Next == "" {
			return r, nil
		}
		page = storage.Page{Limit: 100, Cursor: list.Next}
	}
}
