package sqlstore_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

func TestMigrate(t *testing.T) {
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
		if _, err := b.ExecContext(t.Context(), "DELETE FROM evault_migrations WHERE name = '0001_core'"); err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); !errors.Is(err, storage.ErrSchema) {
			t.Errorf("older: got %v, want ErrSchema", err)
		}
	})
}
