package sqlstore

import (
	"context"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Session opens what every store embeds to the external tests.
type Session struct{ session }

func (d *DB) Session() Session                         { return Session{d.session()} }
func (s Session) With(tx storage.Tx) Session           { return Session{s.with(tx)} }
func (s Session) Put(ctx context.Context, m any) error { return s.put(ctx, m) }

func (s Session) InTx(ctx context.Context, fn func(ctx context.Context, s Session) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, Session{s}) })
}

func (s Session) Events(ctx context.Context, envelopeID string) ([]event.Event, error) {
	return s.events(ctx, envelopeID, 0, 0)
}

func (s Session) Event(ctx context.Context, id string) (event.Event, error) { return s.event(ctx, id) }

// MapErr is what a driver's error becomes; Repeatable says whether a
// transaction is run again because of it.
var (
	MapErr     = mapErr
	Repeatable = repeatable
)

// Attempts is how often a closure runs at most.
const Attempts = attempts
