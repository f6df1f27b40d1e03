// Package gate lets a few through at a time for each name, in one process.
package gate

import (
	"context"
	"sync"
)

// Gates is safe for concurrent use; a name without callers takes no memory.
type Gates struct {
	limit int
	mu    sync.Mutex
	names map[string]*one
}

type one struct {
	places chan struct{}
	users  int // inside or waiting
}

// New returns gates that let limit callers through at a time.
func New(limit int) *Gates { return &Gates{limit: limit, names: map[string]*one{}} }

// Enter waits for a place at the gate called name, or for ctx to end. The caller
// must leave.
func (g *Gates) Enter(ctx context.Context, name string) (leave func(), err error) {
	g.mu.Lock()
	own := g.names[name]
	if own == nil {
		own = &one{places: make(chan struct{}, g.limit)}
		g.names[name] = own
	}
	own.users++
	g.mu.Unlock()
	done := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if own.users--; own.users == 0 {
			delete(g.names, name)
		}
	}
	select {
	case own.places <- struct{}{}:
		return func() { <-own.places; done() }, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}
