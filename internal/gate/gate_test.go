package gate_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evaultlib/evault/internal/gate"
)

func TestGates(t *testing.T) {
	t.Parallel()
	g := gate.New(2)
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			leave, err := g.Enter(t.Context(), "a")
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
			n := inside.Add(1)
			defer inside.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
		})
	}
	wg.Wait()
	if m := most.Load(); m > 2 {
		t.Errorf("%d were inside at once", m)
	}
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	g := gate.New(1)
	leave, err := g.Enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := g.Enter(t.Context(), "b")
	if err != nil {
		t.Fatalf("another name: %v", err)
	}
	other()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Enter(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's end", err)
	}
	leave()
	again, err := g.Enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	again()
}
