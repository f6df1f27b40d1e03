package httpapi_test

import (
	"strings"
	"testing"
	"time"
)

// TestWebhookIsSetOnce: a repeat under an idempotency key changes nothing and
// tells the secret again that the first made, until another change.
func TestWebhookIsSetOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	set := func(body obj, opts ...option) *answer {
		h.clock.Advance(time.Second)
		return h.do(t, "PATCH", "/partner/webhook", body, opts...)
	}
	hook := obj{"webhook_url": "https://a.example/hook"}
	first := set(hook, idem("k")).want(200)
	again := set(hook, idem("k")).want(200)
	if again.Header.Get("Idempotent-Replayed") != "true" || again.str("data.webhook_secret") != first.str("data.webhook_secret") ||
		again.str("data.updated_at") != first.str("data.updated_at") {
		t.Errorf("first %s\nagain %s", first.Body, again.Body)
	}
	set(obj{"webhook_url": "https://b.example/hook"}, idem("k")).problem(422, "idempotency_mismatch")
	own := obj{"webhook_secret": "a secret of their own"}
	set(own, idem("own")).want(200)
	if a := set(hook, idem("k")).want(200); a.get("data.webhook_secret") != nil {
		t.Errorf("the secret of another time was told: %s", a.Body)
	}
	if a := set(own, idem("own")).want(200); a.get("data.webhook_secret") != nil {
		t.Errorf("a secret that was not made here was told: %s", a.Body)
	}
	if dump := h.dump(t); strings.Contains(dump, first.str("data.webhook_secret")) {
		t.Error("the secret is stored with the answer")
	}
	for _, bad := range []obj{{"webhook_url": ""}, {"webhook_secret": ""}, {"webhook_url": " "}} {
		set(bad).problem(422, "invalid")
	}
	set(obj{"webhook_url": nil}).want(200).equal("data.webhook_url", nil)
}
