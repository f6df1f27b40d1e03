package accept_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestDelegates: a signer hands the turn over by the form of the page, and the other
// person signs.
func TestDelegates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		e := envelope(map[string]any{"fields": []any{}, "signers": []any{
			map[string]any{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer", "delegate": true},
		}})
		body, ct := form(t, jsonPart(t, "envelope", e), pdfPart("document", testpdf.Contract(1)))
		env := c.do(http.MethodPost, "/partner/envelopes", body, ct).want(http.StatusCreated).str("data.envelope_id")
		link, anon := c.link(env, "ada@example.com"), c.with("")
		page := anon.do(http.MethodGet, link+"/delegate", nil, header("Accept", "text/html")).want(http.StatusOK)
		if !strings.Contains(string(page.Body), `name="email"`) {
			t.Errorf("the page asks for no address:\n%s", page.Body)
		}
		handed := anon.do(http.MethodPost, link+"/delegate", []byte(url.Values{"email": {"grace@example.com"}, "name": {"Grace Hopper"}}.Encode()),
			header("Content-Type", "application/x-www-form-urlencoded"), header("Accept", "text/html")).want(http.StatusOK)
		if !strings.Contains(string(handed.Body), "Grace Hopper") {
			t.Errorf("handed over:\n%s", handed.Body)
		}
		anon.get(link + "/session").want(http.StatusGone)
		anon.get(c.link(env, "grace@example.com")+"/session").want(http.StatusOK).equal("data.signer.name", "Grace Hopper")
	})
}
