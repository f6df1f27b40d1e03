package pdf_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testpdf"
)

// benchFiles are the sizes that the project's figures speak of, and a contract of text alone.
func benchFiles() []struct {
	name string
	raw  []byte
} {
	return []struct {
		name string
		raw  []byte
	}{
		{"10_pages_1_MB", testpdf.Sized(10, 1<<20)},
		{"100_pages_20_MB", testpdf.Sized(100, 20<<20)},
		{"100_pages_text", testpdf.Contract(100)},
	}
}

// against runs ours, then times the floor, a peer that does the least one could do with the bytes, and reports the ratio.
func against(b *testing.B, raw []byte, ours func() error, floor func() error) {
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	var best time.Duration
	for b.Loop() {
		start := time.Now()
		if err := ours(); err != nil {
			b.Fatal(err)
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
	if floor == nil {
		return
	}
	least := time.Duration(1<<63 - 1)
	for range 5 {
		start := time.Now()
		if err := floor(); err != nil {
			b.Fatal(err)
		}
		least = min(least, time.Since(start))
	}
	b.ReportMetric(float64(best)/float64(least), "x-sha256")
}

func sha(raw []byte) func() error {
	return func() error { sha256.Sum256(raw); return nil }
}

func BenchmarkMarkCopy(b *testing.B) {
	for _, f := range benchFiles() {
		b.Run(f.name, func(b *testing.B) {
			against(b, f.raw, func() error { _, err := copymark.MarkCopy(ctx, f.raw, copyMark()); return err }, sha(f.raw))
		})
	}
}

func BenchmarkCheckCopy(b *testing.B) {
	for _, f := range benchFiles() {
		marked, err := copymark.MarkCopy(ctx, f.raw, copyMark())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(f.name, func(b *testing.B) {
			against(b, marked, func() error { return copymark.CheckCopy(marked, copymark.DefaultText) }, sha(marked))
		})
	}
}

func BenchmarkPlace(b *testing.B) {
	for _, f := range benchFiles() {
		b.Run(f.name, func(b *testing.B) {
			against(b, f.raw, func() error {
				_, err := overlay.Place(ctx, f.raw, signerMarks(1), overlay.PlaceOptions{})
				return err
			}, sha(f.raw))
		})
	}
}

func BenchmarkInspect(b *testing.B) {
	for _, f := range benchFiles() {
		b.Run(f.name, func(b *testing.B) {
			against(b, f.raw, func() error { _, err := pdfinspect.Inspect(ctx, f.raw, pdf.Limits{}); return err }, sha(f.raw))
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	for _, f := range benchFiles() {
		b.Run(f.name, func(b *testing.B) {
			against(b, f.raw, func() error {
				_, _, err := overlay.Prepare(ctx, f.raw, overlay.Preparation{Legend: legend, SignaturePage: signatories(2)})
				return err
			}, sha(f.raw))
		})
	}
}

func BenchmarkReport(b *testing.B) {
	for _, events := range []int{20, 400} {
		b.Run(fmt.Sprintf("%d_events", events), func(b *testing.B) {
			r := certificate(3, events)
			against(b, nil, func() error { _, err := typeset.PDF(ctx, r); return err }, nil)
		})
	}
}
