package httpapi

import "github.com/evaultlib/evault/httpapi/webhook"

type webhookInput struct {
	URL    nullable[string] `json:"webhook_url"`
	Secret nullable[string] `json:"webhook_secret"`
}

type webhookBody struct {
	URL       *string `json:"webhook_url"`
	SecretSet bool    `json:"webhook_secret_set"`
	Secret    string  `json:"webhook_secret,omitempty"`
	UpdatedAt string  `json:"updated_at"`
}

func (a *API) patchWebhook(c *call) (*reply, error) {
	var in webhookInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	s, err := a.webhooks.Set(c.ctx, c.key, webhook.Change{URL: in.URL.orClear(), Secret: in.Secret.orClear()})
	if err != nil {
		return nil, err
	}
	return ok(webhookBody{orNull(s.URL), s.SecretSet, s.Secret, at(s.UpdatedAt)}), nil
}

// orClear is nil for an absent field and "" for null.
func (n nullable[T]) orClear() *T {
	switch {
	case !n.present:
		return nil
	case n.value == nil:
		return new(T)
	}
	return n.value
}
