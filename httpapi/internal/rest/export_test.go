package rest

import "time"

// CheckJSON is the strict reader, for tests.
func CheckJSON(b []byte, values int) error { return checkJSON(b, values) }

// Deadline is how long a body may take of which n bytes have come, for tests.
func Deadline(n int64, timeout time.Duration) time.Duration {
	start := time.Now()
	in := &arrival{start: start, end: start.Add(timeout), n: n}
	return in.deadline(start.Add(timeout)).Sub(start)
}
