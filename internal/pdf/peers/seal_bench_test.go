package peers_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testheap"
	"github.com/evaultlib/evault/internal/testpdf"
)

// work is one operation on a file; out is what it wrote.
type work func(raw []byte) (out []byte, err error)

// bare is what cryptography alone costs a seal: the digest of the file and one P-256 signature.
func bare(raw []byte) ([]byte, error) {
	digest := sha256.Sum256(raw)
	return pki().Seal.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
}

func ours(b *testing.B, change func(*pades.Config)) work {
	c := pades.Config{Signer: pki().Seal.Key, Chain: pki().Seal.Chain}
	change(&c)
	s, err := pades.New(c)
	if err != nil {
		b.Fatal(err)
	}
	return func(raw []byte) ([]byte, error) {
		seal, err := s.Seal(context.Background(), pades.SealRequest{PDF: raw})
		if err != nil {
			return nil, err
		}
		return seal.Appended, nil
	}
}

// BenchmarkSeal measures our seals, pdfsign's signature and the bare cryptography in one run. peak-MiB is heap over the
// file itself; files-held is that and the file, in files.
func BenchmarkSeal(b *testing.B) {
	e, err := pades.NewExtender(
		pades.ExtenderConfig{Roots: pki().Roots(), Revocation: pki().Revocations(), Timestamper: pki().Timestamper()},
	)
	if err != nil {
		b.Fatal(err)
	}
	theirs := func(raw []byte) ([]byte, error) { return pdfsign(pki().Seal, raw) }
	verify := func(raw []byte) ([]byte, error) {
		_, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
		return nil, err
	}
	extend := func(raw []byte) ([]byte, error) {
		x, err := e.Extend(context.Background(), raw)
		if err != nil {
			return nil, err
		}
		return x.Appended, nil
	}
	stamped := func(c *pades.Config) { c.Timestamper = pki().Timestamper() }
	lta := func(c *pades.Config) { c.Timestamper, c.Extender = pki().Timestamper(), e }
	plain := func(raw []byte) []byte { return raw }
	sealed := func(raw []byte) []byte { return then(b, ours(b, stamped), raw) }
	preserved := func(raw []byte) []byte { return then(b, ours(b, lta), then(b, ours(b, lta), raw)) }
	for _, v := range []struct {
		name string
		on   func([]byte) []byte
		do   work
	}{
		{"B-B", plain, ours(b, func(*pades.Config) {})},
		{"pdfsign", plain, theirs},
		{"B-LTA", plain, ours(b, lta)},
		{"extend_B-T", sealed, extend},
		{"verify_B-T", sealed, verify},
		{"verify_B-LTA_twice", preserved, verify},
	} {
		for _, f := range []struct {
			name string
			raw  []byte
		}{{"10_pages_1_MB", testpdf.Sized(10, 1<<20)}, {"100_pages_20_MB", testpdf.Sized(100, 20<<20)}} {
			b.Run(v.name+"/"+f.name, func(b *testing.B) {
				raw := v.on(f.raw)
				measure(b, v.do, theirs, raw)
			})
		}
	}
}

func then(b *testing.B, do work, raw []byte) []byte {
	out, err := do(raw)
	if err != nil {
		b.Fatal(err)
	}
	return append(bytes.Clone(raw), out...)
}

func measure(b *testing.B, do, peer work, raw []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	run := func(w work) time.Duration {
		start := time.Now()
		if _, err := w(raw); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	fastest := func(w work) time.Duration {
		least := time.Duration(1<<63 - 1)
		for range 10 {
			least = min(least, run(w))
		}
		return least
	}
	floor, theirs, least := fastest(bare), fastest(peer), fastest(do)
	for b.Loop() {
		least = min(least, run(do))
	}
	took := int64(0)
	for range 3 {
		took = max(took, testheap.Peak(10, func() { run(do) }))
	}
	b.ReportMetric(float64(least.Microseconds())/1000, "best-ms")
	b.ReportMetric(float64(least)/float64(floor), "x-bare")
	b.ReportMetric(float64(least)/float64(theirs), "x-pdfsign")
	b.ReportMetric(float64(took)/(1<<20), "peak-MiB")
	b.ReportMetric(1+float64(took)/float64(len(raw)), "files-held")
}
