package template_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// TestDeleteAndCreateAtOnce: of creates at the moment of the deletion, each makes a whole envelope or is refused by name,
// and none makes one afterwards.
func TestDeleteAndCreateAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := newBench(t, db)
		made := b.lease()
		ids, errs := make([]string, 4), make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				if i == 2 {
					errs[i] = b.Delete(t.Context(), template.DeleteRequest{OrgID: org, Actor: key, TemplateID: made.ID})
					return
				}
				r, err := b.Use(t.Context(), vin(made.ID), contract())
				if err == nil {
					env, created := b.ESign.Create(t.Context(), r)
					if err = created; err == nil {
						ids[i] = env.ID
					}
				}
				errs[i] = err
			})
		}
		wg.Wait()
		testworld.Check(t, errs[2])
		for i, err := range errs {
			if err != nil && !slices.Equal(rules(err), []string{"template_id template"}) {
				t.Errorf("create %d: got %v, want that there is no such template", i, err)
			}
			if ids[i] != "" {
				b.SignAll(ids[i], "Ann Buyer")
			}
		}
		if _, err := b.Use(t.Context(), vin(made.ID), contract()); !slices.Equal(rules(err), []string{"template_id template"}) {
			t.Errorf("afterwards: got %v, want that there is no such template", err)
		}
	})
}

// TestSweepSparesTemplates: the PDF of a template is there until the template is deleted, whatever its own row says.
func TestSweepSparesTemplates(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := newBench(t, db)
		made := b.lease()
		sweep := func() {
			t.Helper()
			b.Clock.Advance(100 * time.Hour)
			_, err := b.Objects.Sweep(t.Context(), 100)
			testworld.Check(t, err)
		}
		b.Exec("UPDATE evault_blobs SET state = 'condemned' WHERE name = ?", made.Object.Name)
		sweep()
		if _, err := b.Objects.Read(t.Context(), made.Object); err != nil {
			t.Errorf("a named PDF was swept: %v", err)
		}
		b.Exec("UPDATE evault_blobs SET state = 'linked' WHERE name = ?", made.Object.Name)
		testworld.Check(t, b.Delete(t.Context(), template.DeleteRequest{OrgID: org, Actor: key, TemplateID: made.ID}))
		sweep()
		if _, err := b.Objects.Read(t.Context(), made.Object); err == nil {
			t.Error("the PDF of a deleted template is still there after the sweep")
		}
	})
}
