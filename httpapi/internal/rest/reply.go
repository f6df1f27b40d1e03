package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Reply is a success.
type Reply struct {
	Status int
	Header map[string]string
	Data   any    // answered as {"data": …}
	Meta   any    // answered beside data
	Raw    []byte // answered as it is instead; Header has its Content-Type
	// Stream writes the response itself instead, after Header.
	Stream func(w http.ResponseWriter, r *http.Request)
	// Provisional: the effect is durable, but the request has more to do.
	Provisional bool
}

// Secretive is data with secrets, which are not stored for repeats.
type Secretive interface{ WithoutSecrets() any }

// OK is the reply 200 with data.
func OK(data any) *Reply { return &Reply{Status: http.StatusOK, Data: data} }

// With sets a header and returns rp.
func (rp *Reply) With(name, value string) *Reply {
	if rp.Header == nil {
		rp.Header = map[string]string{}
	}
	rp.Header[name] = value
	return rp
}

// encode returns the bytes of the answer.
func (rp *Reply) encode() ([]byte, error) {
	if rp.Raw != nil {
		return rp.Raw, nil
	}
	if rp.Data == nil && rp.Meta == nil {
		return nil, nil
	}
	return json.Marshal(struct {
		Data any `json:"data"`
		Meta any `json:"meta,omitempty"`
	}{rp.Data, rp.Meta})
}

// File is a download with a fixed type: an attachment, or a file that browsers show.
type File struct {
	Name        string // as people read it
	Inline      bool
	ContentType string
	ETag        string // without quotes; "" for none
	Content     []byte
}

// Whole is the reply with all of f; conditions and ranges are ignored.
func (f File) Whole() *Reply {
	rp := f.reply()
	rp.Raw = f.Content
	return rp.With("Accept-Ranges", "none")
}

// Ranged is the reply with f or the part of it that the request asks for.
func (f File) Ranged() *Reply {
	rp := f.reply()
	rp.Stream = func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Content))
	}
	return rp
}

// Head is the reply to a HEAD for size bytes of f, whose Content and ETag are not
// needed.
func (f File) Head(size int64) *Reply {
	return &Reply{
		Header: map[string]string{"Content-Type": f.ContentType, "Content-Disposition": f.disposition(), "Accept-Ranges": "none"},
		Stream: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
			w.WriteHeader(http.StatusOK)
		},
	}
}

func (f File) reply() *Reply {
	rp := &Reply{Status: http.StatusOK, Header: map[string]string{"Content-Type": f.ContentType, "Content-Disposition": f.disposition()}}
	if f.ETag != "" {
		rp.With("ETag", `"`+f.ETag+`"`)
	}
	return rp
}

// disposition is the Content-Disposition (RFC 6266), with the name in both its forms
// where it is not plain ASCII.
func (f File) disposition() string {
	kind := "attachment"
	if f.Inline {
		kind = "inline"
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\/:*?<>|%;`, r) {
			return '_'
		}
		return r
	}, f.Name)
	header := kind + `; filename="` + plain + `"`
	if plain != f.Name {
		header += "; filename*=UTF-8''" + url.PathEscape(strings.Map(func(r rune) rune {
			if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
				return '_'
			}
			return r
		}, f.Name))
	}
	return header
}
