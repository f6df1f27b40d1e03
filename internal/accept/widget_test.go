package accept_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestVaultWidget follows an embed token to the vault's page, and reads what the
// records of a vaulted envelope say.
func TestVaultWidget(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		env := c.signed(testpdf.Contract(2), nil)
		at := "/partner/envelopes/" + env
		c.post(at+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
		for _, path := range []string{at + "/events", at + "/custody", at + "/copies", "/partner/events"} {
			if a := c.get(path).want(http.StatusOK); a.try("data") == nil {
				t.Errorf("%s: no data", path)
			}
		}
		c.get(at + "/vault/copy/signed-url?expires=1").want(http.StatusUnprocessableEntity)
		size := strings.Split(string(c.get("/log/checkpoint").want(http.StatusOK).Body), "\n")[1]
		c.get("/log/consistency?from=1&to=" + size).want(http.StatusOK)
		token := c.post("/embed/token", map[string]any{"envelope_id": env, "user_email": "ada@example.com", "widget_type": "vault"}).want(http.StatusOK)
		nobody := c.with("")
		session := nobody.post("/embed/session", map[string]any{"token": token.str("data.token")}).want(http.StatusOK).str("data.session_url")
		if page := nobody.get(session).want(http.StatusOK); !strings.Contains(string(page.Body), "/copy.pdf") {
			t.Error("the vault's page offers no copy")
		}
		if f := nobody.get(session + "/copy.pdf").want(http.StatusOK); !strings.HasPrefix(string(f.Body), "%PDF-") {
			t.Errorf("the copy is %q", tail(f.Body, 20))
		}
		if f := nobody.get(session + "/custody-record.pdf").want(http.StatusOK); !strings.HasPrefix(string(f.Body), "%PDF-") {
			t.Errorf("the custody record is %q", tail(f.Body, 20))
		}
		nobody.get(session+"/certificate").want(http.StatusOK).equal("data.subject.envelope_id", env)
	})
}

// TestTokensOfNobody: no route behind a token answers what is none.
func TestTokensOfNobody(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, "")
	for _, r := range documented(t) {
		if !strings.HasPrefix(r[1], "/sign/") && !strings.HasPrefix(r[1], "/vault/") && !strings.HasPrefix(r[1], "/download/") {
			continue
		}
		var body any
		if r[0] == http.MethodPost {
			body = map[string]any{}
		}
		if a := c.do(r[0], strings.Replace(r[1], "pages/x_1", "pages/1", 1), body); a.Status < 400 || a.Status >= 500 {
			t.Errorf("%s %s: got %d %s", r[0], r[1], a.Status, tail(a.Body, 100))
		}
	}
}
