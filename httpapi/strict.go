package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// parseJSON reads one JSON value: valid UTF-8, no key twice, nothing after it.
func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, &badRequest{"bad_json", "the body is not UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &badRequest{"bad_json", "there is more than one JSON value"}
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, &badRequest{"bad_json", "the body is not JSON"}
	}
	delim, isDelim := t.(json.Delim)
	if !isDelim {
		return t, nil
	}
	if depth == maxDepth {
		return nil, &badRequest{"bad_json", "the body is nested too deep"}
	}
	var value any
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := parseValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		value = list
	} else {
		object := map[string]any{}
		for d.More() {
			if err := parseMember(d, object, depth); err != nil {
				return nil, err
			}
		}
		value = object
	}
	if _, err := d.Token(); err != nil { // the closing bracket
		return nil, &badRequest{"bad_json", "the body is not JSON"}
	}
	return value, nil
}

func parseMember(d *json.Decoder, object map[string]any, depth int) error {
	t, err := d.Token()
	name, isName := t.(string)
	if err != nil || !isName {
		return &badRequest{"bad_json", "the body is not JSON"}
	}
	if _, twice := object[name]; twice {
		return &badRequest{"duplicate_field", fmt.Sprintf("field %q comes twice", name)}
	}
	object[name], err = parseValue(d, depth+1)
	return err
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
