package rest

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
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/evaultlib/evault/storage"
)

// Kind is the form of a body.
type Kind string

const (
	JSON      Kind = "json"
	Multipart Kind = "multipart"
	Form      Kind = "form"
	PDF       Kind = "pdf" // read as one part named file
	CSV       Kind = "csv" // likewise
)

// Body is the content of a request, read completely and within its limits.
type Body struct {
	Kind  Kind
	JSON  []byte // {} for an absent body that the route allows
	Parts []Part
	Form  url.Values
}

// Part is one part of a multipart body.
type Part struct {
	Name, ContentType, Filename string
	Content                     []byte
}

// Part returns the part of that name, or nil.
func (b *Body) Part(name string) *Part {
	i := slices.IndexFunc(b.Parts, func(p Part) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &b.Parts[i]
}

// Accept says which bodies a route reads.
type Accept struct {
	Media  []string      // media types
	Absent *RequestError // refuses an absent body; nil: it is read as {}
	Limit  int64         // bytes
	Values int           // JSON values, or values of a form
}

// Bodies reads request bodies and limits the bytes that all of them hold.
type Bodies struct {
	room    *inFlight
	timeout time.Duration
}

// NewBodies returns a reader of bodies that holds at most inFlight bytes at a
// time, half of them for one holder. A body must arrive within timeout, at 8 KiB
// a second, without a pause of 10 s.
func NewBodies(inFlight int64, timeout time.Duration) *Bodies {
	return &Bodies{newInFlight(inFlight), timeout}
}

// Read reads the body of c, which is held for holder until Release: ErrTooLarge,
// ErrBusy, ErrMediaType, ErrSlowBody or a RequestError.
func (b *Bodies) Read(c *Call, a Accept, holder string) error {
	c.values = a.Values
	size := c.R.ContentLength
	if c.R.Body == nil || c.R.Body == http.NoBody {
		size = 0
	}
	if size > a.Limit {
		return ErrTooLarge
	}
	if size > 0 && !b.room.has(holder, size) {
		return ErrBusy
	}
	if size == 0 {
		return c.take(a, nil)
	}
	now := time.Now() // the client's time, not that of Call.Now
	c.in = &arrival{
		body: c.R.Body, control: http.NewResponseController(c.W), start: now, end: now.Add(b.timeout), limit: a.Limit,
		room: b.room, holder: holder,
	}
	body := io.Reader(c.in)
	if size < 0 { // whether there is a body at all
		first := make([]byte, 1)
		if _, err := io.ReadFull(c.in, first); errors.Is(err, io.EOF) {
			return c.take(a, nil)
		} else if err != nil {
			return err
		}
		body = io.MultiReader(bytes.NewReader(first), c.in)
	}
	if err := c.checkMedia(a.Media); err != nil {
		return err
	}
	if name, params, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type")); name == "multipart/form-data" {
		return c.takeMultipart(body, size, params["boundary"])
	}
	raw, err := readAll(body, size)
	if err != nil {
		return err
	}
	return c.take(a, raw)
}

// Release drops the body and gives back what it held, so that an answer may take
// its time. The connection is read on for a moment where the body was refused.
func (b *Bodies) Release(c *Call) {
	switch {
	case c.in != nil:
		c.in.close()
		b.room.give(c.in.holder, c.in.n)
		c.in.n = 0
	case c.R.ContentLength != 0:
		(&arrival{control: http.NewResponseController(c.W)}).close()
	}
	c.Body.JSON, c.Body.Parts = nil, nil
}

// Held is how many bytes all bodies hold.
func (b *Bodies) Held() int64 {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	return b.room.held
}

// Stuck reports whether the body was given up as too slow while a read of it
// still goes on: net/http would wait for that read before it answers.
func (c *Call) Stuck() bool { return c.in != nil && c.in.deaf && errors.Is(c.in.err, ErrSlowBody) }

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

