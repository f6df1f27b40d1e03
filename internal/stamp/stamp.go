// Package stamp makes what marks a record: times, ids and tokens.
//
// Time is stamped once: UTC, truncated to microseconds, so that what is hashed
// and what a database keeps are equal.
package stamp

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Time is the layout of every time that is hashed: UTC with exactly six decimals.
const Time = "2006-01-02T15:04:05.000000Z"

// Micro returns t in UTC, truncated to microseconds.
func Micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Format writes t in the layout Time.
func Format(t time.Time) string { return Micro(t).Format(Time) }

// Parse reads the layout Time and refuses every other spelling.
func Parse(s string) (time.Time, error) {
	t, err := time.Parse(Time, s)
	if err != nil {
		return time.Time{}, err
	}
	if t.Format(Time) != s {
		return time.Time{}, errors.New("stamp: not in canonical form")
	}
	return t, nil
}

// Clock returns now, defaulting to time.Now, in UTC and microseconds.
func Clock(now func() time.Time) func() time.Time {
	if now == nil {
		now = time.Now
	}
	return func() time.Time { return Micro(now()) }
}

// Rand returns r, defaulting to crypto/rand.
func Rand(r io.Reader) io.Reader {
	if r == nil {
		return rand.Reader
	}
	return r
}

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// IDs returns a maker of ids: prefix, "_" and 26 lower-case alphanumerics that
// carry 130 bits of r. It panics when r fails, as crypto/rand does.
func IDs(r io.Reader) func(prefix string) string {
	r = Rand(r)
	return func(prefix string) string {
		var b [17]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			panic(fmt.Sprintf("stamp: random source: %v", err))
		}
		return prefix + "_" + lower.EncodeToString(b[:])[:26]
	}
}

// IsID reports whether s is an id with the prefix: 1 to 64 lower-case letters,
// digits or underscores after it.
func IsID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || rest == "" || len(rest) > 64 {
		return false
	}
	for _, c := range rest {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
