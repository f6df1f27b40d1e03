// Package canonjson is the one canonical encoding of everything that evault hashes
// or signs: JSON as RFC 8785 writes it, narrowed so that there is nothing to
// choose.
//
//   - objects, arrays, strings, booleans, null and integers of at most 53 bits;
//     no other numbers;
//   - object keys are ASCII, sorted by byte, each at most once;
//   - no white space; strings escape only what RFC 8785 section 3.2.2.2 says;
//   - text is valid UTF-8.
//
// Every value has exactly one spelling and the parser refuses all others, so
// equal bytes and equal values mean the same.
//
// Stability: the encoding is fixed for ever; the Go API is internal and may change with
// any version.
package canonjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxDepth bounds the nesting of values.
const MaxDepth = 64

// ErrNotCanonical is returned for bytes that are not the canonical spelling.
var ErrNotCanonical = errors.New("canonjson: not in canonical form")

// Marshal encodes v, first as encoding/json would, then canonically.
func Marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonjson: %w", err)
	}
	tree, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return appendValue(nil, tree, 0)
}

// Check returns ErrNotCanonical unless b is the canonical spelling of a value.
func Check(b []byte) error {
	tree, err := decode(b)
	if err != nil {
		return err
	}
	again, err := appendValue(nil, tree, 0)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return ErrNotCanonical
	}
	return nil
}

// Unmarshal checks b and decodes it into v, refusing fields v does not have.
func Unmarshal(b []byte, v any) error {
	if err := Check(b); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("canonjson: %w", err)
	}
	return nil
}

// Distinct checks that b is one JSON value in which no object has a member twice,
// in any spelling and order: what the first and the last reader of a duplicate
// would take is then the same.
func Distinct(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("canonjson: invalid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := distinct(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("canonjson: bytes after the value")
	}
	return nil
}

func distinct(d *json.Decoder, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("canonjson: nested deeper than %d", MaxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return fmt.Errorf("canonjson: %w", err)
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return fmt.Errorf("canonjson: %w", err)
			}
			key, _ := t.(string)
			if seen[key] {
				return fmt.Errorf("canonjson: member %q is duplicated", key)
			}
			seen[key] = true
		}
		if err := distinct(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the closing delimiter
		return fmt.Errorf("canonjson: %w", err)
	}
	return nil
}

func decode(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%w: invalid UTF-8", ErrNotCanonical)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: bytes after the value", ErrNotCanonical)
	}
	return v, nil
}

func appendValue(b []byte, v any, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("canonjson: nested deeper than %d", MaxDepth)
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendString(b, v), nil
	case json.Number:
		return appendInt(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, e, depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if !ascii(k) {
				return nil, fmt.Errorf("canonjson: key %q is not ASCII", k)
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			if b, err = appendValue(b, v[k], depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	return nil, fmt.Errorf("canonjson: cannot encode %T", v)
}

func appendInt(b []byte, n json.Number) ([]byte, error) {
	i, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil || i > 1<<53-1 || i < -(1<<53-1) {
		return nil, fmt.Errorf("canonjson: number %s is not an integer of 53 bits", n)
	}
	return strconv.AppendInt(b, i, 10), nil
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"

	b = append(b, '"')
	for _, r := range s {
		if c, ok := shortEscape(r); ok {
			b = append(b, '\\', c)
		} else if r < 0x20 {
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func shortEscape(r rune) (byte, bool) {
	switch r {
	case '"', '\\':
		return byte(r), true
	case '\b':
		return 'b', true
	case '\f':
		return 'f', true
	case '\n':
		return 'n', true
	case '\r':
		return 'r', true
	case '\t':
		return 't', true
	}
	return 0, false
}
