package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// StageGrace is how long a staged object may wait for the transaction that
// names it before the sweep condemns it.
const StageGrace = 24 * time.Hour

// BlobRows is the SQL side of the blob store: a row is staged and committed
// before its object is written, linked by the transaction that names the
// object, and condemned, by compare-and-set, before the object is deleted. So a
// crash leaves an object without an owner, never an owner without its object.
type BlobRows interface {
	// Stage commits the row of an object about to be written. Staging a name
	// again is harmless unless it is condemned: ErrBlobCondemned.
	Stage(ctx context.Context, o Object, at time.Time) error
	// Link makes a staged row linked, in tx; ErrBlobCondemned when the sweep was
	// first, ErrNotFound when nothing was staged. Linking twice is harmless.
	Link(ctx context.Context, tx Tx, name string, at time.Time) error
	// Unlink condemns a linked row, in tx: its owner is gone.
	Unlink(ctx context.Context, tx Tx, name string, at time.Time) error
	// Condemn turns rows staged before t into condemned ones, at most limit. It
	// never condemns an object that a row of any kind names, or a version of a
	// copy that was not disposed of, whatever the object's own row says.
	Condemn(ctx context.Context, before time.Time, limit int) error
	// Condemned returns the names of condemned rows that are due at now, at
	// most limit, with the same exceptions as Condemn.
	Condemned(ctx context.Context, now time.Time, limit int) ([]string, error)
	// Waits reports whether a row was staged before t, or is condemned and due at now.
	Waits(ctx context.Context, before, now time.Time) (bool, error)
	// Postpone makes a condemned row due at t, not before.
	Postpone(ctx context.Context, name string, t time.Time) error
	// Drop records that the object of a condemned row was deleted. The name can
	// never be used again, because a late sweep would delete the next object of
	// that name.
	Drop(ctx context.Context, name string) error
}

// Objects writes and reads objects according to the rules of BlobRows. It is safe for
// concurrent use.
type Objects struct {
	Blobs Blobs
	Rows  BlobRows
	Now   func() time.Time // required
}

// Stage writes content durably under <kind>/<owner>/<sha256> and returns its
// name. The caller's transaction must link it within StageGrace.
func (d *Objects) Stage(ctx context.Context, kind Kind, owner string, content []byte) (Object, error) {
	return d.StageContent(ctx, kind, owner, NewContent(content))
}

// StageContent is Stage for content whose digest is known.
func (d *Objects) StageContent(ctx context.Context, kind Kind, owner string, c *Content) (Object, error) {
	sum := c.SHA256()
	o := Object{Name: string(kind) + "/" + owner + "/" + string(sum), SHA256: sum, Size: c.Size()}
	if err := d.Rows.Stage(ctx, o, d.Now()); err != nil {
		return Object{}, fmt.Errorf("stage %s: %w", o.Name, err)
	}
	if err := d.Blobs.Put(ctx, o.Name, c.Bytes()); err != nil {
		return Object{}, fmt.Errorf("write %s: %w", o.Name, err)
	}
	return o, nil
}

// Read returns the bytes of o. It reads at most o.Size+1 bytes. Errors:
// ErrDigest for a longer, shorter or different object; ErrUnavailable for a
// failing store.
func (d *Objects) Read(ctx context.Context, o Object) ([]byte, error) {
	c, err := d.Load(ctx, o)
	if err != nil {
		return nil, err
	}
	return c.Bytes(), nil
}

// Load is Read for a caller that needs more than the bytes.
func (d *Objects) Load(ctx context.Context, o Object) (*Content, error) {
	b, err := d.read(ctx, nil, o)
	if err != nil {
		return nil, err
	}
	c := NewContent(b)
	if c.SHA256() != o.SHA256 {
		return nil, fmt.Errorf("read %s: %w", o.Name, ErrDigest)
	}
	return c, nil
}

// Join reads objects that are consecutive parts of one content, and hashes them
// once. begins are the digests of the prefixes that end with each of them.
// Errors are those of Read.
func (d *Objects) Join(ctx context.Context, objects []Object, begins []Digest) (*Content, error) {
	var size int64
	ends := make([]int, len(objects))
	for i, o := range objects {
		size += o.Size
		ends[i] = int(size)
	}
	b := make([]byte, 0, size)
	for _, o := range objects {
		var err error
		if b, err = d.read(ctx, b, o); err != nil {
			return nil, err
		}
	}
	c := NewContent(b, ends...)
	for i, o := range objects {
		if c.Begin(int64(ends[i])) != begins[i] {
			return nil, fmt.Errorf("read %s: %w", o.Name, ErrDigest)
		}
	}
	return c, nil
}

// read appends the bytes of o, as many as it must have, to b.
func (d *Objects) read(ctx context.Context, b []byte, o Object) ([]byte, error) {
	r, err := d.Blobs.Open(ctx, o.Name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Name, err)
	}
	defer r.Close()
	from := len(b)
	b = slices.Grow(b, int(o.Size)+1)[:from+int(o.Size)+1]
	n, err := io.ReadFull(r, b[from:])
	// The comparison is by equality, because the error of a connection lost
	// within the body also wraps io.ErrUnexpectedEOF and must not be mistaken
	// for an altered object.
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w: %w", o.Name, ErrUnavailable, err)
	}
	if int64(n) != o.Size {
		return nil, fmt.Errorf("read %s: %w", o.Name, ErrDigest)
	}
	return b[:from+n], nil
}

// Hash streams o through SHA-256 without keeping it: the digest and the size of
// what the store holds now, at most o.Size+1 bytes of it.
func (d *Objects) Hash(ctx context.Context, o Object) (Digest, int64, error) {
	r, err := d.Blobs.Open(ctx, o.Name)
	if err != nil {
		return "", 0, fmt.Errorf("hash %s: %w", o.Name, err)
	}
	defer r.Close()
	h := newHash()
	n, err := io.Copy(h, io.LimitReader(r, o.Size+1))
	if err != nil {
		return "", n, fmt.Errorf("hash %s: %w: %w", o.Name, ErrUnavailable, err)
	}
	return digest(h), n, nil
}

// Idle reports whether Sweep has nothing to do now. It writes nothing.
func (d *Objects) Idle(ctx context.Context) (bool, error) {
	waits, err := d.Rows.Waits(ctx, d.Now().Add(-StageGrace), d.Now())
	return err == nil && !waits, err
}

// sweepAgain is the delay before another attempt to delete an object that could
// not be deleted, for example because of an object lock.
const sweepAgain = time.Hour

// Sweep condemns objects that were staged for longer than StageGrace and
// deletes condemned objects, at most limit. It returns the number deleted. An
// object that cannot be deleted is tried again an hour later and does not delay
// others; the error names each of them.
func (d *Objects) Sweep(ctx context.Context, limit int) (done int, err error) {
	if err := d.Rows.Condemn(ctx, d.Now().Add(-StageGrace), limit); err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	names, err := d.Rows.Condemned(ctx, d.Now(), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	var failed []error
	for _, name := range names {
		err := d.Blobs.Delete(ctx, name)
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("sweep %s: %w", name, err))
			err = d.Rows.Postpone(ctx, name, d.Now().Add(sweepAgain))
		} else if err = d.Rows.Drop(ctx, name); err == nil {
			done++
		}
		if err != nil {
			return done, errors.Join(append(failed, fmt.Errorf("sweep %s: %w", name, err))...)
		}
	}
	return done, errors.Join(failed...)
}
