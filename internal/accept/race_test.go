package accept_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage/sqlite"
)

// TestOneCopy races vault-ins of one envelope: on PostgreSQL from two processes,
// on SQLite within one (I1). Each round must end with one copy, one 201, and
// everyone else told of the same copy.
func TestOneCopy(t *testing.T) {
	t.Parallel()
	const racers = 16
	rounds := figure(200, 10_000)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := start(t, t.TempDir(), "")
		db, err := sqlite.Open(filepath.Join(s.dir, "evault.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		race(t, rounds, racers, db, s)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn, dir := postgres(t), t.TempDir()
		s := start(t, dir, dsn)
		other := start(t, dir, dsn)
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		race(t, rounds, racers, db, s, other)
	})
}

func race(t *testing.T, rounds, racers int, db *sql.DB, servers ...*server) {
	t.Helper()
	key := servers[0].createKey(t, servers[0].OrgID, allScopes, "-rpm", "1000000")
	clients := make([]*client, len(servers))
	for i, s := range servers {
		clients[i] = s.unchecked(t, key)
	}
	for round := range rounds {
		c := clients[0]
		env := c.post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}).want(http.StatusCreated).str("data.envelope_id")
		c.do(http.MethodPost, "/partner/envelopes/"+env+"/upload", testpdf.Simple(1, fmt.Sprintf("%s %d", t.Name(), round)), header("Content-Type", "application/pdf")).want(http.StatusOK)
		var wg sync.WaitGroup
		answers := make([]*answer, racers)
		for i := range racers {
			wg.Go(func() {
				answers[i] = clients[i%len(clients)].post("/partner/envelopes/"+env+"/vault-in-upload", map[string]any{})
			})
		}
		wg.Wait()
		created, copyID := 0, ""
		for _, a := range answers {
			if a.Status != http.StatusCreated && a.Status != http.StatusOK {
				t.Errorf("round %d: %d %s", round, a.Status, a.Body)
				continue
			}
			if a.Status == http.StatusCreated {
				created++
			}
			id := a.str("data.authoritative.copy_id")
			if copyID != "" && id != copyID {
				t.Errorf("round %d: copies %s and %s", round, copyID, id)
			}
			copyID = id
		}
		var rows int
		if err := db.QueryRow("SELECT count(*) FROM evault_copies WHERE envelope_id = '" + env + "'").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if created != 1 || rows != 1 {
			t.Errorf("round %d: %d answers say created, %d rows, want 1 of each", round, created, rows)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds of %d", rounds, racers)
}
