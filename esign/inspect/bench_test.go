package inspect_test

import (
	"fmt"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/internal/testpdf"
)

// BenchmarkStart is what a child costs once: the time until it is confined and waits.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		i, err := inspect.New(inspect.Config{Children: 1})
		if err != nil {
			b.Fatal(err)
		}
		i.Close()
	}
}

// BenchmarkInspect compares a file examined in process and in a child.
func BenchmarkInspect(b *testing.B) {
	i := open(b, inspect.Config{Children: 1, Files: 1 << 30})
	process := esign.InProcess(esign.Limits{}, nil)
	for _, f := range []struct {
		name string
		raw  []byte
	}{
		{"10 pages 91 KB", testpdf.Sized(10, 91<<10)},
		{"10 pages 1 MB", testpdf.Sized(10, 1<<20)},
		{"100 pages 20 MB", testpdf.Sized(100, 20<<20)},
	} {
		b.Run(f.name+"/process", func(b *testing.B) {
			for b.Loop() {
				if _, err := process.Inspect(b.Context(), f.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(f.name+"/child", func(b *testing.B) {
			for b.Loop() {
				if _, err := i.Inspect(b.Context(), f.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("pipe alone/child", func(b *testing.B) {
		for _, size := range []int{64, 1 << 20, 20 << 20} {
			raw := append([]byte("good "), make([]byte, size)...)
			b.Run(fmt.Sprint(size), func(b *testing.B) {
				for b.Loop() {
					if _, err := i.Inspect(b.Context(), raw); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
