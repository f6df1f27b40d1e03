package blobstore_test

import (
	"errors"
	"path/filepath"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

var kinds = map[string]func(t *testing.T) *blob.Bucket{
	"folder": func(t *testing.T) *blob.Bucket { return open(t, filepath.Join(t.TempDir(), "blobs")) },
	"memory": func(t *testing.T) *blob.Bucket {
		b := memblob.OpenBucket(nil)
		t.Cleanup(func() { _ = b.Close() })
		return b
	},
}

func store(t *testing.T, b *blob.Bucket, c blobstore.Config) *blobstore.Store {
	t.Helper()
	s, err := blobstore.New(b, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	for name, bucket := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Blobs(t, func(t *testing.T) storage.Blobs { return store(t, bucket(t), blobstore.Config{}) })
		})
	}
}

func TestNewWantsABucket(t *testing.T) {
	t.Parallel()
	if _, err := blobstore.New(nil, blobstore.Config{}); err == nil {
		t.Error("got no error")
	}
}

func TestBeforeWrite(t *testing.T) {
	t.Parallel()
	refused := errors.New("no lock")
	for name, bucket := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			var answer error
			s := store(t, bucket(t), blobstore.Config{BeforeWrite: func(func(any) bool) error { calls++; return answer }})
			if err := s.Put(t.Context(), "a", []byte("x")); err != nil || calls != 1 {
				t.Errorf("got %v after %d calls", err, calls)
			}
			answer = refused
			if err := s.Put(t.Context(), "b", []byte("x")); !errors.Is(err, refused) {
				t.Errorf("got %v, want the hook's error", err)
			}
			if _, err := s.Open(t.Context(), "b"); !errors.Is(err, storage.ErrBlobMissing) {
				t.Errorf("got %v, want ErrBlobMissing", err)
			}
		})
	}
}

func TestClosedBucketIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, bucket := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bucket(t)
			s := store(t, b, blobstore.Config{})
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("open: %v", err)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			_, openErr := s.Open(t.Context(), "a")
			for verb, err := range map[string]error{
				"put": s.Put(t.Context(), "a", nil), "open": openErr, "delete": s.Delete(t.Context(), "a"), "ping": s.Ping(t.Context()),
			} {
				if !errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("%s: got %v, want ErrUnavailable", verb, err)
				}
			}
		})
	}
}
