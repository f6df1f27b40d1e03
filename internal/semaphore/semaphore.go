// Package semaphore has a counting semaphore for each key, in one process.
//
// Stability: internal; it may change with any version.
package semaphore

import (
	"context"
	"sync"
)

// Keyed lets a limited number of callers hold each key at a time. It is safe for
// concurrent use; a key without callers takes no memory.
type Keyed struct {
	limit int
	mu    sync.Mutex
	keys  map[string]*entry
}

type entry struct {
	slots chan struct{}
	users int // holding or waiting
}

// NewKeyed returns a semaphore that lets limit callers hold a key at a time.
func NewKeyed(limit int) *Keyed { return &Keyed{limit: limit, keys: map[string]*entry{}} }

// Acquire waits until the caller may hold key, or until ctx ends: then its error
// is that of ctx. The caller must call release once.
func (k *Keyed) Acquire(ctx context.Context, key string) (release func(), err error) {
	e := k.enter(key)
	select {
	case e.slots <- struct{}{}:
		return func() { <-e.slots; k.leave(key, e) }, nil
	case <-ctx.Done():
		k.leave(key, e)
		return nil, ctx.Err()
	}
}

func (k *Keyed) enter(key string) *entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.keys[key]
	if e == nil {
		e = &entry{slots: make(chan struct{}, k.limit)}
		k.keys[key] = e
	}
	e.users++
	return e
}

func (k *Keyed) leave(key string, e *entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.users--; e.users == 0 {
		delete(k.keys, key)
	}
}
