package compliance_test

import (
	"errors"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
)

// TestBlank: the blank that contracts are made from may be vaulted as paper before
// or after them, once; what bears a signature of ours may not be.
func TestBlank(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := worldOn(t, db)
		paper := func(document []byte) error {
			r := testworld.VaultInRequest(w.Paper(document))
			r.Attestation = testworld.Attestation()
			_, _, err := w.Handover.VaultIn(t.Context(), r)
			return err
		}
		for name, blank := range map[string][]byte{
			"as it is":          testpdf.Contract(2),
			"with a line end":   append(testpdf.Simple(1, "Blank form"), '\n'),
			"without a newline": testpdf.Simple(2, "Another blank form"),
		} {
			made := func() string {
				id := w.Completed(func(r *esign.CreateRequest) { r.Document = blank })
				if rec := w.VaultIn(id); rec.Compliant == nil || !*rec.Compliant {
					t.Errorf("%s: a contract is not compliant: %v", name, failed(w.evaluate(id).Result))
				}
				return id
			}
			before := made()
			if err := paper(blank); err != nil {
				t.Errorf("%s: the blank after a contract: %v", name, err)
			}
			after := made()
			if err := paper(blank); !errors.Is(err, vault.ErrNotAnOriginal) {
				t.Errorf("%s: the blank twice: got %v, want ErrNotAnOriginal", name, err)
			}
			for _, id := range []string{before, after} {
				if e := w.evaluate(id); !*e.Compliant {
					t.Errorf("%s: a contract is not compliant any more: %v", name, failed(e.Result))
				}
				done, err := w.ESign.Completion(t.Context(), dealer.OrgID, id)
				check(t, err)
				signed, err := w.Objects.Read(t.Context(), done.Object)
				check(t, err)
				if err := paper(signed); !errors.Is(err, vault.ErrNotAnOriginal) {
					t.Errorf("%s: what was signed here: got %v, want ErrNotAnOriginal", name, err)
				}
			}
		}
	})
}
