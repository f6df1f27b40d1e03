//go:build unix

package render_test

import (
	"syscall"
	"testing"

	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/internal/testpdf"
)

// BenchmarkPNG draws Letter pages at 150 dots an inch, each for the first time: start of a sandbox, parsing, drawing and
// compressing are in the figure.
func BenchmarkPNG(b *testing.B) {
	const letter150 = 1275
	r := open(b, render.Config{CacheBytes: -1})
	for _, f := range []struct {
		name string
		pdf  []byte
	}{
		{"contract", testpdf.Contract(10)},
		{"10 pages 1 MB", testpdf.Sized(10, 1<<20)},
		{"100 pages 20 MB", testpdf.Sized(100, 20<<20)},
	} {
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			from, page := processorTime(), 0
			for b.Loop() {
				if _, err := r.PNG(b.Context(), f.pdf, page%10+1, letter150); err != nil {
					b.Fatal(err)
				}
				page++
			}
			b.ReportMetric(float64(processorTime()-from)/float64(page)/1e6, "cpu-ms/op")
		})
	}
	b.Run("contract parallel", func(b *testing.B) {
		pdf := testpdf.Contract(10)
		b.RunParallel(func(pb *testing.PB) {
			for page := 0; pb.Next(); page++ {
				if _, err := r.PNG(b.Context(), pdf, page%10+1, letter150); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// BenchmarkKept asks for an image that was just drawn: hashing the document and copying the image.
func BenchmarkKept(b *testing.B) {
	pdf := testpdf.Sized(10, 1<<20)
	for b.Loop() {
		if _, err := shared().PNG(b.Context(), pdf, 1, 1275); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNew starts with PDFium compiled before.
func BenchmarkNew(b *testing.B) {
	shared()
	for b.Loop() {
		r, err := render.New(b.Context(), render.Config{CacheDir: cacheDir})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

// processorTime in nanoseconds says more than wall time where other programs run beside.
func processorTime() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}
