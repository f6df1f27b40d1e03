package sqlstore_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault/translog"
)

func TestLog(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		storagetest.Log(t, func(t *testing.T) (translog.Store, event.Store) {
			db := testdb.Like(t, db)
			return db.Log(), db.Vault()
		})
	})
}
