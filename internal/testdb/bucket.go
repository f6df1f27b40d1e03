package testdb

import (
	"context"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// Bucket returns a bucket on which each write, read and delete of b is a call of
// do, which may refuse it, or run it and lose its answer (storagetest.Faults.Do).
// It has what blobstore uses and nothing else.
func Bucket(b *blob.Bucket, do func(name string, run func() error) error) *blob.Bucket {
	return blob.NewBucket(&bucket{b: b, do: do})
}

type bucket struct {
	driver.Bucket // nil: what is not here is not used
	b             *blob.Bucket
	do            func(name string, run func() error) error
}

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, _ *driver.WriterOptions) (driver.Writer, error) {
	return &bucketWriter{ctx: ctx, b: b, key: key, contentType: contentType}, nil
}

// bucketWriter writes everything on Close.
type bucketWriter struct {
	ctx              context.Context
	b                *bucket
	key, contentType string
	content          []byte
}

func (w *bucketWriter) Write(p []byte) (int, error) {
	w.content = append(w.content, p...)
	return len(p), nil
}

func (w *bucketWriter) Close() error {
	return w.b.do("blob write", func() error {
		return w.b.b.WriteAll(w.ctx, w.key, w.content, &blob.WriterOptions{ContentType: w.contentType})
	})
}

func (b *bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	var r *blob.Reader
	err := b.do("blob open", func() (err error) {
		r, err = b.b.NewRangeReader(ctx, key, offset, length, nil)
		return err
	})
	if err != nil {
		if r != nil {
			_ = r.Close()
		}
		return nil, err
	}
	return &bucketReader{Reader: r, do: b.do}, nil
}

// bucketReader counts as one call, however often it is read; one that fails
// gives half of the first part before.
type bucketReader struct {
	*blob.Reader
	do      func(name string, run func() error) error
	counted bool
}

func (r *bucketReader) Read(p []byte) (int, error) {
	if r.counted {
		return r.Reader.Read(p)
	}
	r.counted = true
	if err := r.do("blob read", func() error { return nil }); err != nil {
		n, _ := r.Reader.Read(p[:len(p)/2])
		return n, err
	}
	return r.Reader.Read(p)
}

func (r *bucketReader) As(any) bool { return false }

func (r *bucketReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{ContentType: r.ContentType(), ModTime: r.ModTime(), Size: r.Size()}
}

func (b *bucket) Delete(ctx context.Context, key string, _ *driver.DeleteOptions) error {
	return b.do("blob delete", func() error { return b.b.Delete(ctx, key) })
}

func (b *bucket) ListPaged(context.Context, *driver.ListOptions) (*driver.ListPage, error) {
	return &driver.ListPage{}, nil
}

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	return gcerrors.Code(err)
}

func (b *bucket) ErrorAs(error, any) bool { return false }
func (b *bucket) Close() error            { return nil }
