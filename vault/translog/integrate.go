package translog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/storage"
)

// Integrate assigns indexes to events without one, signs and anchors the new checkpoint and returns
// it. If there are none, it returns the newest checkpoint. Any replica may call it at any time;
// call it at least once every MaxMergeDelay.
//
// ErrRewound when the database does not extend the newest anchor, ErrCorrupt when its hashes were
// altered, storage.ErrUnavailable when database or anchors are unavailable. If an anchor could not
// be written, the next call publishes the sequenced events.
func (l *Log) Integrate(ctx context.Context) (Checkpoint, error) {
	const attempts = 50 // lost races in a row; each means that another replica made progress
	for lost := 0; lost < attempts; {
		c, more, err := l.step(ctx)
		switch {
		case errors.Is(err, storage.ErrConflict):
			lost++
			if err := pause(ctx, 2*time.Millisecond); err != nil {
				return c, err
			}
		case err != nil || !more:
			return c, err
		default:
			lost = 0
		}
	}
	return Checkpoint{}, fmt.Errorf("integrate: %w", storage.ErrConflict)
}

// Idle reports whether Integrate has nothing to do now: no event waits and the
// head has its checkpoint. It writes nothing and reads no anchor.
func (l *Log) Idle(ctx context.Context) (bool, error) {
	waiting, err := l.c.Store.Unsequenced(ctx, 1)
	if err != nil || len(waiting) > 0 {
		return false, err
	}
	h, err := l.c.Store.Head(ctx)
	if err != nil || h == (Head{}) {
		return err == nil, err
	}
	c, err := l.c.Store.Checkpoint(ctx, h.Epoch)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil && c.Size >= h.Size, err
}

// step sequences one batch; more says that there may be another.
func (l *Log) step(ctx context.Context) (c Checkpoint, more bool, err error) {
	h, err := l.head(ctx)
	if err != nil {
		return c, false, err
	}
	if h != (Head{}) {
		// The head of a process that died before it anchored, or its checkpoint.
		if c, err = l.publish(ctx, h); err != nil {
			return c, false, err
		}
	}
	next, n, err := l.extend(ctx, h)
	if err != nil {
		return c, false, fmt.Errorf("integrate: %w", err)
	}
	if n == 0 {
		if h == (Head{}) {
			c, err = l.newest(ctx, 0)
		}
		return c, false, err
	}
	c, err = l.publish(ctx, next)
	return c, n == l.c.Batch, err
}

// extend moves the head over one batch of events. It reads and hashes before its
// transaction, which is then short: the compare-and-set on the head says whether
// what was read is still so.
func (l *Log) extend(ctx context.Context, h Head) (next Head, n int, err error) {
	leaves, err := l.c.Store.Unsequenced(ctx, l.c.Batch)
	n = len(leaves)
	if err != nil || n == 0 {
		return Head{}, n, err
	}
	g := growth{base: l.reader(ctx, l.c.Store), first: tlog.StoredHashCount(h.Size)}
	if err := g.check(h); err != nil {
		return Head{}, n, err
	}
	ids := make([]string, n)
	for i, leaf := range leaves {
		ids[i] = leaf.EventID
		if err := g.add(h.Size+int64(i), leaf.Canonical); err != nil {
			return Head{}, n, err
		}
	}
	next = Head{Epoch: h.Epoch, Origin: h.Origin, Size: h.Size + int64(n), Prev: h.Size}
	if h.Origin == "" {
		next.Origin = l.c.Origin
	}
	if next.Root, err = tlog.TreeHash(next.Size, g); err != nil {
		return Head{}, n, err
	}
	err = l.c.Store.InTx(ctx, func(ctx context.Context, s Store) error {
		if err := s.Advance(ctx, h, next); err != nil { // first, for its row lock
			return err
		}
		if err := s.AddHashes(ctx, g.first, g.added); err != nil {
			return err
		}
		return s.Sequence(ctx, h.Size, ids)
	})
	return next, n, err
}

// growth is the stored tree and the hashes being added to it.
type growth struct {
	base  tlog.HashReader
	first int64
	added []Hash
}

func (g growth) check(h Head) error {
	if h.Size == 0 {
		return nil
	}
	root, err := tlog.TreeHash(h.Size, g.base)
	if err != nil {
		return err
	}
	if root != h.Root {
		return fmt.Errorf("%w of size %d", ErrCorrupt, h.Size)
	}
	return nil
}

func (g *growth) add(n int64, leaf []byte) error {
	hashes, err := tlog.StoredHashes(n, leaf, g)
	g.added = append(g.added, hashes...)
	return err
}

// ReadHashes implements tlog.HashReader.
func (g growth) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	var old, at []int64
	for i, x := range indexes {
		if x >= g.first {
			if x-g.first >= int64(len(g.added)) {
				return nil, fmt.Errorf("%w: hash %d", ErrNotFound, x)
			}
			out[i] = g.added[x-g.first]
			continue
		}
		old, at = append(old, x), append(at, int64(i))
	}
	if len(old) == 0 {
		return out, nil
	}
	hashes, err := g.base.ReadHashes(old)
	if err != nil {
		return nil, err
	}
	for i, h := range hashes {
		out[at[i]] = h
	}
	return out, nil
}

// Wait integrates until every event named is in the newest checkpoint, at most
// Config.WaitLimit, and returns that checkpoint. ErrPending when it took longer,
// ErrNotFound for an unknown event, else the errors of Integrate.
func (l *Log) Wait(ctx context.Context, eventIDs ...string) (Checkpoint, error) {
	wait, cancel := context.WithTimeout(ctx, l.c.WaitLimit)
	defer cancel()
	for {
		c, err := l.Integrate(wait)
		if err == nil {
			var in bool
			if in, err = l.covers(wait, c, eventIDs); in {
				return c, nil
			}
		}
		lost := errors.Is(err, storage.ErrConflict) || errors.Is(err, context.DeadlineExceeded)
		if err != nil && !lost {
			return Checkpoint{}, err
		}
		if pause(wait, 20*time.Millisecond) != nil {
			if ctx.Err() != nil {
				return Checkpoint{}, ctx.Err()
			}
			return Checkpoint{}, fmt.Errorf("wait: %w", ErrPending)
		}
	}
}

func (l *Log) covers(ctx context.Context, c Checkpoint, eventIDs []string) (bool, error) {
	for _, id := range eventIDs {
		e, err := l.Entry(ctx, id)
		if err != nil || e.Index < 0 || e.Index >= c.Size {
			return false, err
		}
	}
	return true, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
