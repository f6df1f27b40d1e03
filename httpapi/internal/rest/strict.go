package rest

import (
	"bytes"
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

// checkJSON reads one JSON value (RFC 8259) and keeps nothing of it: valid
// UTF-8, no name twice in an object, at most so many values, nothing after it.
func checkJSON(raw []byte, values int) error {
	if !utf8.Valid(raw) {
		return BadRequest("bad_json", "the body is not UTF-8")
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
		case n > values:
			return BadRequest("too_many_values", fmt.Sprintf("the body has more than %d JSON values", values))
		case depth > maxDepth:
			return BadRequest("bad_json", fmt.Sprintf("the body is nested deeper than %d values", maxDepth))
		case depth == 0 && len(bytes.TrimLeft(raw[d.InputOffset():], " \t\r\n")) > 0:
			return BadRequest("bad_json", "the body has more than one JSON value")
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
		return BadRequest("duplicate_field", fmt.Sprintf("field %q is duplicated", fieldPath(syntax.JSONPointer)))
	}
	return BadRequest("bad_json", "the body is not JSON")
}

// Decode reads the JSON object of the body into v: every member must be a field
// of v in its exact spelling, of its type, and come once.
func (c *Call) Decode(v any) error { return decodeJSON(c.Body.JSON, v) }

// DecodePart reads a part of a multipart body into v, as Decode does. An absent
// part leaves v alone.
func (c *Call) DecodePart(name string, v any) error {
	p := c.Body.Part(name)
	if p == nil {
		return nil
	}
	if err := checkJSON(p.Content, c.values); err != nil {
		return err
	}
	return decodeJSON(p.Content, v)
}

// OnlyParts refuses parts of other names.
func (c *Call) OnlyParts(names ...string) error {
	for _, p := range c.Body.Parts {
		if !slices.Contains(names, p.Name) {
			return BadRequest("unknown_part", fmt.Sprintf("unknown part %q", clip(p.Name, maxEcho)))
		}
	}
	return nil
}

// decodeJSON reads one object whose members all are fields of v, in their exact
// spelling.
func decodeJSON(raw []byte, v any) error {
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return BadRequest("bad_json", "the body must be one JSON object")
	}
	err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true))
	var semantic *json.SemanticError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &semantic):
		return syntaxProblem(err)
	case errors.Is(semantic.Err, json.ErrUnknownName):
		return BadRequest("unknown_field", fmt.Sprintf("unknown field %q", fieldPath(semantic.JSONPointer)))
	case semantic.GoType == reflect.TypeFor[time.Time]() && semantic.JSONKind == '"':
		return BadRequest("bad_type", fieldPath(semantic.JSONPointer)+" must be a time as in RFC 3339")
	}
	path := fieldPath(semantic.JSONPointer)
	if path == "" {
		path = "the body"
	}
	return BadRequest("bad_type", fmt.Sprintf("%s must not be a JSON %s", path, kindName(semantic.JSONKind)))
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

// canonical is the canonical form (RFC 8785) of JSON that was checked.
func canonical(raw []byte) (jsontext.Value, error) {
	v := jsontext.Value(bytes.Clone(raw))
	if err := v.Canonicalize(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return v, nil
}
