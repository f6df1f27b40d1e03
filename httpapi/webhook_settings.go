package httpapi

import (
	"encoding/json"
	"fmt"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/validate"
)

type webhookInput struct {
	URL    rest.Nullable[string] `json:"webhook_url"`
	Secret rest.Nullable[string] `json:"webhook_secret"`
}

type webhookBody struct {
	URL       *string `json:"webhook_url"`
	SecretSet bool    `json:"webhook_secret_set"`
	Secret    string  `json:"webhook_secret,omitempty"`
	UpdatedAt string  `json:"updated_at"`
}

// secretMade stands in a stored answer for a secret that was returned.
const secretMade = "made"

func (b webhookBody) WithoutSecrets() any {
	if b.Secret != "" {
		b.Secret = secretMade
	}
	return b
}

func (a *API) patchWebhook(c *call) (*rest.Reply, error) {
	var in webhookInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	var p validate.Problems
	ch := webhook.Change{URL: in.URL.OrClear(&p, "webhook_url"), Secret: in.Secret.OrClear(&p, "webhook_secret")}
	if err := p.Err(); err != nil {
		return nil, err
	}
	s, err := a.webhooks.Set(c.Ctx, c.key, ch)
	if err != nil {
		return nil, err
	}
	return rest.OK(webhookBody{orNull(s.URL), s.SecretSet, s.Secret, at(s.UpdatedAt)}), nil
}

// webhookAgain answers a repeat with the first answer, and with the secret that
// it made as long as nothing has changed since.
func (a *API) webhookAgain(c *call, first []byte) (*rest.Reply, error) {
	var stored struct {
		Data webhookBody `json:"data"`
	}
	if err := json.Unmarshal(first, &stored); err != nil {
		return nil, fmt.Errorf("stored answer: %w", err)
	}
	b := stored.Data
	if b.Secret == secretMade {
		secret, changed, err := a.webhooks.Secret(c.Ctx, c.key)
		if err != nil {
			return nil, err
		}
		b.Secret = ""
		if at(changed) == b.UpdatedAt {
			b.Secret = secret
		}
	}
	return rest.OK(b), nil
}
