package pades_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// benchFiles are the sizes that the figures in the docs name.
var benchFiles = []struct {
	name string
	o    testpdf.Options
}{
	{"10p_1MB", testpdf.Options{Pages: 10, Padding: 1 << 20}},
	{"100p_20MB", testpdf.Options{Pages: 100, Padding: 20 << 20}},
	{"100p_20MB_objstm", testpdf.Options{Pages: 100, Padding: 20 << 20, Structure: testpdf.ObjectStreams}},
}

// bare is what cryptography alone costs: the digest of the file and one signature.
func bare(b *testing.B, key crypto.Signer, raw []byte) {
	digest := sha256.Sum256(raw)
	if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
		b.Fatal(err)
	}
}

// fastest returns the least time of several runs of f, which other work on the machine disturbs least.
func fastest(n int, f func()) time.Duration {
	least := time.Duration(1<<63 - 1)
	for range n {
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	return least
}

func benchmarkSeal(b *testing.B, id testpki.Identity, change ...func(*pades.Config)) {
	for _, file := range benchFiles {
		b.Run(file.name, func(b *testing.B) {
			raw := testpdf.New(file.o)
			s := sealer(b, id, change...)
			run := func() {
				if _, err := s.Seal(
					context.Background(), pades.SealRequest{PDF: raw, Limits: pades.Limits{Bytes: 64 << 20}},
				); err != nil {
					b.Fatal(err)
				}
			}
			floor := fastest(10, func() { bare(b, id.Key, raw) })
			least := fastest(10, run)
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(least)/float64(floor), "x-bare")
			b.ReportMetric(float64(floor.Microseconds()), "µs-bare")
		})
	}
}

func BenchmarkSealP256(b *testing.B)          { benchmarkSeal(b, pki().Seal, noStamp) }
func BenchmarkSealRSA(b *testing.B)           { benchmarkSeal(b, pki().RSA(), noStamp) }
func BenchmarkSealP256Timestamp(b *testing.B) { benchmarkSeal(b, pki().Seal) }

func BenchmarkVerify(b *testing.B) {
	for _, file := range benchFiles {
		b.Run(file.name, func(b *testing.B) {
			s := sealer(b, pki().Seal)
			raw := seal(b, s, testpdf.New(file.o))
			three := seal(b, s, seal(b, s, raw))
			for name, raw := range map[string][]byte{"one": raw, "three": three} {
				b.Run(name, func(b *testing.B) {
					run := func() {
						if r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()}); err != nil || !r.OK() {
							b.Fatal(err)
						}
					}
					floor := fastest(10, func() { sha256.Sum256(raw) })
					least := fastest(10, run)
					b.ReportAllocs()
					b.SetBytes(int64(len(raw)))
					for b.Loop() {
						run()
					}
					b.ReportMetric(float64(least)/float64(floor), "x-hash")
				})
			}
		})
	}
}

func BenchmarkStatement(b *testing.B) {
	s := sealer(b, pki().Seal, noStamp)
	content := make([]byte, 300)
	floor := fastest(50, func() { bare(b, pki().Seal.Key, content) })
	least := fastest(50, func() { _, _, _ = s.Statement(context.Background(), content) })
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.Statement(context.Background(), content); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(least)/float64(floor), "x-bare")
}
