package storage

import (
	"context"
	"io"
)

// Blobs keeps immutable objects under names of the form
// <kind>/<owner id>/<sha256>.
//
// Put returns after the object is durable. Writing the same name again with
// the same bytes is harmless. Open returns ErrBlobMissing when there is no such
// object; Delete of a missing object is no error. Every other failure wraps
// ErrUnavailable.
type Blobs interface {
	Put(ctx context.Context, name string, content []byte) error
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	Delete(ctx context.Context, name string) error
}

// Object names bytes in Blobs.
type Object struct {
	Name   string
	SHA256 Digest
	Size   int64
}
