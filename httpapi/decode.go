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
	"slices"
	"strings"

	"github.com/evaultlib/evault/storage"
)

const (
	maxJSON  = 1 << 20 // a body without a document
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
	if name, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); c.r.ContentLength > 0 && name == "multipart/form-data" {
		return c.takeMultipart(c.r.Body, c.r.ContentLength, params["boundary"])
	}
	raw, err := readAll(io.LimitReader(c.r.Body, limit+1), c.r.ContentLength)
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

// firstRead is read before the size that a client announces is believed.
const firstRead = 64 << 10

// readAll is io.ReadAll for what is most likely size bytes long, in two
// allocations where io.ReadAll copies a document many times.
func readAll(r io.Reader, size int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, firstRead))
	if err != nil || n < firstRead {
		return b.Bytes(), err
	}
	b.Grow(int(max(size-n, 0)) + bytes.MinRead)
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
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
		return c.takeMultipart(bytes.NewReader(raw), int64(len(raw)), params["boundary"])
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

// takeMultipart reads the parts of a body of size bytes.
func (c *call) takeMultipart(r io.Reader, size int64, boundary string) error {
	c.body = body{kind: "multipart"}
	mr := multipart.NewReader(r, boundary)
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &badRequest{"bad_multipart", "the multipart body could not be read"}
		}
		content, err := readAll(p, size)
		if err != nil {
			return &badRequest{"bad_multipart", "the multipart body could not be read"}
		}
		size -= int64(cap(content)) // all parts together are given no more room than the body announced
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
