package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/evaultlib/evault/storage"
)

// Blobs runs the cases of storage.Blobs; each calls open for a store that is
// empty.
func Blobs(t *testing.T, open func(t *testing.T) storage.Blobs) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, b storage.Blobs)
	}{
		{"put and open", blobsPutOpen},
		{"missing", blobsMissing},
		{"same name again", blobsAgain},
		{"sizes", blobsSizes},
		{"cancelled", blobsCancelled},
		{"parallel", blobsParallel},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

func content(ctx context.Context, b storage.Blobs, name string) ([]byte, error) {
	r, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func wantContent(t *testing.T, b storage.Blobs, name string, want []byte) {
	t.Helper()
	if got, err := content(t.Context(), b, name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: got %d bytes, %v; want %d bytes", name, len(got), err, len(want))
	}
}

func blobsPutOpen(t *testing.T, b storage.Blobs) {
	name := "upload/env_a/" + string(storage.Sum([]byte("x")))
	if err := b.Put(t.Context(), name, []byte("x")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, b, name, []byte("x"))
	if err := b.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	_, err := b.Open(t.Context(), name)
	wantErr(t, "after delete", err, storage.ErrBlobMissing)
}

func blobsMissing(t *testing.T, b storage.Blobs) {
	for _, name := range []string{"a", "upload/env_a/abc", "upload/../abc"} {
		_, err := b.Open(t.Context(), name)
		wantErr(t, "open "+name, err, storage.ErrBlobMissing)
		wantErr(t, "delete "+name, b.Delete(t.Context(), name), nil)
	}
}

func blobsAgain(t *testing.T, b storage.Blobs) {
	for range 2 {
		if err := b.Put(t.Context(), "k/o/s", []byte("same")); err != nil {
			t.Fatal(err)
		}
		wantContent(t, b, "k/o/s", []byte("same"))
	}
}

func blobsSizes(t *testing.T, b storage.Blobs) {
	for _, size := range []int{0, 1, 4096, 1<<16 + 1, 3 << 20} {
		body := bytes.Repeat([]byte{0, 1, 0xff, '\r', '\n'}, size/5+1)[:size]
		name := fmt.Sprintf("k/o/%d", size)
		if err := b.Put(t.Context(), name, body); err != nil {
			t.Fatal(err)
		}
		wantContent(t, b, name, body)
	}
}

func blobsCancelled(t *testing.T, b storage.Blobs) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Put(ctx, "k/o/s", []byte("x")); err == nil {
		t.Error("put with a cancelled context succeeded")
	}
	if _, err := content(t.Context(), b, "k/o/s"); !errors.Is(err, storage.ErrBlobMissing) {
		t.Errorf("got %v, want ErrBlobMissing", err)
	}
}

func blobsParallel(t *testing.T, b storage.Blobs) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte(i % 4)}, 100_000)
			name := fmt.Sprintf("k/o/%d", i%4) // four writers of the same bytes each
			if err := b.Put(t.Context(), name, body); err != nil {
				t.Error(err)
			}
			wantContent(t, b, name, body)
		})
	}
	wg.Wait()
}
