package compliance_test

import (
	"testing"
)

func BenchmarkEvaluate(b *testing.B) {
	w, id := vaultedWorld(b)
	for b.Loop() {
		w.evaluate(id)
	}
}
