package rest

import (
	"net/http"
	"strings"
)

// Etagged is rp with the ETag tag, given without quotes, or 304 when If-None-Match
// has it already.
func (c *Call) Etagged(rp *Reply, tag string) *Reply {
	quoted := `"` + tag + `"`
	if matches(c.R.Header.Get("If-None-Match"), quoted) {
		return (&Reply{Status: http.StatusNotModified}).With("ETag", quoted)
	}
	return rp.With("ETag", quoted)
}

// matches implements the weak comparison of RFC 9110 section 13.1.2.
func matches(header, quoted string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == quoted {
			return true
		}
	}
	return false
}

// IfMatch returns the entries of If-Match, quoted as they come, for the strong
// comparison of RFC 9110 section 13.1.1; nil when the header is absent.
func (c *Call) IfMatch() []string {
	header := c.R.Header.Values("If-Match")
	if len(header) == 0 {
		return nil
	}
	list := strings.Split(strings.Join(header, ","), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
