package blobstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/evaultlib/evault/storage"
)

// contentType is stored with every object; what the bytes are is said in SQL.
const contentType = "application/octet-stream"

// Config tunes a Store.
type Config struct {
	// BeforeWrite is called before each upload with the driver's As function, for
	// instance to set an object lock or a KMS key. An error refuses the write.
	// Default: none.
	BeforeWrite func(as func(any) bool) error
}

// Store implements storage.Blobs.
type Store struct {
	bucket *blob.Bucket
	config Config
}

var _ storage.Blobs = (*Store)(nil)

// New returns the Blobs of bucket, which the caller keeps and closes. It does
// no I/O.
func New(bucket *blob.Bucket, c Config) (*Store, error) {
	if bucket == nil {
		return nil, errors.New("blobstore: bucket is required")
	}
	return &Store{bucket, c}, nil
}

// Put writes content under name and returns when the bucket has it.
func (s *Store) Put(ctx context.Context, name string, content []byte) error {
	err := s.bucket.Upload(ctx, name, bytes.NewReader(content), &blob.WriterOptions{
		ContentType: contentType, DisableContentTypeDetection: true, BeforeWrite: s.config.BeforeWrite,
	})
	if err != nil {
		return fmt.Errorf("blobstore: put %s: %w", name, mapErr(err))
	}
	return nil
}

// Open returns a reader of the object's bytes, which the caller closes. No object
// has the empty name: storage.ErrBlobMissing.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "" {
		return nil, fmt.Errorf("blobstore: open: %w", storage.ErrBlobMissing)
	}
	r, err := s.bucket.NewReader(ctx, name, nil)
	if err != nil {
		return nil, fmt.Errorf("blobstore: open %s: %w", name, mapErr(err))
	}
	return reader{r}, nil
}

// Delete removes the object; that there is none is no error.
func (s *Store) Delete(ctx context.Context, name string) error {
	err := mapErr(s.bucket.Delete(ctx, name))
	if err != nil && !errors.Is(err, storage.ErrBlobMissing) {
		return fmt.Errorf("blobstore: delete %s: %w", name, err)
	}
	return nil
}

// Ping reports whether the bucket answers; storage.ErrUnavailable when not.
func (s *Store) Ping(ctx context.Context) error {
	ok, err := s.bucket.IsAccessible(ctx)
	if err == nil && ok {
		return nil
	}
	return fmt.Errorf("blobstore: %w: bucket is not accessible", storage.ErrUnavailable)
}

// reader keeps errors in the middle of a body typed.
type reader struct{ r *blob.Reader }

func (r reader) Close() error { return r.r.Close() }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = mapErr(err)
	}
	return n, err
}

// mapErr turns a bucket's error into a sentinel of storage. The driver's error
// stays inside.
func mapErr(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("%w: %w", storage.ErrBlobMissing, err)
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}
