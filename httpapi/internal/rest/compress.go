package rest

import (
	"bytes"
	"compress/gzip"
	"strings"
)

// compress is b by gzip where rp is a page, the client takes it, and it pays. A page
// that holds a secret repeats input only to who sent that secret, so its length tells
// nothing to anyone else.
func (c *Call) compress(rp *Reply, b []byte) ([]byte, error) {
	if !strings.HasPrefix(rp.Header["Content-Type"], "text/html") {
		return b, nil
	}
	if vary := rp.Header["Vary"]; vary == "" {
		rp.With("Vary", "Accept-Encoding")
	} else {
		rp.With("Vary", vary+", Accept-Encoding")
	}
	if len(b) < minCompressed || !takesGzip(c.R.Header.Get("Accept-Encoding")) {
		return b, nil
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	rp.With("Content-Encoding", "gzip")
	return out.Bytes(), nil
}

// takesGzip reports whether an Accept-Encoding names gzip and does not refuse it
// (RFC 9110 section 12.5.3).
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, has := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return !has || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
