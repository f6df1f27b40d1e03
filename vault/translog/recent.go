package translog

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// verdictFor is how long CheckRecent repeats a verdict without any I/O.
	verdictFor = 250 * time.Millisecond
	// anchorsFor is how long it takes a head that did not move for one that extends
	// the newest anchor, without reading the anchors again.
	anchorsFor = 10 * time.Second
)

// verdict is what a comparison with the anchors found.
type verdict struct {
	head     Head
	err      error     // nil or ErrRewound
	at       time.Time // of the last look at the head
	compared time.Time // of the last look at the anchors
}

// recent is the newest verdict; asking lets one caller at a time renew it.
type recent struct {
	newest atomic.Pointer[verdict]
	asking sync.Mutex
}

// CheckRecent is Check for frequent requests, such as polling a status. Within 250 ms of a look at
// the head of the database it does no I/O; while the head is the one that was compared with the
// anchors in the last 10 s it reads that head and no anchor.
//
// A database that was set back has another head than the newest that this process
// compared or made, so it is found within 250 ms, and at once by a process that
// starts. What remains is a database that has the head which this process compared
// last while others, with the same anchors, went on: that is found within 10 s.
// Verbs that hand out, release or deposit call Check, which has no such window.
func (l *Log) CheckRecent(ctx context.Context) error {
	last := l.recent.newest.Load()
	if last != nil && time.Since(last.at) < verdictFor {
		return last.err
	}
	if last != nil && time.Since(last.compared) < anchorsFor {
		if !l.recent.asking.TryLock() {
			return last.err // somebody is asking, and this is not old
		}
	} else {
		l.recent.asking.Lock()
	}
	defer l.recent.asking.Unlock()
	return l.renew(ctx)
}

// renew asks anew, unless another caller just did.
func (l *Log) renew(ctx context.Context) error {
	last := l.recent.newest.Load()
	if last != nil && time.Since(last.at) < verdictFor {
		return last.err
	}
	now := time.Now()
	if last != nil && last.err == nil && now.Sub(last.compared) < anchorsFor {
		h, err := l.c.Store.Head(ctx)
		if err != nil {
			return err
		}
		if h == last.head {
			l.recent.newest.Store(&verdict{head: h, at: now, compared: last.compared})
			return nil
		}
	}
	_, err := l.head(ctx)
	return err
}

// saw notes what was found of a head: nil or ErrRewound. Whatever this process
// compares or anchors counts, so that it never goes back behind what it made
// itself.
func (l *Log) saw(h Head, err error) {
	now := time.Now()
	l.recent.newest.Store(&verdict{head: h, err: err, at: now, compared: now})
}
