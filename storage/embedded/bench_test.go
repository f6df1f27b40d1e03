package embedded_test

import (
	"testing"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage/embedded"
)

// Benchmarks of the main job below HTTP, on SQLite and a folder.
func Benchmark(b *testing.B) {
	v, err := embedded.Open(b.Context(), embedded.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	r := contract("org_bench", me)
	r.Document = testpdf.Sized(10, 1<<20)
	create := func(b *testing.B) string {
		env, err := v.ESign.Create(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		return env.ID
	}
	d := handover.Depositor{OrgID: "org_bench", LegalName: "Bench", Capacity: "principal"}

	b.Run("create 10 pages 1 MiB", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := v.ESign.Create(b.Context(), r); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("status", func(b *testing.B) {
		id := create(b)
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := v.ESign.Status(b.Context(), "org_bench", id); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("view, consent, sign, seal", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			id := create(b)
			b.StartTimer()
			if _, err := signAll(b.Context(), v, "org_bench", id, me); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("vault in", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			id := create(b)
			if _, err := signAll(b.Context(), v, "org_bench", id, me); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if _, _, err := v.Handover.VaultIn(b.Context(), handover.VaultInRequest{EnvelopeID: id, Depositor: d, Actor: me}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
