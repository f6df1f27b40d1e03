package sqlstore

import (
	"context"

	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/keyring"
)

// Keys returns the store of the history of keys.
func (d *DB) Keys() keyring.Store { return keyStore{d.session()} }

type keyStore struct{ session }

func (s keyStore) InTx(ctx context.Context, fn func(ctx context.Context, s keyring.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, keyStore{s}) })
}

func (s keyStore) KeyEvents(ctx context.Context) ([]event.Event, error) {
	return s.events(ctx, keyring.ChainID, 0, 0)
}
