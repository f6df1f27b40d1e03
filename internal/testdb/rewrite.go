package testdb

import (
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

// Rewrite has actor in place of the actor of an envelope's events from seq on, links
// each to the one before, and leaves them to be taken into the log once more: what
// whoever runs the database can do so that the chain verifies.
func Rewrite(t *testing.T, db *bun.DB, envelopeID string, seq int64, actor string) {
	t.Helper()
	var events []struct {
		EventID, ActorID, PrevHash, Hash string
		Canonical                        []byte
	}
	err := db.NewSelect().TableExpr("evault_events").Column("event_id", "actor_id", "prev_hash", "hash", "canonical").
		Where("envelope_id = ?", envelopeID).Where("seq >= ?", seq).OrderExpr("seq").Scan(t.Context(), &events)
	if err != nil || len(events) == 0 {
		t.Fatalf("found %d events, %v", len(events), err)
	}
	was, is := events[0].PrevHash, events[0].PrevHash
	for _, e := range events {
		text := strings.Replace(string(e.Canonical), `"id":"`+e.ActorID+`"`, `"id":"`+actor+`"`, 1)
		if was != is {
			text = strings.Replace(text, was, is, 1)
		}
		hash := string(storage.Sum([]byte(text)))
		_, err := db.ExecContext(t.Context(), "UPDATE evault_events SET canonical = ?, hash = ?, prev_hash = ?, actor_id = ?, log_index = NULL WHERE event_id = ?",
			[]byte(text), hash, is, actor, e.EventID)
		if err != nil {
			t.Fatal(err)
		}
		was, is = e.Hash, hash
	}
}
