package httpapi

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxDepth = 32     // of nested values
	maxNodes = 10_000 // values in one body, unless its route says more
)

var errNotJSON = &badRequest{"bad_json", "the body is not JSON"}

// checkJSON reads one JSON value (RFC 8259) and keeps nothing of it: valid
// UTF-8, no name twice in an object, at most so many values, nothing after it.
func checkJSON(raw []byte, nodes int) error {
	if !utf8.Valid(raw) {
		return &badRequest{"bad_json", "the body is not UTF-8"}
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(raw))
	for n := 0; ; {
		token, err := d.ReadToken()
		if err != nil {
			return syntaxProblem(err)
		}
		kind := token.Kind()
		if kind != '}' && kind != ']' && !isName(d) {
			n++
		}
		switch depth := d.StackDepth(); {
		case n > nodes:
			return &badRequest{"too_many_values", fmt.Sprintf("the body has more than %d JSON values", nodes)}
		case depth > maxDepth:
			return &badRequest{"bad_json", fmt.Sprintf("the body is nested deeper than %d values", maxDepth)}
		case depth == 0 && len(bytes.TrimLeft(raw[d.InputOffset():], " \t\r\n")) > 0:
			return &badRequest{"bad_json", "there is more than one JSON value"}
		case depth == 0:
			return nil
		}
	}
}

// isName reports whether the token that d has just read is a member's name.
func isName(d *jsontext.Decoder) bool {
	kind, length := d.StackIndex(d.StackDepth())
	return kind == '{' && length%2 == 1
}

func syntaxProblem(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && errors.Is(syntax.Err, jsontext.ErrDuplicateName) {
		return &badRequest{"duplicate_field", fmt.Sprintf("field %q comes twice", fieldPath(syntax.JSONPointer))}
	}
	return errNotJSON
}

// decode reads the JSON object of the body into v, strictly.
func (c *call) decode(v any) error { return decodeJSON(c.body.json, v) }

// decodePart reads a part of a multipart body, if it is there, into v.
func (c *call) decodePart(name string, v any) error {
	p := c.body.part(name)
	if p == nil {
		return nil
	}
	if err := checkJSON(p.content, c.route.nodes); err != nil {
		return err
	}
	return decodeJSON(p.content, v)
}

// onlyParts refuses parts of other names.
func (c *call) onlyParts(names ...string) error {
	for _, p := range c.body.parts {
		if !slices.Contains(names, p.name) {
			return &badRequest{"unknown_part", fmt.Sprintf("unknown part %q", clip(p.name, maxEcho))}
		}
	}
	return nil
}

// decodeJSON reads one object whose members all are fields of v, in their exact
// spelling.
func decodeJSON(raw []byte, v any) error {
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return &badRequest{"bad_json", "the body must be one JSON object"}
	}
	err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true))
	var semantic *json.SemanticError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &semantic):
		return syntaxProblem(err)
	case errors.Is(semantic.Err, json.ErrUnknownName):
		return &badRequest{"unknown_field", fmt.Sprintf("unknown field %q", fieldPath(semantic.JSONPointer))}
	case semantic.GoType == reflect.TypeFor[time.Time]() && semantic.JSONKind == '"':
		return &badRequest{"bad_type", fieldPath(semantic.JSONPointer) + " must be a time as in RFC 3339"}
	}
	path := fieldPath(semantic.JSONPointer)
	if path == "" {
		path = "the body"
	}
	return &badRequest{"bad_type", fmt.Sprintf("%s must not be a JSON %s", path, kindName(semantic.JSONKind))}
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n', '"', '0':
		return k.String()
	}
	return "value of this form"
}

// fieldPath spells a JSON Pointer as the API names fields: signers[0].email.
func fieldPath(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return clip(b.String(), maxEcho)
}

// nullable tells an absent field from null and from a value.
type nullable[T any] struct {
	present bool
	value   *T
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *nullable[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	n.present = true
	return json.UnmarshalDecode(d, &n.value)
}

// base64Text is a JSON string of base64 (RFC 4648 section 4). It is decoded from
// the body's own bytes, for it may be a document of many megabytes.
type base64Text struct {
	content []byte
	bad     bool // a string, but not base64
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (b *base64Text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
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

// canonical is the canonical form (RFC 8785) of JSON that was checked.
func canonical(raw []byte) (jsontext.Value, error) {
	v := jsontext.Value(bytes.Clone(raw))
	if err := v.Canonicalize(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return v, nil
}
