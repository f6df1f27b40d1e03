package sqlstore_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault/custody"
)

func TestPools(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		storagetest.Pools(t, db.Pools(), func(t *testing.T, orgID, envelopeID string, live bool) {
			t.Helper()
			c := storagetest.Original(envelopeID, orgID)
			if !live {
				c.Status = custody.StatusReleased
			}
			if err := db.Vault().InsertOriginal(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		})
	})
}
