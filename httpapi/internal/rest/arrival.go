package rest

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// arrival is a body being received. It limits its time, its size, and the bytes
// held by all bodies together.
type arrival struct {
	body       io.Reader
	control    *http.ResponseController
	start, end time.Time
	limit      int64
	room       *inFlight
	holder     string

	n    int64
	err  error
	done bool // the whole body has arrived
	deaf bool // the ResponseWriter takes no deadlines
}

func (in *arrival) Read(p []byte) (int, error) {
	if in.err != nil {
		return 0, in.err
	}
	n, err := in.readBy(p, in.deadline(time.Now()))
	in.n += int64(n)
	switch {
	case in.n > in.limit:
		err = ErrTooLarge
	case !in.room.take(in.holder, int64(n)):
		in.n -= int64(n)
		err = ErrBusy
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
func (in *arrival) deadline(now time.Time) time.Time {
	at := in.start.Add(grace + time.Duration(in.n)*time.Second/leastRate)
	for _, other := range []time.Time{now.Add(silence), in.end} {
		if other.Before(at) {
			at = other
		}
	}
	return at
}

func (in *arrival) readBy(p []byte, by time.Time) (int, error) {
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
		return 0, ErrSlowBody
	}
}

// why is the refusal for what ended a body early.
func (in *arrival) why(err error) error {
	var timeout interface{ Timeout() bool }
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, ErrSlowBody), errors.As(err, &timeout) && timeout.Timeout():
		return ErrSlowBody
	case errors.As(err, &tooLarge): // a host's own limit
		return ErrTooLarge
	}
	return BadRequest("body_unreadable", "the body could not be read")
}

// close ends the deadline of a body that is here, and gives one that is not a
// short time to leave.
func (in *arrival) close() {
	if in.deaf {
		return
	}
	by := time.Time{}
	if !in.done {
		by = time.Now().Add(leaveTime)
	}
	_ = in.control.SetReadDeadline(by) // it was set before, or the body is not read at all
}
