package sqlstore_test

import (
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

func TestApprovals(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		storagetest.Approvals(t, db.Approvals(), func(t *testing.T, orgID string, two bool) {
			t.Helper()
			err := db.Scopes().InsertOrganization(t.Context(), scopes.Organization{
				ID: orgID, LegalName: orgID, Capacity: scopes.Principal, TwoKeys: two, CreatedAt: time.Now(),
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	})
}
