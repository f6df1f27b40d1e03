package httpapi

import "time"

// Times are in milliseconds, save those of events and custody entries, which are
// hashed or signed in microseconds.
const milli = "2006-01-02T15:04:05.000Z"

func at(t time.Time) string { return t.UTC().Format(milli) }

func atp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := at(*t)
	return &s
}

// orNull is nil for an empty text.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list is s, but never null in JSON.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
