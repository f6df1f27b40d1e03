package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/evaultlib/evault/storage"
)

const (
	maxParts = 8
	maxQuery = 100 // parameters
	maxEcho  = 200 // bytes of a client's text in a refusal
)

// body is what a request carries, read whole and within its limit.
type body struct {
	kind  string // "", "json", "pdf", "multipart", "form"
	json  []byte
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

// limit is how many bytes a body of the route may have: its own limit, and a
// document where it may carry one, which inside JSON is base64, a third longer.
func (a *API) limit(rt *compiled) int64 {
	switch rt.body {
	case createBody:
		return a.cfg.BodyLimit/3*4 + rt.limit
	case fileBody, depositBody:
		return a.cfg.BodyLimit + rt.limit
	case noBody, jsonBody, optionalJSON, formBody:
	}
	return rt.limit
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
	kind, size, limit := c.route.body, c.r.ContentLength, a.limit(c.route)
	if c.r.Body == nil || c.r.Body == http.NoBody {
		size = 0
	}
	if size > limit {
		return errTooLarge
	}
	if size > 0 && !a.room.has(c.holder(a), size) {
		return errBusy
	}
	if size == 0 {
		return c.take(kind, nil)
	}
	now := time.Now() // the client's time is no test's
	c.in = &incoming{
		body: c.r.Body, control: http.NewResponseController(c.w), start: now, end: now.Add(a.cfg.BodyTimeout), limit: limit,
		room: a.room, holder: c.holder(a),
	}
	body := io.Reader(c.in)
	if size < 0 { // whether there is a body at all
		first := make([]byte, 1)
		if _, err := io.ReadFull(c.in, first); errors.Is(err, io.EOF) {
			return c.take(kind, nil)
		} else if err != nil {
			return err
		}
		body = io.MultiReader(bytes.NewReader(first), c.in)
	}
	if err := c.checkMedia(kind); err != nil {
		return err
	}
	if name, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); name == "multipart/form-data" {
		return c.takeMultipart(body, size, params["boundary"])
	}
	raw, err := readAll(body, size)
	if err != nil {
		return err
	}
	return c.take(kind, raw)
}

// holder is whom the bytes of a body are held for.
func (c *call) holder(a *API) string {
	switch {
	case c.key != nil:
		return "org:" + c.key.OrgID
	case c.signer != "":
		return "signer:" + c.signer
	}
	return "address:" + a.address(c.r)
}

// firstRead is the room that a body begins with.
const firstRead = 4 << 10

// readAll is io.ReadAll for what is announced as size bytes long, -1 for not at
// all. The room doubles with what has arrived, up to size.
func readAll(r io.Reader, size int64) ([]byte, error) {
	b := make([]byte, 0, firstRead)
	for {
		if len(b) == cap(b) {
			most := int64(2 * cap(b))
			if size >= int64(len(b)) {
				most = min(most, size+1) // one more to see the end
			}
			b = append(make([]byte, 0, max(most, int64(len(b))+1)), b...)
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (c *call) checkMedia(kind bodyKind) error {
	types := c.r.Header.Values("Content-Type")
	for _, enc := range c.r.Header.Values("Content-Encoding") {
		if enc != "" && enc != "identity" {
			return errMediaType
		}
	}
	if len(types) != 1 { // a proxy may have judged another one
		return errMediaType
	}
	name, params, err := mime.ParseMediaType(types[0])
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
	switch name, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); name {
	case "application/pdf":
		c.body = body{kind: "pdf", parts: []part{{name: "file", contentType: name, content: raw}}}
		return nil
	case "application/x-www-form-urlencoded":
		if bytes.Count(raw, []byte("&")) >= c.route.nodes {
			return &badRequest{"too_many_values", fmt.Sprintf("the form has more than %d values", c.route.nodes)}
		}
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
	if err := checkJSON(raw, c.route.nodes); err != nil {
		return err
	}
	c.body = body{kind: "json", json: raw}
	return nil
}

// takeMultipart reads the parts of a body that is announced as size bytes long.
func (c *call) takeMultipart(r io.Reader, size int64, boundary string) error {
	c.body = body{kind: "multipart"}
	mr := multipart.NewReader(r, boundary)
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			if _, err := io.Copy(io.Discard, r); err != nil { // what comes after the last boundary
				return c.multipartProblem()
			}
			return nil
		}
		if err != nil {
			return c.multipartProblem()
		}
		content, err := readAll(p, size)
		if err != nil {
			return c.multipartProblem()
		}
		if size >= 0 { // all parts together have no more room than the body announced
			size = max(0, size-int64(len(content)))
		}
		pt := part{name: p.FormName(), contentType: mediaOf(p.Header), filename: p.FileName(), content: content}
		if c.body.part(pt.name) != nil || len(c.body.parts) == maxParts {
			return &badRequest{"bad_multipart", "each part may come once"}
		}
		c.body.parts = append(c.body.parts, pt)
	}
}

// multipartProblem is what ended the body, or that it is not multipart.
func (c *call) multipartProblem() error {
	if c.in != nil && c.in.err != nil && !c.in.done {
		return c.in.err
	}
	return &badRequest{"bad_multipart", "the multipart body could not be read"}
}

func mediaOf(h interface{ Get(string) string }) string {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
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
	content := jsontext.Value("null")
	if b.json != nil {
		var err error
		if content, err = canonical(b.json); err != nil {
			return "", err
		}
	}
	raw, err := json.Marshal(struct {
		Method, Path, Kind string
		Body               jsontext.Value
		Parts              []partDigest
		Form               url.Values
	}{method, path, b.kind, content, parts, b.form}, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("digest of the request: %w", err)
	}
	return storage.Sum(raw), nil
}

// query returns the query's values. It refuses unknown and repeated names, and
// values that are blank, not UTF-8 or hold control characters.
func (c *call) query(names ...string) (url.Values, error) {
	if strings.Count(c.r.URL.RawQuery, "&") >= maxQuery {
		return nil, &badRequest{"bad_query", fmt.Sprintf("the query has more than %d parameters", maxQuery)}
	}
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, &badRequest{"bad_query", "the query could not be read"}
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, &badRequest{"bad_query", fmt.Sprintf("unknown query parameter %q", clip(name, maxEcho))}
		}
		if len(values) != 1 {
			return nil, &badRequest{"bad_query", fmt.Sprintf("query parameter %q comes %d times", name, len(values))}
		}
		if v := values[0]; strings.TrimSpace(v) == "" || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			return nil, &badRequest{"bad_query", fmt.Sprintf("query parameter %q must be text without control characters, and not blank", name)}
		}
	}
	return q, nil
}
