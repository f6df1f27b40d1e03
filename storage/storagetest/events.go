package storagetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Chain is how a backend keeps event chains.
type Chain struct {
	// InTx runs fn in a transaction, and again when it lost a race.
	InTx func(ctx context.Context, fn func(ctx context.Context, s event.Store) error) error
	// Events returns a whole chain, with details.
	Events func(ctx context.Context, envelopeID string) ([]event.Event, error)
}

// Events runs the cases of event.Store on c, which may hold other chains.
func Events(t *testing.T, c Chain) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, c Chain)
	}{
		{"byte equal", eventsByteEqual},
		{"rolled back", eventsRolledBack},
		{"taken", eventsTaken},
		{"race", eventsRace},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, c)
		})
	}
}

func stamper() eventlog.Writer {
	return eventlog.Writer{Env: storage.Env{}.WithDefaults()}
}

func draft(envelopeID string) eventlog.Draft {
	return eventlog.Draft{
		EnvelopeID: envelopeID, Type: event.EnvelopeSigned, Actor: event.Actor{Kind: "signer", ID: "sgn_1"},
		Data: map[string]any{"n": 1, "q": `"\ü€𝄞`}, Detail: map[string]string{"name": "Łukasz O'Neill ?"},
	}
}

func appendTo(ctx context.Context, c Chain, ds ...eventlog.Draft) error {
	return c.InTx(ctx, func(ctx context.Context, s event.Store) error {
		_, err := stamper().Append(ctx, s, ds...)
		return err
	})
}

func wantChain(t *testing.T, c Chain, envelopeID string, n int) []event.Event {
	t.Helper()
	es, err := c.Events(t.Context(), envelopeID)
	if err != nil {
		t.Fatal(err)
	}
	if redacted, err := event.Verify(envelopeID, es); err != nil || redacted != 0 || len(es) != n {
		t.Errorf("got %d events, %d redacted, %v; want %d whole ones", len(es), redacted, err, n)
	}
	return es
}

func eventsByteEqual(t *testing.T, c Chain) {
	env := unique()("env")
	plain := draft(env)
	plain.Detail, plain.Data = nil, nil
	if err := appendTo(t.Context(), c, draft(env), plain); err != nil {
		t.Fatal(err)
	}
	es := wantChain(t, c, env, 2)
	for _, e := range es {
		if got := environ.Format(e.RecordedAt); !e.RecordedAt.Equal(environ.Micro(e.RecordedAt)) || e.RecordedAt.Location().String() != "UTC" {
			t.Errorf("got time %s in %v", got, e.RecordedAt.Location())
		}
		if e.LogIndex != nil {
			t.Errorf("a new event has log index %d", *e.LogIndex)
		}
	}
	if es[1].Detail != nil || es[1].Salt != nil {
		t.Errorf("an event without detail has %s", es[1].Detail)
	}
}

func eventsRolledBack(t *testing.T, c Chain) {
	env := unique()("env")
	err := c.InTx(t.Context(), func(ctx context.Context, s event.Store) error {
		if _, err := stamper().Append(ctx, s, draft(env), draft(env)); err != nil {
			return err
		}
		return errRollback
	})
	wantErr(t, "rolled back", err, errRollback)
	wantChain(t, c, env, 0)
}

func eventsTaken(t *testing.T, c Chain) {
	env := unique()("env")
	if err := appendTo(t.Context(), c, draft(env)); err != nil {
		t.Fatal(err)
	}
	first := wantChain(t, c, env, 1)[0]
	other := first
	other.ID = environ.IDs(nil)("evt")
	for name, e := range map[string]event.Event{"same event": first, "same seq": other} {
		err := c.InTx(t.Context(), func(ctx context.Context, s event.Store) error {
			err := s.AppendEvents(ctx, e)
			if _, herr := s.ChainHead(ctx, env); herr != nil { // the transaction is still usable
				return herr
			}
			return err
		})
		wantErr(t, name, err, storage.ErrConflict)
	}
	wantChain(t, c, env, 1)
}

func eventsRace(t *testing.T, c Chain) {
	env := unique()("env")
	const writers, each = 6, 5
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := errors.New("never ran")
				for range 5 { // an engine's own patience on top of InTx's
					if err = appendTo(t.Context(), c, draft(env), draft(env)); !errors.Is(err, storage.ErrConflict) {
						break
					}
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantChain(t, c, env, 2*writers*each)
}