func (c *Call) checkMedia(accepted []string) error {
	types := c.R.Header.Values("Content-Type")
	for _, enc := range c.R.Header.Values("Content-Encoding") {
		if enc != "" && enc != "identity" {
			return ErrMediaType
		}
	}
	if len(types) != 1 { // a proxy may have taken another one for it
		return ErrMediaType
	}
	name, params, err := mime.ParseMediaType(types[0])
	if err != nil || !slices.Contains(accepted, name) {
		return ErrMediaType
	}
	if cs, ok := params["charset"]; ok && !strings.EqualFold(cs, "utf-8") {
		return ErrMediaType
	}
	if name == "multipart/form-data" && params["boundary"] == "" {
		return ErrMediaType
	}
	return nil
}

func (c *Call) take(a Accept, raw []byte) error {
	if len(raw) == 0 {
		if a.Absent != nil {
			return a.Absent
		}
		return c.takeJSON([]byte("{}"))
	}
	switch name := MediaType(c.R.Header); name {
	case "application/pdf":
		c.Body = Body{Kind: PDF, Parts: []Part{{Name: "file", ContentType: name, Content: raw}}}
		return nil
	case "text/csv":
		if !utf8.Valid(raw) {
			return BadRequest("bad_csv", "the file is not UTF-8")
		}
		c.Body = Body{Kind: CSV, Parts: []Part{{Name: "file", ContentType: name, Content: raw}}}
		return nil
	case "application/x-www-form-urlencoded":
		if bytes.Count(raw, []byte("&")) >= c.values {
			return BadRequest("too_many_values", fmt.Sprintf("the form has more than %d values", c.values))
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return BadRequest("bad_form", "the form could not be read")
		}
		c.Body = Body{Kind: Form, Form: form}
		return nil
	}
	return c.takeJSON(raw)
}

func (c *Call) takeJSON(raw []byte) error {
	if err := checkJSON(raw, c.values); err != nil {
		return err
	}
	c.Body = Body{Kind: JSON, JSON: raw}
	return nil
}

// takeMultipart reads the parts of a body that is announced as size bytes long.
func (c *Call) takeMultipart(r io.Reader, size int64, boundary string) error {
	c.Body = Body{Kind: Multipart}
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
		pt := Part{Name: p.FormName(), ContentType: MediaType(p.Header), Filename: p.FileName(), Content: content}
		if c.Body.Part(pt.Name) != nil || len(c.Body.Parts) == maxParts {
			return BadRequest("bad_multipart", fmt.Sprintf("a part is duplicated, or there are more than %d", maxParts))
		}
		c.Body.Parts = append(c.Body.Parts, pt)
	}
}

// multipartProblem is what ended the body, or that it is not multipart.
func (c *Call) multipartProblem() error {
	if c.in != nil && c.in.err != nil && !c.in.done {
		return c.in.err
	}
	return BadRequest("bad_multipart", "the multipart body could not be read")
}

// MediaType is the media type of a Content-Type header, "" for none that can be
// read.
func MediaType(h interface{ Get(string) string }) string {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// Digest identifies the request of a body: method, path, query and the decoded content,
// so that neither spacing nor a multipart boundary matters.
func (c *Call) Digest() (storage.Digest, error) {
	type partDigest struct {
		Name, Type, Filename string
		SHA256               storage.Digest
	}
	b := &c.Body
	parts := make([]partDigest, len(b.Parts))
	for i, p := range b.Parts {
		parts[i] = partDigest{p.Name, p.ContentType, p.Filename, storage.Sum(p.Content)}
	}
	content := jsontext.Value("null")
	if b.JSON != nil {
		var err error
		if content, err = canonical(b.JSON); err != nil {
			return "", err
		}
	}
	raw, err := json.Marshal(struct {
		Method, Path string
		Kind         Kind
		Body         jsontext.Value
		Parts        []partDigest
		Form         url.Values
		Query        string `json:",omitzero"`
	}{c.R.Method, c.R.URL.EscapedPath(), b.Kind, content, parts, b.Form, c.R.URL.RawQuery}, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("digest of the request: %w", err)
	}
	return storage.Sum(raw), nil
}
