package rest

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
)

// Query returns the query's values. It refuses names that are not listed,
// repeated names, and values that are blank, are not UTF-8 or contain control
// characters.
func (c *Call) Query(names ...string) (url.Values, error) {
	if strings.Count(c.R.URL.RawQuery, "&") >= maxQuery {
		return nil, BadQuery(fmt.Sprintf("the query has more than %d parameters", maxQuery))
	}
	q, err := url.ParseQuery(c.R.URL.RawQuery)
	if err != nil {
		return nil, BadQuery("the query could not be read")
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, BadQuery(fmt.Sprintf("unknown query parameter %q", clip(name, maxEcho)))
		}
		if len(values) != 1 {
			return nil, BadQuery(fmt.Sprintf("query parameter %q is given %d times", name, len(values)))
		}
		if v := values[0]; strings.TrimSpace(v) == "" || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			return nil, BadQuery(fmt.Sprintf("query parameter %q must be text without control characters and must not be blank", name))
		}
	}
	return q, nil
}

// Int returns the parameter as a decimal number from low to high, or the
// default otherwise if it is absent.
func Int(q url.Values, name string, otherwise, low, high int) (int, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < low || n > high || strconv.Itoa(n) != q.Get(name) {
		return 0, BadQuery(name + " must be a number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high))
	}
	return n, nil
}

// Number returns the required parameter as a nonnegative decimal integer.
func Number(q url.Values, name string) (int64, error) {
	s := q.Get(name)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, BadQuery(name + " must be a whole number")
	}
	return n, nil
}

// Time returns the parameter as an RFC 3339 time, or nil if it is absent.
func Time(q url.Values, name string) (*time.Time, error) {
	if !q.Has(name) {
		return nil, nil //nolint:nilnil // absent
	}
	t, err := time.Parse(time.RFC3339, q.Get(name))
	if err != nil || !environ.InRange(t) {
		return nil, BadQuery(name + " must be a time as in RFC 3339, in the years 0001 to 9999")
	}
	return &t, nil
}

// Limit is the parameter limit of a list.
func Limit(q url.Values) (int, error) { return Int(q, "limit", DefaultPage, 1, MaxPage) }

// Page returns the page requested by the parameters page, limit and cursor.
func Page(q url.Values) (storage.Page, error) {
	p := storage.Page{Number: 1, Cursor: q.Get("cursor")}
	var err error
	if p.Number, err = Int(q, "page", 1, 1, lastPage); err != nil {
		return p, err
	}
	if p.Limit, err = Limit(q); err != nil {
		return p, err
	}
	if q.Has("cursor") && (q.Has("page") || p.Cursor == "") {
		return p, BadQuery("give either page or cursor; cursor must be one that was returned")
	}
	return p, nil
}

// Meta is the meta of a list. Page and Total are there when the page was asked
// for by number; NextCursor is null on the last page.
type Meta struct {
	Page       int     `json:"page,omitempty"`
	Limit      int     `json:"limit"`
	Total      *int    `json:"total,omitempty"`
	NextCursor *string `json:"next_cursor"`
}

// MetaOf is the meta of the list that p asked for.
func MetaOf(p storage.Page, total int, next string) Meta {
	m := Meta{Limit: p.Limit}
	if next != "" {
		m.NextCursor = &next
	}
	if p.Cursor == "" {
		m.Page, m.Total = p.Number, &total
	}
	return m
}
