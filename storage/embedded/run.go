package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/evaultlib/evault/storage"
)

// batch is how many records a task takes up at once.
const batch = 100

// task is one kind of background work. do returns how many records it took up;
// batch or more means that there may be others.
type task struct {
	name  string
	every time.Duration
	do    func(ctx context.Context, limit int) (int, error)
	// idle says that there is nothing to do, so that no lease is taken: an idle
	// server writes nothing. Nil is never.
	idle func(ctx context.Context) (bool, error)
	all  bool // runs on every replica, without a lease
}

// runner runs tasks, each on one replica at a time.
type runner struct {
	leases storage.Leases
	holder string
	now    func() time.Time
	log    *slog.Logger
}

// leaseTerm is how long a task is left to a replica that went silent.
func leaseTerm(every time.Duration) time.Duration { return max(time.Minute, 3*every) }

// run returns when ctx has ended and all tasks have stopped.
func (r runner) run(ctx context.Context, tasks []task) error {
	var wg sync.WaitGroup
	for _, t := range tasks {
		wg.Go(func() { r.loop(ctx, t) })
	}
	wg.Wait()
	return ctx.Err()
}

// loop runs t at once and then in its interval, so that what a crash left is
// taken up at the next start.
func (r runner) loop(ctx context.Context, t task) {
	held := false
	defer func() {
		if held {
			r.release(ctx, t)
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		for r.once(ctx, t, &held) >= batch && ctx.Err() == nil {
		}
		timer.Reset(t.every)
	}
}

// once does one round under the lease, unless there is nothing to do, and reports
// how much it did; held says that this replica has, or had, the lease.
func (r runner) once(ctx context.Context, t task, held *bool) int {
	ok, err := true, error(nil)
	if t.idle != nil {
		var idle bool
		idle, err = t.idle(ctx)
		ok = !idle
	}
	if !t.all && ok && err == nil {
		ok, err = r.acquire(ctx, t)
		*held = *held || ok
	}
	n := 0
	if err == nil && ok {
		n, err = guarded(ctx, t.do)
	}
	if err != nil && ctx.Err() == nil {
		r.log.ErrorContext(ctx, "embedded: background work failed", "task", t.name, "error", err)
		return 0 // it waits for its interval, whatever it did
	}
	return n
}

// leaseWait bounds a statement on a lease.
const leaseWait = 5 * time.Second

// acquire is not cut short when ctx ends: a server may finish a statement that
// its client gave up, and the lease would be left behind.
func (r runner) acquire(ctx context.Context, t task) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseWait)
	defer cancel()
	return r.leases.Acquire(ctx, t.lease(), r.holder, r.now(), leaseTerm(t.every))
}

// roundLimit bounds one round of a task, so that what hangs is given up and tried
// again.
const roundLimit = 5 * time.Minute

// guarded bounds a round, and keeps a panic in a host's callback from ending the
// process. Its value may hold anything and is not told.
func guarded(ctx context.Context, do func(ctx context.Context, limit int) (int, error)) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("panic of type %T\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	defer cancel()
	return do(ctx, batch)
}

func (t task) lease() string { return "task " + t.name }

// release lets another replica take over at once.
func (r runner) release(ctx context.Context, t task) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseWait)
	defer cancel()
	if err := r.leases.Release(ctx, t.lease(), r.holder); err != nil {
		r.log.WarnContext(ctx, "embedded: lease not released", "task", t.name, "error", err)
	}
}
