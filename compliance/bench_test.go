package compliance_test

import (
	"testing"

	"github.com/evaultlib/evault/compliance"
)

func BenchmarkVerifyDocument(b *testing.B) {
	doc, keys := golden(b, "certificate-1.0.json"), goldenKeys(b)
	for b.Loop() {
		if _, err := compliance.VerifyDocument(doc, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	w, id := vaultedWorld(b)
	for b.Loop() {
		w.evaluate(id)
	}
}
