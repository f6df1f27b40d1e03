package rest

import (
	"bytes"
	"encoding/base64"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/evaultlib/evault/internal/validate"
)

// Nullable distinguishes an absent member, null and a value.
type Nullable[T comparable] struct {
	present bool
	value   *T
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Nullable[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	n.present = true
	return json.UnmarshalDecode(d, &n.value)
}

// OrClear is nil for an absent member and the zero value for null, which clears
// the field; a zero value in the body is noted as a problem.
func (n Nullable[T]) OrClear(p *validate.Problems, field string) *T {
	var zero T
	switch {
	case !n.present:
		return nil
	case n.value == nil:
		return &zero
	case *n.value == zero:
		p.Add(field, "required", "must not be empty; null clears it")
	}
	return n.value
}

// Base64 is a JSON string of base64 (RFC 4648 section 4). It is decoded from the
// body's own bytes, for it may be a document of many megabytes.
type Base64 struct {
	content []byte
	bad     bool
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (b *Base64) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	switch raw.Kind() {
	case 'n':
		return nil
	case '"':
	default:
		return &json.SemanticError{JSONKind: raw.Kind()}
	}
	text := []byte(raw[1 : len(raw)-1])
	if bytes.IndexByte(text, '\\') >= 0 {
		if text, err = jsontext.AppendUnquote(nil, raw); err != nil {
			return err
		}
	}
	b.content = make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(b.content, text)
	b.content, b.bad = b.content[:n], err != nil
	return nil
}

// Bytes returns the decoded bytes, nil for an absent member or null, or an
// InvalidError of field where the string is not base64.
func (b *Base64) Bytes(field string) ([]byte, error) {
	if b.bad {
		return nil, validate.Fail(field, "base64", "must be base64 as in RFC 4648 section 4")
	}
	return b.content, nil
}
