package httpapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSingleUseOfParallelReaders is a part of I12: one of many parallel fetches on two replicas.
func TestSingleUseOfParallelReaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := "/partner/envelopes/" + h.vaulted(t)
	apis := []http.Handler{h.API, h.replica(t)}
	for range 3 {
		u := h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url")
		if a := ask(t, h.API, "HEAD", u, nil).want(200); len(a.Body) != 0 || a.Header.Get("Content-Length") == "" || a.Header.Get("ETag") == "" {
			t.Errorf("HEAD: %v %d bytes", a.Header, len(a.Body))
		}
		var got atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				a := ask(t, apis[i%2], "GET", u, nil, header("Range", "bytes=0-9"))
				switch {
				case a.Status == 200 && a.Header.Get("ETag") == `"`+sum(a.Body)+`"`:
					got.Add(1)
				case a.Status != 410 || a.get("code") != "already_used":
					t.Errorf("got %d %.200s", a.Status, a.Body)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Errorf("%d fetches succeeded, want 1", got.Load())
		}
		ask(t, h.API, "HEAD", u, nil).want(410)
	}
	copies := h.do(t, "GET", at+"/copies", nil).want(200)
	if n := strings.Count(string(copies.Body), `"inspection"`); n != 3 {
		t.Errorf("%d downloads are registered, want 3", n)
	}
}

func TestCopyDownload(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := "/partner/envelopes/" + h.vaulted(t)
	u := h.do(t, "GET", at+"/vault/copy/signed-url", nil).want(200).equal("data.single_use", false).str("data.signed_url")
	whole := ask(t, h.API, "GET", u, nil).want(200)
	for name, want := range map[string]string{"Content-Type": "application/pdf", "ETag": `"` + sum(whole.Body) + `"`, "X-Content-Type-Options": "nosniff"} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if cd := whole.Header.Get("Content-Disposition"); !strings.HasPrefix(cd, "attachment; ") || !strings.Contains(cd, "_copy.pdf") {
		t.Errorf("Content-Disposition %q", cd)
	}
	if a := ask(t, h.API, "GET", u, nil, header("Range", "bytes=2-5")).want(206); string(a.Body) != string(whole.Body[2:6]) {
		t.Errorf("range: %q", a.Body)
	}
	ask(t, h.API, "GET", u, nil, header("If-None-Match", whole.Header.Get("ETag"))).want(304)
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).want(200)
	ask(t, h.API, "GET", u, nil).problem(410, "token_withdrawn")
	again := h.do(t, "GET", at+"/vault/copy/signed-url", nil).want(200).str("data.signed_url") // marked copies stay
	ask(t, h.API, "GET", again, nil).want(200)
}

// TestExpiry is a part of I14: to the second.
func TestExpiry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := "/partner/envelopes/" + h.vaulted(t)
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Second, 200}, {61 * time.Second, 410}} {
		u := h.do(t, "GET", at+"/vault/signed-url?expires=60", nil).want(200).str("data.signed_url")
		h.clock.Advance(tt.after)
		if a := ask(t, h.API, "GET", u, nil); a.Status != tt.want {
			t.Errorf("after %v: got %d, want %d", tt.after, a.Status, tt.want)
		}
	}
	for q, want := range map[string]int{"59": 422, "86401": 422, "x": 400, "60.0": 400, "-1": 400, "86400": 200} {
		if a := h.do(t, "GET", at+"/vault/signed-url?expires="+q, nil); a.Status != want {
			t.Errorf("expires=%s: got %d, want %d", q, a.Status, want)
		}
	}
}

