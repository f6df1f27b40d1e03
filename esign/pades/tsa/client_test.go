package tsa_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/esign/pades/tsa"
	"github.com/evaultlib/evault/internal/testpki"
)

var pki = sync.OnceValue(func() *testpki.PKI {
	p, err := testpki.New(testpki.Options{})
	if err != nil {
		panic(err)
	}
	return p
})

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t *testing.T, c tsa.Config) *tsa.Client {
	t.Helper()
	got, err := tsa.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	url := serve(t, pki().Timestamper())
	digest := sha256.Sum256([]byte("contract"))
	c := client(t, tsa.Config{URLs: []string{url}, Roots: pki().Roots(), Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}})
	der, err := c.Timestamp(context.Background(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	token, err := pades.ParseToken(der)
	if err != nil {
		t.Fatal(err)
	}
	if !token.Stamps(crypto.SHA256, digest[:]) || time.Since(token.Time).Abs() > time.Minute || token.Nonce == nil {
		t.Errorf("got %+v", token)
	}
}

// recorded answers every request with the answer to the first.
type recorded struct {
	sync.Mutex
	answer []byte
}

func (r *recorded) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.Lock()
	defer r.Unlock()
	if r.answer == nil {
		rec := httptest.NewRecorder()
		pki().Timestamper().ServeHTTP(rec, req)
		r.answer = rec.Body.Bytes()
	}
	_, _ = w.Write(r.answer)
}

func TestTimestampRefuses(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("contract"))
	other := sha256.Sum256([]byte("another"))
	replayed := serve(t, &recorded{})
	if _, err := client(t, tsa.Config{URLs: []string{replayed}}).Timestamp(context.Background(), crypto.SHA256, other[:]); err != nil {
		t.Fatal(err)
	}
	sameAgain := serve(t, &recorded{})
	if _, err := client(t, tsa.Config{URLs: []string{sameAgain}}).Timestamp(context.Background(), crypto.SHA256, digest[:]); err != nil {
		t.Fatal(err)
	}
	stranger, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wrongUse := pki().Timestamper()
	wrongUse.ID = pki().Seal
	for name, tc := range map[string]struct {
		handler http.Handler
		url     string
		change  func(*tsa.Config)
		want    string
	}{
		"replayed token": {url: replayed, want: "message imprint mismatch"},
		"replayed nonce": {url: sameAgain, want: "nonce"},
		"server error":   {handler: http.NotFoundHandler(), want: "404"},
		"redirect":       {handler: http.RedirectHandler(replayed, http.StatusFound), want: "302"},
		"rubbish":        {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }), want: "not a time-stamp response"},
		"endless":        {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }), want: "too long"},
		"refusal":        {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0x30, 5, 0x30, 3, 2, 1, 2}) }), want: "status 2"},
		"slow": {handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body) // else the server does not notice that the client left
			<-r.Context().Done()
		}), change: func(c *tsa.Config) { c.Timeout = 50 * time.Millisecond }, want: "deadline"},
		"certificate of use": {handler: wrongUse, want: "time-stamp"},
		"another root":       {handler: stranger.Timestamper(), change: func(c *tsa.Config) { c.Roots = pki().Roots() }, want: "trusted root"},
		"another policy":     {handler: pki().Timestamper(), change: func(c *tsa.Config) { c.Policy = asn1.ObjectIdentifier{1, 2, 3} }, want: "policy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := tc.url
			if tc.handler != nil {
				url = serve(t, tc.handler)
			}
			conf := tsa.Config{URLs: []string{url}}
			if tc.change != nil {
				tc.change(&conf)
			}
			if name == "certificate of use" {
				// The test library itself may refuse to sign with such a certificate; either way nothing must come back.
				tc.want = ""
			}
			_, err := client(t, conf).Timestamp(context.Background(), crypto.SHA256, digest[:])
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestTimestampTriesInOrder(t *testing.T) {
	t.Parallel()
	first, third := pki().Timestamper(), pki().Timestamper()
	down := serve(t, http.NotFoundHandler())
	digest := sha256.Sum256(nil)
	c := client(t, tsa.Config{URLs: []string{down, serve(t, first), serve(t, third)}})
	if _, err := c.Timestamp(context.Background(), crypto.SHA256, digest[:]); err != nil {
		t.Fatal(err)
	}
	if first.Calls() != 1 || third.Calls() != 0 {
		t.Errorf("calls: got %d and %d, want 1 and 0", first.Calls(), third.Calls())
	}
	if _, err := c.Timestamp(context.Background(), crypto.SHA1, make([]byte, 20)); err == nil {
		t.Error("SHA-1 was stamped")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, urls := range [][]string{nil, {""}, {"ftp://example.com"}, {"file:///etc/passwd"}, {"https://"}, {"https://u:p@example.com"}} {
		if _, err := tsa.New(tsa.Config{URLs: urls}); err == nil {
			t.Errorf("%q was accepted", urls)
		}
	}
}
