package blobstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/evaultlib/evault/storage/blobstore"
)

// BenchmarkFolderPut writes under a new owner each time, as the engines do, and
// beside it what the same bytes cost with one fsync and nothing else.
func BenchmarkFolderPut(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		body := make([]byte, size)
		b.Run(fmt.Sprintf("put %d KiB", size>>10), func(b *testing.B) {
			s, err := blobstore.New(open(b, filepath.Join(b.TempDir(), "blobs")), blobstore.Config{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			for n := 0; b.Loop(); n++ {
				if err := s.Put(b.Context(), fmt.Sprintf("upload/env_%d/0123", n), body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("bare %d KiB", size>>10), func(b *testing.B) {
			dir := b.TempDir()
			b.SetBytes(int64(size))
			for n := 0; b.Loop(); n++ {
				f, err := os.Create(filepath.Join(dir, fmt.Sprint(n)))
				if err != nil {
					b.Fatal(err)
				}
				_, err = f.Write(body)
				if err != nil || f.Sync() != nil || f.Close() != nil {
					b.Fatal("write failed")
				}
			}
		})
	}
}
