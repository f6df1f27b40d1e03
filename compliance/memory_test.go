package compliance_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testheap"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestEvaluationHoldsOneDocument: of the versions and marked copies of an envelope one is in memory at a time. It runs
// alone, for it measures everything.
func TestEvaluationHoldsOneDocument(t *testing.T) {
	const size = 4 << 20
	w := newWorld(t)
	id := w.Completed(func(r *esign.CreateRequest) { r.Document = bytes.Clone(testpdf.Sized(3, size)) })
	w.VaultIn(id)
	w.VaultOut(id)
	took := testheap.Peak(5, func() { w.evaluate(id) })
	for range 2 { // the least counts: a peak has garbage in it that waits for its collection
		took = min(took, testheap.Peak(5, func() { w.evaluate(id) }))
	}
	t.Logf("%.1f MiB for two versions and three copies of %d MiB", float64(took)/(1<<20), size>>20)
	if took > 2*size+4<<20 { // one document, and what parsing it takes
		t.Errorf("took %d MiB for documents of %d MiB", took>>20, size>>20)
	}
}
