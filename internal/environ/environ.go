// Package environ makes what marks a record: times, ids and tokens.
//
// Time is stamped once: UTC, truncated to microseconds, so that what is hashed
// and what a database keeps are equal.
//
// Stability: internal; it may change with any version.
package environ

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
	if t.Format(Time) != s || !InRange(t) {
		return time.Time{}, errors.New("environ: not in canonical form")
	}
	return t, nil
}

// InRange reports whether t lies in the years 0001 to 9999 of UTC, which every
// database and the layout Time can hold.
func InRange(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
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
			panic(fmt.Sprintf("environ: random source: %v", err))
		}
		return prefix + "_" + lower.EncodeToString(b[:])[:26]
	}
}

// maxID bounds an id of any prefix.
const maxID = 128

// IsAnyID reports whether s has the form of an id: a prefix of lower-case
// letters, "_", and lower-case letters, digits or underscores; 128 bytes at most.
func IsAnyID(s string) bool {
	prefix, _, _ := strings.Cut(s, "_")
	outside := func(r rune) bool { return r < 'a' || r > 'z' }
	return prefix != "" && len(s) <= maxID && strings.IndexFunc(prefix, outside) < 0 && isRest(s[len(prefix):])
}

func isRest(s string) bool {
	rest, ok := strings.CutPrefix(s, "_")
	outside := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }
	return ok && rest != "" && strings.IndexFunc(rest, outside) < 0
}

// IsID reports whether s is an id with the prefix: 1 to 64 lower-case letters,
// digits or underscores after it.
func IsID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	return ok && len(rest) <= 65 && isRest(rest)
}
