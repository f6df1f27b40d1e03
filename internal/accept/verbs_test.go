package accept_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestSendRemindVoid takes the ways of an envelope that no signature ends.
func TestSendRemindVoid(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		e := envelope(map[string]any{"send": false, "reminders": map[string]any{"after_days": 3, "max": 2}})
		never := envelope(map[string]any{"reminders": map[string]any{"after_days": 0}})
		never["document"] = document(testpdf.Contract(2))
		c.post("/partner/envelopes", never).problem(http.StatusUnprocessableEntity, "invalid").equal("details.0.field", "reminders.after_days")
		body, ct := form(t, jsonPart(t, "envelope", e), pdfPart("document", testpdf.Contract(2)))
		env := c.do(http.MethodPost, "/partner/envelopes", body, ct).want(http.StatusCreated).equal("data.status", "preparing").equal("data.sent_at", nil).str("data.envelope_id")
		at := "/partner/envelopes/" + env
		c.get(at + "/signing-links").want(http.StatusConflict)
		c.post(at+"/remind", map[string]any{}).want(http.StatusConflict)
		c.do(http.MethodPost, at+"/send", nil, header("If-Match", `"stale"`)).want(http.StatusPreconditionFailed)
		c.post(at+"/send", nil).want(http.StatusOK).equal("data.status", "sent")
		c.post(at+"/send", nil).want(http.StatusConflict)

		r := c.post(at+"/remind", map[string]any{"message": "Please sign today"}).want(http.StatusOK).equal("data.reminded.0.email", "ada@example.com")
		if len(r.list("data.reminded")) != 1 {
			t.Errorf("reminded %v, want only the signer whose turn it is", r.list("data.reminded"))
		}
		c.post(at+"/remind", map[string]any{}).want(http.StatusOK).equal("data.skipped.0.email", "ada@example.com")
		if _, err := time.Parse(time.RFC3339, c.post(at+"/remind", map[string]any{}).want(http.StatusOK).str("data.skipped.0.retry_at")); err != nil {
			t.Error(err)
		}
		c.post(at+"/remind", map[string]any{"signer_id": "sgn_nobody"}).want(http.StatusNotFound)
		c.post(at+"/remind", map[string]any{"message": strings.Repeat("x", 2001)}).want(http.StatusUnprocessableEntity)

		link := c.link(env, "ada@example.com")
		anon := c.with("")
		if b := anon.get(link + "/disclosure.pdf").want(http.StatusOK).Body; !bytes.HasPrefix(b, []byte("%PDF-")) {
			t.Error("the disclosure is no PDF")
		}
		ses := anon.get(link + "/session").want(http.StatusOK)
		anon.get(link + "/document.pdf").want(http.StatusOK)
		anon.post(link+"/consent", map[string]any{"disclosure_sha256": ses.str("data.consent.disclosure_sha256")}).want(http.StatusOK)
		anon.post(link+"/consent/withdraw", map[string]any{"reason": "on paper, please"}).want(http.StatusOK)
		anon.post(link+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "Ada"}, "fields": []any{}}).problem(http.StatusConflict, "consent_required")

		signer := at + "/signers/" + c.get(at).want(http.StatusOK).str("data.signers.0.signer_id")
		patch := func(to string, body map[string]any, o ...option) *answer {
			return c.do(http.MethodPatch, to, body, o...)
		}
		patch(at+"/signers/sgn_nobody", map[string]any{"name": "A"}).want(http.StatusNotFound)
		patch(signer, map[string]any{"email": "nobody"}).want(http.StatusUnprocessableEntity)
		patch(signer, map[string]any{"name": "A"}, header("If-Match", `"stale"`)).want(http.StatusPreconditionFailed)
		patch(signer, map[string]any{"email": "grace@example.com", "name": "Grace Hopper"}).want(http.StatusOK).
			equal("data.signers.0.email", "grace@example.com").equal("data.signers.0.consented_at", nil).equal("data.signers.0.status", "notified")
		anon.get(link + "/session").want(http.StatusGone)
		link = c.link(env, "grace@example.com")
		anon.get(link+"/session").want(http.StatusOK).equal("data.signer.name", "Grace Hopper")

		c.post(at+"/void", map[string]any{}).want(http.StatusUnprocessableEntity)
		c.post(at+"/void", map[string]any{"reason": "wrong price"}).want(http.StatusOK).equal("data.status", "voided").equal("data.void_reason", "wrong price")
		c.post(at+"/void", map[string]any{"reason": "again"}).want(http.StatusOK).equal("data.void_reason", "wrong price")
		anon.get(link + "/session").want(http.StatusGone)
		c.get(at+"/compliance").want(http.StatusOK).equal("data.compliance.compliant", false)

		hook := "/partner/webhook"
		c.do(http.MethodPatch, hook, map[string]any{"webhook_url": "http://127.0.0.1:1/x"}).want(http.StatusOK)
		c.do(http.MethodPatch, hook, map[string]any{"webhook_url": nil}).want(http.StatusOK).equal("data.webhook_url", nil)
	})
}

// TestCertificateVerifiesOffline hands a certificate and the issuer's public keys
// to examples/verify, which has neither network nor database, whole and altered.
func TestCertificateVerifiesOffline(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	env := c.signed(testpdf.Contract(2), nil)
	c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
	document := c.certificate(env).Body
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	jwks := write("jwks.json", c.with("").get("/.well-known/jwks.json").want(http.StatusOK).Body)
	keys := logKey(t, c.with("").get("/log/keys").want(http.StatusOK))
	verify := filepath.Join(dir, "verify")
	build := exec.Command("go", "build", "-o", verify, "./examples/verify")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ask := func(b []byte) (string, error) {
		out, err := exec.Command(verify, "-certificate", write("certificate.json", b), "-jwks", jwks, "-log-key", keys).CombinedOutput()
		return string(out), err
	}
	if out, err := ask(document); err != nil || !strings.Contains(out, env) {
		t.Errorf("%v\n%s", err, out)
	}
	altered := bytes.Replace(document, []byte(env), []byte(env[:len(env)-1]+string(flip(env[len(env)-1]))), 1)
	if out, err := ask(altered); err == nil {
		t.Errorf("an altered certificate verifies:\n%s", out)
	}
}

// logKey finds the verifier key in what log/keys answers.
func logKey(t *testing.T, a *answer) string {
	t.Helper()
	var found string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			if strings.Count(v, "+") >= 2 {
				found = v
			}
		}
	}
	walk(a.JSON)
	if found == "" {
		t.Fatal(fmt.Errorf("no verifier key in %s", a.Body))
	}
	return found
}
