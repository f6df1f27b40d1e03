package httpapi

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// How slowly a body may arrive. Each read ends after silence; all of it by the
// time that its bytes take at leastRate, some grace, and Config.BodyTimeout.
const (
	silence   = 10 * time.Second
	grace     = 10 * time.Second
	leastRate = 8 << 10 // bytes a second
	// leaveTime is how long the server reads on after a refusal, so that the client
	// gets the answer before the connection is closed.
	leaveTime = 2 * time.Second
)

// incoming is a body on its way in. It bounds the time, the size, and what all
// bodies together hold.
type incoming struct {
	body       io.Reader
	control    *http.ResponseController
	start, end time.Time
	limit      int64
	room       *room
	holder     string

	n    int64
	err  error
	done bool // the whole body has arrived
	deaf bool // the ResponseWriter takes no deadlines
}

func (in *incoming) Read(p []byte) (int, error) {
	if in.err != nil {
		return 0, in.err
	}
	n, err := in.readBy(p, in.deadline(time.Now()))
	in.n += int64(n)
	switch {
	case in.n > in.limit:
		err = errTooLarge
	case !in.room.take(in.holder, int64(n)):
		in.n -= int64(n)
		err = errBusy
	case errors.Is(err, io.EOF):
		in.done = true
		in.close() // the connection is read on, to see whether the client is still there
	case err != nil:
		err = in.why(err)
	}
	in.err = err
	if err != nil && !in.done {
		n = 0
	}
	return n, err
}

// deadline is when the next read has to end.
func (in *incoming) deadline(now time.Time) time.Time {
	at := in.start.Add(grace + time.Duration(in.n)*time.Second/leastRate)
	for _, other := range []time.Time{now.Add(silence), in.end} {
		if other.Before(at) {
			at = other
		}
	}
	return at
}

func (in *incoming) readBy(p []byte, by time.Time) (int, error) {
	if !in.deaf {
		err := in.control.SetReadDeadline(by)
		if err == nil {
			return in.body.Read(p)
		}
		in.deaf = true
	}
	type result struct {
		n   int
		err error
	}
	own := make([]byte, min(len(p), 32<<10)) // p is the caller's again once this returns
	read := make(chan result, 1)
	go func() {
		n, err := in.body.Read(own)
		read <- result{n, err}
	}()
	timer := time.NewTimer(time.Until(by))
	defer timer.Stop()
	select {
	case r := <-read:
		return copy(p, own[:r.n]), r.err
	case <-timer.C:
		return 0, errSlowBody
	}
}

// why names what ended a body early.
func (in *incoming) why(err error) error {
	var timeout interface{ Timeout() bool }
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errSlowBody), errors.As(err, &timeout) && timeout.Timeout():
		return errSlowBody
	case errors.As(err, &tooLarge): // a host's own limit
		return errTooLarge
	}
	return &badRequest{"body_unreadable", "the body could not be read"}
}

// close ends the deadline of a body that is here, and gives one that is not a
// short time to leave.
func (in *incoming) close() {
	if in.deaf {
		return
	}
	by := time.Time{}
	if !in.done {
		by = time.Now().Add(leaveTime)
	}
	_ = in.control.SetReadDeadline(by) // it was set before, or the body is not read at all
}

// room bounds the bytes that are held at a time, and those held for one name to
// half of them.
type room struct {
	mu   sync.Mutex
	most int64
	held int64
	by   map[string]int64
}

func newRoom(most int64) *room { return &room{most: most, by: map[string]int64{}} }

// take holds n bytes more for name, if there is room.
func (r *room) take(name string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.fits(name, n) {
		return false
	}
	if n > 0 {
		r.held += n
		r.by[name] += n
	}
	return true
}

// has reports whether n bytes would find room now.
func (r *room) has(name string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fits(name, n)
}

func (r *room) fits(name string, n int64) bool {
	return r.held+n <= r.most && r.by[name]+n <= r.most/2
}

func (r *room) give(name string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= n
	if r.by[name] -= n; r.by[name] <= 0 {
		delete(r.by, name)
	}
}
