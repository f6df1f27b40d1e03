package blobstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "blobs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	bucket, err := blobstore.OpenFolder(filepath.Join(dir, "documents"))
	if err != nil {
		log.Fatal(err)
	}
	defer bucket.Close()
	store, err := blobstore.New(bucket, blobstore.Config{})
	if err != nil {
		log.Fatal(err)
	}

	content := []byte("%PDF-1.7 …")
	name := "upload/env_1/" + string(storage.Sum(content))
	if err := store.Put(ctx, name, content); err != nil { // durable when it returns
		log.Fatal(err)
	}
	r, err := store.Open(ctx, name)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	fmt.Println(string(b), err)

	_, err = store.Open(ctx, "upload/env_1/other")
	fmt.Println(errors.Is(err, storage.ErrBlobMissing))
	// Output:
	// %PDF-1.7 … <nil>
	// true
}
