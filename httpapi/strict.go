package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

const maxDepth = 32 // of nested values

// decode reads the JSON object of the body into v, strictly.
func (c *call) decode(v any) error { return decodeTree(c.body.json, c.body.tree, v) }

// decodePart reads a part of a multipart body, if it is there, into v.
func (c *call) decodePart(name string, v any) error {
	p := c.body.part(name)
	if p == nil {
		return nil
	}
	tree, err := parseJSON(p.content)
	if err != nil {
		return err
	}
	return decodeTree(p.content, tree, v)
}

// onlyParts refuses parts of other names.
func (c *call) onlyParts(names ...string) error {
	for _, p := range c.body.parts {
		if !slices.Contains(names, p.name) {
			return &badRequest{"unknown_part", fmt.Sprintf("unknown part %q", p.name)}
		}
	}
	return nil
}

func decodeTree(raw []byte, tree, v any) error {
	if _, ok := tree.(map[string]any); !ok {
		return &badRequest{"bad_json", "the body must be one JSON object"}
	}
	if err := known(tree, reflect.TypeOf(v).Elem(), ""); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) {
			return &badRequest{"bad_type", fmt.Sprintf("%s must not be a JSON %s", orBody(te.Field), te.Value)}
		}
		return &badRequest{"bad_json", "the body is not valid JSON for this route"}
	}
	return nil
}

func orBody(field string) string {
	if field == "" {
		return "the body"
	}
	return field
}

// parseJSON reads one JSON value (RFC 8259): valid UTF-8, no name twice in an
// object, nothing after it. It goes through the bytes once, for a body may be a
// document of many megabytes.
func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, &badRequest{"bad_json", "the body is not UTF-8"}
	}
	p := parser{raw}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.peek() != 0 || len(p.rest) > 0 {
		return nil, &badRequest{"bad_json", "there is more than one JSON value"}
	}
	return v, nil
}

var errNotJSON = &badRequest{"bad_json", "the body is not JSON"}

// parser holds what is left to read.
type parser struct{ rest []byte }

// peek skips white space and returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	p.rest = bytes.TrimLeft(p.rest, " \t\r\n")
	if len(p.rest) == 0 {
		return 0
	}
	return p.rest[0]
}

// take takes c if it comes next.
func (p *parser) take(c byte) bool {
	if c == 0 || p.peek() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, &badRequest{"bad_json", "the body is nested too deep"}
	}
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		return p.text()
	}
	return p.scalar()
}

func (p *parser) object(depth int) (any, error) {
	p.take('{')
	object := map[string]any{}
	if p.take('}') {
		return object, nil
	}
	for {
		if p.peek() != '"' {
			return nil, errNotJSON
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if _, twice := object[name]; twice {
			return nil, &badRequest{"duplicate_field", fmt.Sprintf("field %q comes twice", name)}
		}
		if !p.take(':') {
			return nil, errNotJSON
		}
		if object[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		if p.take('}') {
			return object, nil
		}
		if !p.take(',') {
			return nil, errNotJSON
		}
	}
}

func (p *parser) array(depth int) (any, error) {
	p.take('[')
	list := []any{}
	if p.take(']') {
		return list, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if p.take(']') {
			return list, nil
		}
		if !p.take(',') {
			return nil, errNotJSON
		}
	}
}

// text reads a string. One with escapes is left to encoding/json.
func (p *parser) text() (string, error) {
	plain := true
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			return "", errNotJSON
		case c == '"':
			token := p.rest[:i+1]
			p.rest = p.rest[i+1:]
			if plain {
				return string(token[1:i]), nil
			}
			var s string
			if json.Unmarshal(token, &s) != nil {
				return "", errNotJSON
			}
			return s, nil
		}
	}
	return "", errNotJSON
}

// scalar reads a number, true, false or null.
func (p *parser) scalar() (any, error) {
	end := bytes.IndexAny(p.rest, " \t\r\n,]}")
	if end < 0 {
		end = len(p.rest)
	}
	token := string(p.rest[:end])
	p.rest = p.rest[end:]
	switch token {
	case "null":
		return nil, nil //nolint:nilnil // the value null
	case "true", "false":
		return token == "true", nil
	}
	if token == "" || strings.Trim(token, "-+.eE0123456789") != "" || !json.Valid([]byte(token)) {
		return nil, errNotJSON
	}
	return json.Number(token), nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// known refuses names that the type does not have, in their exact spelling:
// encoding/json would also take another case.
func known(tree any, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	switch v := tree.(type) {
	case map[string]any:
		switch t.Kind() {
		case reflect.Struct:
			return knownFields(v, t, path)
		case reflect.Map:
			for name, e := range v {
				if err := known(e, t.Elem(), join(path, name)); err != nil {
					return err
				}
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, e := range v {
				if err := known(e, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func knownFields(v map[string]any, t reflect.Type, path string) error {
	fields := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}
	for name, e := range v {
		ft, ok := fields[name]
		if !ok || name == "" {
			return &badRequest{"unknown_field", fmt.Sprintf("unknown field %q", join(path, name))}
		}
		if err := known(e, ft, join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// nullable tells an absent field from null and from a value.
type nullable[T any] struct {
	present bool
	value   *T
}

func (n *nullable[T]) UnmarshalJSON(b []byte) error {
	n.present = true
	return json.Unmarshal(b, &n.value)
}
