package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

type sessionGrant struct {
	WidgetType string `json:"widget_type"`
	EnvelopeID string `json:"envelope_id"`
	ExpiresAt  string `json:"expires_at"`
	SessionURL string `json:"session_url,omitempty"`
}

func (s sessionGrant) WithoutSecrets() any {
	s.SessionURL = ""
	return s
}

type exchangeInput struct {
	Token  string `json:"token"`
	Origin string `json:"origin"`
}

// embedSession exchanges an embed token, once, for a session of the same rights.
func (a *API) embedSession(c *call) (*rest.Reply, error) {
	claims, err := a.openEmbed(c)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Tickets.Take(c.Ctx, nil, claims.ID, c.Now); err != nil {
		if errors.Is(err, storage.ErrUsed) {
			return nil, errEmbedGone
		}
		return nil, err
	}
	return a.grant(c, claims)
}

// embedSessionAgain answers a repeat of the exchange with a session of its own,
// while the token is in time.
func (a *API) embedSessionAgain(c *call, _ []byte) (*rest.Reply, error) {
	claims, err := a.openEmbed(c)
	if err != nil {
		return nil, err
	}
	return a.grant(c, claims)
}

func (a *API) openEmbed(c *call) (*embedClaims, error) {
	var in exchangeInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, validate.Fail("token", "required", "is required")
	}
	keys := a.publicKeys()
	payload, kid, err := keys.OpenJWS(in.Token, embedTyp, keyring.Embed)
	var claims embedClaims
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err == nil && kid != a.embedKey.ID {
		issued := time.Unix(claims.IssuedAt, 0) // or within the second that begins then
		if err = keys.Check(keyring.Embed, kid, issued); err != nil {
			err = keys.Check(keyring.Embed, kid, issued.Add(time.Second-time.Microsecond))
		}
	}
	if err != nil || claims.Issuer != a.cfg.BaseURL || claims.Audience != a.cfg.BaseURL {
		return nil, a.failed(c, "embed", errEmbedToken)
	}
	if in.Origin != "" && in.Origin != claims.Origin {
		return nil, errEmbedToken
	}
	if c.Now.Unix() >= claims.ExpiresAt {
		return nil, errEmbedGone
	}
	if err := a.keyWorks(c, claims.Org, claims.Key); err != nil {
		if errors.Is(err, errTicketDead) {
			return nil, errEmbedGone
		}
		return nil, err
	}
	may, err := a.mayEmbed(c.Ctx, claims.Org, claims.Origin)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, errEmbedGone
	}
	return &claims, a.embedStands(c.Ctx, &claims)
}

// embedStands is errEmbedGone once the status has moved on.
func (a *API) embedStands(ctx context.Context, claims *embedClaims) error {
	if claims.Widget == widgetVault {
		v, err := a.cfg.Vault.Original(ctx, claims.Org, claims.Envelope)
		if err == nil && v.Status == custody.StatusReleased {
			return errEmbedGone
		}
		return err
	}
	s, err := a.cfg.ESign.Status(ctx, claims.Org, claims.Envelope)
	if err != nil {
		return err
	}
	if _, err := s.Status.After(esign.VerbConsent); err != nil {
		return errEmbedGone
	}
	return nil
}

func (a *API) grant(c *call, claims *embedClaims) (*rest.Reply, error) {
	kind, path, version := ticketSession, "/sign/", 0
	if claims.Widget == widgetVault {
		v, err := a.cfg.Vault.Original(c.Ctx, claims.Org, claims.Envelope)
		if err != nil {
			return nil, err
		}
		kind, path, version = ticketVault, "/vault/", v.Version
	}
	token, t, err := a.issue(c, storage.Ticket{
		Kind: kind, EnvelopeID: claims.Envelope, OrgID: claims.Org, KeyID: claims.Key, Target: claims.Subject, Version: version, Filename: claims.Origin,
	}, sessionLife)
	if err != nil {
		return nil, err
	}
	return rest.OK(sessionGrant{claims.Widget, claims.Envelope, at(t.ExpiresAt), a.cfg.BaseURL + a.cfg.BasePath + path + token}), nil
}