// TestNoChangedAddressOpens is I13.
func TestNoChangedAddressOpens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.vaulted(t), h.vaulted(t)
	fresh := func(env, kind string) string {
		return h.do(t, "GET", "/partner/envelopes/"+env+"/vault/"+kind+"signed-url", nil).want(200).str("data.signed_url")
	}
	u, other := fresh(first, ""), fresh(second, "")
	copied := fresh(first, "copy/")
	token := u[strings.LastIndex(u, "/")+1:]
	base := strings.TrimSuffix(u, token)
	var changed []string
	for i := range token {
		for _, c := range []byte{'A', 'z', '0', '-', '.', '_'} {
			if token[i] != c {
				changed = append(changed, base+token[:i]+string(c)+token[i+1:])
			}
		}
		changed = append(changed, base+token[:i]+token[i+1:], base+token[:i]+fmt.Sprintf("%%%02X", token[i])+token[i+1:])
	}
	swap := func(a, b string) string { return a[:strings.LastIndex(a, ".")] + b[strings.LastIndex(b, "."):] }
	changed = append(
		changed, u+"?", u+"?a=1", u+"?expires=9999", u+"=", u+"A", u+"/", base+strings.ToUpper(token), base+strings.ToLower(token),
		swap(u, other), swap(u, copied), swap(copied, u), strings.Replace(u, "/download/", "/download//", 1), strings.Replace(u, "/download/", "/Download/", 1),
		strings.Replace(u, "/download/", "/sign/", 1), strings.Replace(u, "/download/", "/vault/", 1),
	)
	for _, m := range changed {
		if m == u {
			continue
		}
		a := ask(t, h.API, "GET", m, nil, func(r *http.Request) {
			r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", len(m), strings.Count(m, "A"), m[len(m)-2])
		})
		if a.Status == 200 || a.Status == 206 {
			t.Fatalf("%s was accepted", m)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		if a := ask(t, h.API, method, u, nil); a.Status != 405 {
			t.Errorf("%s: got %d, want 405", method, a.Status)
		}
	}
	ask(t, h.API, "GET", u, nil).want(200) // nothing of this has used it up
	t.Logf("%d changed addresses refused", len(changed))
}

// stored is the path of the authoritative bytes.
func (h *house) stored(t *testing.T, digest string) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == digest && strings.Contains(path, "version") {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no object %s: %v", digest, err)
	}
	return found
}

// alter changes one byte of the stored version with a digest.
func (h *house) alter(t *testing.T, digest string) {
	t.Helper()
	path := h.stored(t, digest)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, b, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func TestTamperedBytesAreNotServed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := "/partner/envelopes/" + h.vaulted(t)
	u := h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url")
	path := h.stored(t, h.do(t, "GET", at+"/status", nil).want(200).str("data.vault.document_hash"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(whole[:len(whole)-1])
	if a := ask(t, h.API, "GET", u, nil).want(503); a.Header.Get("Retry-After") == "" {
		t.Errorf("a short read: %v", a.Header)
	}
	altered := bytes.Clone(whole)
	altered[len(altered)/2] ^= 1
	write(altered)
	a := ask(t, h.API, "GET", u, nil)
	a.problem(409, "integrity_mismatch")
	if bytes.Contains(a.Body, altered[:100]) {
		t.Error("altered bytes were served")
	}
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).problem(409, "quarantined")
	e := h.do(t, "GET", at+"/events?limit=100", nil).want(200)
	if n := strings.Count(string(e.Body), "vault.tamper_detected"); n != 1 {
		t.Errorf("%d events of tampering, want 1", n)
	}
	write(whole)
	if got := ask(t, h.API, "GET", u, nil).want(200); !bytes.Equal(got.Body, whole) { // nothing was used up
		t.Error("other bytes")
	}
}

func TestTamperedTicketOpensNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.vaulted(t)
	at := "/partner/envelopes/" + env
	u := h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url")
	// A database administrator makes the ticket another envelope's.
	other := h.vaulted(t)
	_, err := h.e.Store.Bun().DB.ExecContext(t.Context(), "UPDATE evault_tickets SET envelope_id = ? WHERE envelope_id = ?", other, env)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, h.API, "GET", u, nil).problem(403, "token_invalid")
}
