package extstore_test

import (
	"path/filepath"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"example.com/extstore"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault/translog"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storagetest.Scopes(t, extstore.NewMemory().Scopes())
	storagetest.Log(t, func(*testing.T) (translog.Store, event.Store) {
		m := extstore.NewMemory()
		return m.Log(), m.Events()
	})
}

func TestCounted(t *testing.T) {
	t.Parallel()
	conn, err := sqlite.Open(filepath.Join(t.TempDir(), "evault.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	db, err := sqlstore.New(bun.NewDB(conn, sqlitedialect.New()))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := new(extstore.Counted)
	t.Cleanup(func() {
		if c.Transactions.Load() == 0 {
			t.Error("the suite opened no transaction through the wrapper")
		}
	})
	storagetest.ESign(t, c.ESign(db.ESign()))
	storagetest.Vault(t, c.Vault(db.Vault()))
	storagetest.Compliance(t, c.Compliance(db.Compliance()))
}
