package bench_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage/embedded"
)

var actor = esign.Actor{Kind: "member", ID: "bench", OrgID: "org_bench"}

// BenchmarkVaultIn takes an uploaded PDF to a vaulted, evaluated and certified
// copy. It reads the file, and writes version 1 and the marked copy; the limit
// reads, hashes, writes and fsyncs the same bytes once.
func BenchmarkVaultIn(b *testing.B) {
	for _, megabytes := range []int{1, 20} {
		b.Run(fmt.Sprintf("%dMB", megabytes), func(b *testing.B) {
			v, err := embedded.Open(b.Context(), embedded.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { v.Close() })
			if _, err := v.Scopes.CreateOrganization(b.Context(), scopes.Organization{ID: "org_bench", LegalName: "Bench"}); err != nil {
				b.Fatal(err)
			}
			depositor, err := v.Depositor(b.Context(), "org_bench")
			if err != nil {
				b.Fatal(err)
			}
			size := megabytes << 20
			n := 0
			for b.Loop() {
				b.StopTimer()
				n++
				id := uploaded(b, v, testpdf.Sized(10*megabytes, size+n)) // no two files are equal
				b.StartTimer()
				if _, _, err := v.Handover.VaultIn(b.Context(), handover.VaultInRequest{EnvelopeID: id, Depositor: depositor, Actor: actor}); err != nil {
					b.Fatal(err)
				}
			}
			took := b.Elapsed() / time.Duration(b.N)
			limit := durable(b, testpdf.Sized(10*megabytes, size))
			b.ReportMetric(float64(took)/float64(limit), "x_limit")
			b.ReportMetric(float64(limit.Microseconds())/1000, "limit_ms")
		})
	}
}

func uploaded(b *testing.B, v *embedded.Embedded, pdf []byte) string {
	b.Helper()
	env, err := v.ESign.Create(b.Context(), esign.CreateRequest{
		OrgID: "org_bench", Actor: actor, EnvelopeKind: esign.KindPaper, CustomerName: "A", CustomerEmail: "a@example.com",
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := v.ESign.Upload(b.Context(), esign.UploadRequest{OrgID: "org_bench", EnvelopeID: env.ID, Actor: actor, Document: pdf}); err != nil {
		b.Fatal(err)
	}
	return env.ID
}

// durable is the shortest of several times to read, hash, write and fsync.
func durable(b *testing.B, pdf []byte) time.Duration {
	b.Helper()
	dir := b.TempDir()
	source := filepath.Join(dir, "source")
	if err := os.WriteFile(source, pdf, 0o600); err != nil {
		b.Fatal(err)
	}
	best := time.Hour
	for i := range 10 {
		begin := time.Now()
		raw, err := os.ReadFile(source)
		if err != nil {
			b.Fatal(err)
		}
		sha256.Sum256(raw)
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Write(raw); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		f.Close()
		best = min(best, time.Since(begin))
	}
	return best
}
