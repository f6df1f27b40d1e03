package compliance_test

import (
	"testing"

	"github.com/evaultlib/evault/compliance"
)

func TestVaultInSatisfiesEveryCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.completed()
	rec := w.vaultIn(id)
	if rec.Log == nil || rec.CertificateID == "" || rec.Compliant == nil || !*rec.Compliant {
		t.Errorf("record: got %+v, failed %v", rec, failed(w.evaluate(id).Result))
	}
	e := w.evaluate(id)
	for _, c := range e.Checks {
		if !c.Satisfied || c.Detail == "" || len(c.Evidence) == 0 {
			t.Errorf("%s (%s): satisfied %t, %d items: %s", c.ID, c.Reference, c.Satisfied, len(c.Evidence), c.Detail)
		}
	}
	c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := c.Document()
	check(t, err)
	if _, err := compliance.VerifyDocument(doc, w.keys()); err != nil {
		t.Errorf("document: %v", err)
	}
}
