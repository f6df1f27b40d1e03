package sqlstore_test

import (
	"context"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

func TestHTTPAPI(t *testing.T) {
	t.Parallel()
	storagetest.TestHTTPAPI(t, func(t *testing.T, run func(*testing.T, storagetest.HTTPAPI)) {
		testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
			run(t, storagetest.HTTPAPI{
				Idempotency: db.Idempotency(), Tickets: db.Tickets(), Counters: db.Counters(), Outbox: db.Outbox(),
				Append: func(ctx context.Context, events ...event.Event) error { return appendEvents(ctx, db, events) },
			})
		})
	})
}

func appendEvents(ctx context.Context, db *sqlstore.DB, events []event.Event) error {
	for _, e := range events {
		_, err := db.Bun().NewInsert().TableExpr("evault_events").Model(&map[string]any{
			"event_id": e.ID, "envelope_id": e.EnvelopeID, "seq": e.Seq, "type": e.Type, "recorded_at": e.RecordedAt,
			"actor_kind": e.Actor.Kind, "actor_id": e.Actor.ID, "data": string(e.Data), "detail_sha256": "", "prev_hash": string(e.PrevHash),
			"hash": string(e.Hash), "canonical": e.Canonical, "log_index": e.LogIndex,
		}).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}
