package sqlstore_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

func TestConcurrentMigrate(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, b *bun.DB) {
		db, err := sqlstore.New(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); !errors.Is(err, storage.ErrSchema) {
			t.Errorf("empty: got %v, want ErrSchema", err)
		}
		var wg sync.WaitGroup
		for range 8 { // replicas that start together
			wg.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("migrated: got %v", err)
		}
		if _, err := b.ExecContext(t.Context(), "INSERT INTO evault_migrations (name, migrated_at) VALUES ('9999_later', CURRENT_TIMESTAMP)"); err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("newer: got %v", err)
		}
		if _, err := b.ExecContext(t.Context(), "DELETE FROM evault_migrations WHERE name = '0002_core'"); err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); !errors.Is(err, storage.ErrSchema) {
			t.Errorf("older: got %v, want ErrSchema", err)
		}
	})
}

// TestMigrateFaults breaks a migration at some of its statements, at all of them
// when EVAULT_EVERY_FAULT is set: the next one goes on from there, and nothing calls
// the schema fit before.
func TestMigrateFaults(t *testing.T) {
	t.Parallel()
	testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
		faults := &storagetest.Faults{}
		fresh := func() *sqlstore.DB {
			db, err := sqlstore.New(open(t, faults.Connector))
			if err != nil {
				t.Fatal(err)
			}
			return db
		}
		faults.Arm(nil)
		if err := fresh().Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		calls := faults.Calls()
		step := 3 * testenv.Step(4)
		switch {
		case os.Getenv("EVAULT_EVERY_FAULT") != "":
			step = 1
		case strings.Contains(t.Name(), "postgres"): // where a fresh schema takes long
			step = 11
		}
		for k := 1; k <= len(calls); k += step {
			how := storagetest.How(k / step % 2)
			db := fresh()
			faults.Arm(map[int]storagetest.How{k: how})
			if err := db.Migrate(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("call %d, %s: got %v, want ErrUnavailable", k, calls[k-1], err)
			}
			faults.Arm(nil)
			if err := db.Check(t.Context()); k < len(calls) && !errors.Is(err, storage.ErrSchema) {
				t.Errorf("call %d, %s: half a schema: got %v, want ErrSchema", k, calls[k-1], err)
			}
			if err := db.Migrate(t.Context()); err != nil {
				t.Errorf("call %d, %s: again: %v", k, calls[k-1], err)
			}
			if err := db.Check(t.Context()); err != nil {
				t.Errorf("call %d, %s: migrated: %v", k, calls[k-1], err)
			}
		}
	})
}
