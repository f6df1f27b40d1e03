package vault

import (
	"context"

	"github.com/evaultlib/evault/internal/keyset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

// RegisteredCopies lists the copy register of an envelope, newest first: marked copies
// and downloads. ErrNotVaulted, *InvalidError for an invalid page.
func (v *Vault) RegisteredCopies(ctx context.Context, orgID, envelopeID string, p storage.Page) (storage.List[custody.RegisteredCopy], error) {
	if _, err := v.find(ctx, v.c.Store, standing.SeeCopy, orgID, envelopeID); err != nil {
		return storage.List[custody.RegisteredCopy]{Total: -1}, err
	}
	return keyset.Page(p, keyset.Source[custody.RegisteredCopy]{
		Read: func(after *storage.Place, offset, limit int) ([]custody.RegisteredCopy, error) {
			return v.c.Store.Register(ctx, envelopeID, after, offset, limit)
		},
		Count: func() (int, error) { return v.c.Store.CountRegister(ctx, envelopeID) },
		Place: func(r custody.RegisteredCopy) storage.Place { return storage.Place{At: r.MadeAt, ID: r.ID} },
	})
}
