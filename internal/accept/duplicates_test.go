package accept_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestOneDocumentOnce deposits one document, and all that can be made of it,
// from two organizations at two processes on one PostgreSQL at the same time
// (I33): of equal bytes one deposit wins, and everything that is, extends or is
// part of it is refused in the same words to everyone.
func TestOneDocumentOnce(t *testing.T) {
	t.Parallel()
	dsn, dir := postgres(t), t.TempDir()
	one, two := start(t, dir, dsn), start(t, dir, dsn)
	a := one.unchecked(t, one.createKey(t, one.OrgID, allScopes, "-rpm", "1000000"))
	b := two.unchecked(t, two.createKey(t, "org_second", allScopes, "-rpm", "1000000"))
	for round := range figure(20, 200) {
		scan := testpdf.Simple(2, fmt.Sprintf("Contract %d", round))
		envelopes := [2]string{a.paper(scan), b.paper(scan)}
		var answers [2]*answer
		var wg sync.WaitGroup
		for i, c := range []*client{a, b} {
			wg.Go(func() { answers[i] = c.post("/partner/envelopes/"+envelopes[i]+"/vault-in-upload", map[string]any{}) })
		}
		wg.Wait()
		winner := 0
		if answers[0].Status != http.StatusCreated {
			winner = 1
		}
		answers[winner].want(http.StatusCreated)
		answers[1-winner].problem(http.StatusConflict, "not_an_original")
		owner := []*client{a, b}[winner]

		download := owner.fetch("/partner/envelopes/" + envelopes[winner] + "/vault/signed-url")
		copied := owner.fetch("/partner/envelopes/" + envelopes[winner] + "/vault/copy/signed-url")
		variants := map[string][]byte{
			"scan": scan, "download": download, "marked copy": copied,
			"download with bytes appended": append(bytes.Clone(download), "\n% appended\n"...),
		}
		for name, file := range variants {
			for _, c := range []*client{a, b} {
				wg.Go(func() {
					env := c.paper(file)
					if got := c.post("/partner/envelopes/"+env+"/vault-in-upload", map[string]any{}); got.Status != http.StatusConflict || got.try("code") != "not_an_original" {
						t.Errorf("round %d: %s deposited again: %d %s", round, name, got.Status, got.Body)
					}
				})
			}
		}
		wg.Wait()
		if t.Failed() {
			return
		}
	}
}

// paper makes a paper envelope with its PDF.
func (c *client) paper(pdf []byte) string {
	c.t.Helper()
	env := c.post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}).want(http.StatusCreated).str("data.envelope_id")
	c.do(http.MethodPost, "/partner/envelopes/"+env+"/upload", pdf, header("Content-Type", "application/pdf")).want(http.StatusOK)
	return env
}
