package pdftest

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
)

// File is a file that a benchmark reads.
type File struct {
	Name string
	Raw  []byte
}

// Sizes are files of the sizes that the project's figures speak of, and a contract of text alone.
func Sizes() []File {
	return []File{
		{"10_pages_1_MB", testpdf.Sized(10, 1<<20)},
		{"100_pages_20_MB", testpdf.Sized(100, 20<<20)},
		{"100_pages_text", testpdf.Contract(100)},
	}
}

// Against runs ours, then times the floor, a peer that does the least one could do with the bytes, and reports the
// ratio.
func Against(b *testing.B, raw []byte, ours func() error, floor func() error) {
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

// SHA is the floor of [Against] that hashes the file once.
func SHA(raw []byte) func() error {
	return func() error { sha256.Sum256(raw); return nil }
}
