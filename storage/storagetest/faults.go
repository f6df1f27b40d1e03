package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/evaultlib/evault/storage"
)

// ErrInjected is inside every error that Faults make. It looks like a lost
// connection.
var ErrInjected = fmt.Errorf("storagetest: injected: %w", io.ErrUnexpectedEOF)

// How says in which way a call fails.
type How int

const (
	Before How = iota // the call is refused and has no effect
	After             // the call has its effect, its answer is lost
)

// Faults counts the calls of everything it wraps (SQL connections, blob
// stores) and makes chosen ones fail. The zero value only counts. It is safe
// for concurrent use.
type Faults struct {
	mu    sync.Mutex
	calls int
	at    map[int]How
	names []string
}

// Arm forgets what was counted and makes the k-th calls from now on, counted
// from 1, fail as given.
func (f *Faults) Arm(at map[int]How) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.at, f.names = 0, at, nil
}

// Calls returns the names of the calls since Arm, in order.
func (f *Faults) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.names...)
}

// Do runs one call of what a caller wraps itself; name says which.
func (f *Faults) Do(name string, run func() error) error {
	f.mu.Lock()
	f.calls++
	f.names = append(f.names, name)
	how, fail := f.at[f.calls]
	k := f.calls
	f.mu.Unlock()
	if !fail {
		return run()
	}
	if how == After {
		if err := run(); err != nil {
			return err
		}
	}
	return fmt.Errorf("call %d, %s: %w", k, name, ErrInjected)
}

// Blobs wraps b: put, open, read (half of the body, then the error) and delete
// are calls.
func (f *Faults) Blobs(b storage.Blobs) storage.Blobs { return faultyBlobs{f, b} }

type faultyBlobs struct {
	f *Faults
	b storage.Blobs
}

func (b faultyBlobs) Put(ctx context.Context, name string, content []byte) error {
	return unavailable(b.f.Do("blob put", func() error { return b.b.Put(ctx, name, content) }))
}

func (b faultyBlobs) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	var r io.ReadCloser
	err := b.f.Do("blob open", func() (err error) {
		r, err = b.b.Open(ctx, name)
		return err
	})
	if err != nil {
		if r != nil {
			_ = r.Close()
		}
		return nil, unavailable(err)
	}
	return &faultyReader{r, b.f, false}, nil
}

func (b faultyBlobs) Delete(ctx context.Context, name string) error {
	return unavailable(b.f.Do("blob delete", func() error { return b.b.Delete(ctx, name) }))
}

// faultyReader counts as one call, however often it is read.
type faultyReader struct {
	io.ReadCloser
	f       *Faults
	counted bool
}

func (r *faultyReader) Read(p []byte) (int, error) {
	if r.counted {
		return r.ReadCloser.Read(p)
	}
	r.counted = true
	if err := r.f.Do("blob read", func() error { return nil }); err != nil {
		n, _ := r.ReadCloser.Read(p[:len(p)/2])
		return n, unavailable(err)
	}
	return r.ReadCloser.Read(p)
}

func unavailable(err error) error {
	if errors.Is(err, ErrInjected) {
		return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
	}
	return err
}
