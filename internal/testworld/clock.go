package testworld

import (
	"sync/atomic"
	"time"
)

// Start is when a world begins, unless its Options say otherwise.
func Start() time.Time { return time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC) }

// Clock is a clock that a test sets. It moves a millisecond with each look.
type Clock struct {
	start time.Time
	moved atomic.Int64
}

// NewClock returns a clock that begins at start.
func NewClock(start time.Time) *Clock { return &Clock{start: start} }

// Now returns the time, later than the one before.
func (c *Clock) Now() time.Time {
	return c.start.Add(time.Duration(c.moved.Add(int64(time.Millisecond))))
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.moved.Add(int64(d)) }
