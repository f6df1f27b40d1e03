package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evaultlib/evault/storage"
)

const (
	maxJSON  = 1 << 20 // a body without a document
	maxDepth = 32
	maxParts = 8
)

// body is what a request carries, read whole and within its limit.
type body struct {
	kind  string // "", "json", "pdf", "multipart", "form"
	json  []byte
	tree  any // of json
	parts []part
	form  url.Values
}

type part struct {
	name, contentType, filename string
	content                     []byte
}

func (b *body) part(name string) *part {
	i := slices.IndexFunc(b.parts, func(p part) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return &b.parts[i]
}

// limit is how many bytes a body of kind k may have. A document inside JSON is
// base64, a third longer.
func (a *API) limit(k bodyKind) int64 {
	switch k {
	case createBody:
		return a.cfg.BodyLimit/3*4 + maxJSON
	case fileBody, depositBody:
		return a.cfg.BodyLimit + maxJSON
	case formBody:
		return 4 * maxJSON // a drawn signature
	case noBody, jsonBody, optionalJSON:
	}
	return maxJSON
}

var media = map[bodyKind][]string{
	noBody:       {"application/json"},
	jsonBody:     {"application/json"},
	optionalJSON: {"application/json"},
	createBody:   {"application/json", "multipart/form-data"},
	fileBody:     {"application/pdf", "multipart/form-data"},
	depositBody:  {"application/json", "multipart/form-data"},
	formBody:     {"application/json", "application/x-www-form-urlencoded"},
}

// read takes the body in: 413, then 415, then 400.
func (a *API) read(c *call) error {
	kind, limit := c.route.body, a.limit(c.route.body)
	if c.r.ContentLength > limit {
		return errTooLarge
	}
	known := c.r.ContentLength >= 0
	if known {
		if err := c.checkMedia(kind, c.r.ContentLength > 0); err != nil {
			return err
		}
	}
	raw, err := io.ReadAll(io.LimitReader(c.r.Body, limit+1))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return errTooLarge
		}
		return &badRequest{"body_unreadable", "the body could not be read"}
	}
	if int64(len(raw)) > limit {
		return errTooLarge
	}
	if !known {
		if err := c.checkMedia(kind, len(raw) > 0); err != nil {
			return err
		}
	}
	return c.take(kind, raw)
}

func (c *call) checkMedia(kind bodyKind, present bool) error {
	if !present {
		return nil
	}
	ct := c.r.Header.Get("Content-Type")
	if enc := c.r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return errMediaType
	}
	name, params, err := mime.ParseMediaType(ct)
	if err != nil || !slices.Contains(media[kind], name) {
		return errMediaType
	}
	if cs, ok := params["charset"]; ok && !strings.EqualFold(cs, "utf-8") {
		return errMediaType
	}
	if name == "multipart/form-data" && params["boundary"] == "" {
		return errMediaType
	}
	return nil
}

func (c *call) take(kind bodyKind, raw []byte) error {
	if len(raw) == 0 {
		switch kind {
		case noBody, optionalJSON, depositBody:
			raw = []byte("{}")
		case formBody:
			raw = []byte("{}")
		case jsonBody, createBody:
			return &badRequest{"body_required", "a JSON body is required"}
		case fileBody:
			return &badRequest{"file_required", "the PDF is required: part file, or a body of type application/pdf"}
		}
		return c.takeJSON(raw)
	}
	name, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	switch name {
	case "application/pdf":
		c.body = body{kind: "pdf", parts: []part{{name: "file", contentType: name, content: raw}}}
		return nil
	case "multipart/form-data":
		return c.takeMultipart(raw, params["boundary"])
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return &badRequest{"bad_form", "the form could not be read"}
		}
		c.body = body{kind: "form", form: form}
		return nil
	}
	return c.takeJSON(raw)
}

func (c *call) takeJSON(raw []byte) error {
	tree, err := parseJSON(raw)
	if err != nil {
		return err
	}
	c.body = body{kind: "json", json: raw, tree: tree}
	return nil
}

func (c *call) takeMultipart(raw []byte, boundary string) error {
	c.body = body{kind: "multipart"}
	mr := multipart.NewReader(bytes.NewReader(raw), boundary)
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &badRequest{"bad_multipart", "the multipart body could not be read"}
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return &badRequest{"bad_multipart", "the multipart body could not be read"}
		}
		pt := part{name: p.FormName(), contentType: mediaOf(p.Header), filename: p.FileName(), content: content}
		if c.body.part(pt.name) != nil || len(c.body.parts) == maxParts {
			return &badRequest{"bad_multipart", "each part may come once"}
		}
		c.body.parts = append(c.body.parts, pt)
	}
}

func mediaOf(h textproto.MIMEHeader) string {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

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

// digest is what the idempotency key stands for: method, path and the decoded
// content, so that neither spacing nor a multipart boundary matters.
func (b *body) digest(method, path string) (storage.Digest, error) {
	type partDigest struct {
		Name, Type, Filename string
		SHA256               storage.Digest
	}
	parts := make([]partDigest, len(b.parts))
	for i, p := range b.parts {
		parts[i] = partDigest{p.name, p.contentType, p.filename, storage.Sum(p.content)}
	}
	raw, err := json.Marshal(struct {
		Method, Path, Kind string
		Body               any
		Parts              []partDigest
		Form               url.Values
	}{method, path, b.kind, b.tree, parts, b.form})
	if err != nil {
		return "", fmt.Errorf("digest of the request: %w", err)
	}
	return storage.Sum(raw), nil
}

// query returns the query's values and refuses unknown and repeated names.
func (c *call) query(names ...string) (url.Values, error) {
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, &badRequest{"bad_query", "the query could not be read"}
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, &badRequest{"bad_query", fmt.Sprintf("unknown query parameter %q", name)}
		}
		if len(values) != 1 {
			return nil, &badRequest{"bad_query", fmt.Sprintf("query parameter %q comes %d times", name, len(values))}
		}
	}
	return q, nil
}
