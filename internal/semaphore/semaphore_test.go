package semaphore_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evaultlib/evault/internal/semaphore"
)

func TestConcurrentAcquire(t *testing.T) {
	t.Parallel()
	g := semaphore.NewKeyed(2)
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			release, err := g.Acquire(t.Context(), "a")
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
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
	g := semaphore.NewKeyed(1)
	release, err := g.Acquire(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := g.Acquire(t.Context(), "b")
	if err != nil {
		t.Fatalf("another name: %v", err)
	}
	other()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Acquire(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's end", err)
	}
	release()
	again, err := g.Acquire(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	again()
}
