package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// call is one request on its way through.
type call struct {
	ctx       context.Context // ends when the work has taken too long
	cancel    context.CancelFunc
	w         http.ResponseWriter
	r         *http.Request
	requestID string
	now       time.Time
	route     *compiled
	params    map[string]string
	key       *scopes.Key // byKey
	pass      *pass       // of a signer route with a body
	signer    string      // the id of the pass's signer
	in        *incoming   // the body, once it is read
	body      body
	claim     *storage.Claim  // with Idempotency-Key
	kept      *storage.Answer // what the effect's last transaction stored
	retryAt   time.Time       // when a rate limit ends
	page      func(document)  // answers a refusal with a page for people
}

// reply is a success.
type reply struct {
	status int
	header map[string]string
	data   any    // answered as {"data": …}
	meta   any    // answered beside data
	raw    []byte // answered as it is; Content-Type is in header
	write  func(w http.ResponseWriter, r *http.Request)
	// provisional: the effect is durable, but more is to come.
	provisional bool
}

func ok(data any) *reply { return &reply{status: http.StatusOK, data: data} }

func (rp *reply) with(name, value string) *reply {
	if rp.header == nil {
		rp.header = map[string]string{}
	}
	rp.header[name] = value
	return rp
}

// encode returns the bytes of the answer.
func (rp *reply) encode() ([]byte, error) {
	if rp.raw != nil {
		return rp.raw, nil
	}
	if rp.data == nil && rp.meta == nil {
		return nil, nil
	}
	return json.Marshal(struct {
		Data any `json:"data"`
		Meta any `json:"meta,omitempty"`
	}{rp.data, rp.meta})
}

func (c *call) id() string { return c.params["id"] }

// actor is who acts, for the engines.
func (c *call) actor() event.Actor {
	return event.Actor{Kind: event.ActorKey, ID: c.key.ID, OrgID: c.key.OrgID}
}

// address is where the request comes from: a.cfg.ClientIP of it, an IPv6
// address cut to its /64, which one subscriber has.
func (a *API) address(r *http.Request) string {
	s := a.cfg.ClientIP(r)
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return s
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// limit gives the work on the request so long from now.
func (c *call) limit(d time.Duration) {
	if c.cancel != nil {
		c.cancel()
	}
	c.ctx, c.cancel = context.WithTimeout(c.r.Context(), d)
}

// wantsPage reports whether the client is a browser that shows pages to people.
func (c *call) wantsPage() bool { return strings.Contains(c.r.Header.Get("Accept"), "text/html") }

// send writes rp, or the problem that err means.
func (a *API) send(c *call, rp *reply, err error) {
	if own := (*shown)(nil); errors.As(err, &own) {
		rp, err = own.page, nil
	}
	if err != nil {
		a.refuse(c, err)
		return
	}
	if rp.write != nil {
		for k, v := range rp.header {
			c.w.Header().Set(k, v)
		}
		rp.write(c.w, c.r)
		return
	}
	b, err := rp.encode()
	if err != nil {
		a.refuse(c, err)
		return
	}
	c.writeBytes(rp.status, rp.header, b)
}

func (c *call) writeBytes(status int, header map[string]string, b []byte) {
	h := c.w.Header()
	if b != nil {
		h.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		if v == "" {
			h.Del(k)
			continue
		}
		h.Set(k, v)
	}
	if status != http.StatusNotModified && status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(b)))
	}
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead && status != http.StatusNotModified {
		_, _ = c.w.Write(b) // the client went away; there is nobody to tell
	}
}

// saneRequestID accepts what a log line and a header can carry.
func saneRequestID(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:", r)
	}) < 0
}

// etagged answers 304 when the client has the version already. tag is without
// quotes.
func (c *call) etagged(rp *reply, tag string) *reply {
	quoted := `"` + tag + `"`
	if matches(c.r.Header.Get("If-None-Match"), quoted) {
		return (&reply{status: http.StatusNotModified}).with("ETag", quoted)
	}
	return rp.with("ETag", quoted)
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

// ifMatch returns what If-Match lists, quoted as it comes, for the strong
// comparison of RFC 9110 section 13.1.1; nil when the header is absent.
func (c *call) ifMatch() []string {
	header := c.r.Header.Values("If-Match")
	if len(header) == 0 {
		return nil
	}
	list := strings.Split(strings.Join(header, ","), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// Times: milliseconds outside of what is hashed.
const milli = "2006-01-02T15:04:05.000Z"

func at(t time.Time) string { return t.UTC().Format(milli) }

func atp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := at(*t)
	return &s
}

// orNull is nil for an empty text.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
