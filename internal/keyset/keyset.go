// Package keyset pages through lists that are ordered by time and id, newest first.
//
// Stability: internal; it may change with any version. Cursors are opaque to clients.
package keyset

import (
	"encoding/base64"
	"strings"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// Sizes of a page, and how far one by number may lie.
const (
	defaultLimit = 20
	maxLimit     = 100
	maxNumber    = 1_000_000
)

// Source reads a list.
type Source[T any] struct {
	// Read returns at most limit rows after a place, or, where after is nil, after the
	// first offset rows.
	Read  func(after *storage.Place, offset, limit int) ([]T, error)
	Count func() (int, error) // of the whole list; asked for a page by number only
	Place func(T) storage.Place
}

// Page returns a page of 20 rows by default and 100 at most. *storage.InvalidError for a
// page, limit or cursor that makes no sense; it reads one row more than it returns.
func Page[T any](p storage.Page, s Source[T]) (list storage.List[T], err error) {
	list.Total = -1
	environ.Default(&p.Number, 1)
	environ.Default(&p.Limit, defaultLimit)
	switch {
	case p.Number < 1 || p.Number > maxNumber:
		return list, validate.Fail("page", "min", "must be 1 to %d", maxNumber)
	case p.Limit < 1 || p.Limit > maxLimit:
		return list, validate.Fail("limit", "max", "must be 1 to %d", maxLimit)
	}
	var after *storage.Place
	offset := 0
	if p.Cursor != "" {
		after, err = open(p.Cursor)
	} else {
		offset = (p.Number - 1) * p.Limit
		list.Total, err = s.Count()
	}
	if err == nil {
		list.Items, err = s.Read(after, offset, p.Limit+1)
	}
	if err == nil && len(list.Items) > p.Limit {
		list.Items = list.Items[:p.Limit]
		last := s.Place(list.Items[p.Limit-1])
		list.Next = base64.RawURLEncoding.EncodeToString([]byte(environ.Format(last.At) + "|" + last.ID))
	}
	return list, err
}

// open reads a cursor, the base64url of time and id of the last row returned.
func open(cursor string) (*storage.Place, error) {
	if b, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
		at, id, _ := strings.Cut(string(b), "|")
		if t, err := environ.Parse(at); err == nil && environ.IsAnyID(id) {
			return &storage.Place{At: t, ID: id}, nil
		}
	}
	return nil, validate.Fail("cursor", "cursor", "must be one that was returned")
}
