package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/internal/canon"
	"github.com/evaultlib/evault/internal/check"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
)

const (
	embedTyp    = "evault-embed+jwt"
	embedLife   = 15 * time.Minute
	sessionLife = time.Hour

	widgetSign  = "sign"
	widgetVault = "vault"
)

// embedClaims is the payload of an embed token, a JWT (RFC 7519) signed with
// EdDSA by the embed key.
type embedClaims struct {
	Audience  string `json:"aud"`
	Envelope  string `json:"env"`
	ExpiresAt int64  `json:"exp"`
	IssuedAt  int64  `json:"iat"`
	Issuer    string `json:"iss"`
	ID        string `json:"jti"`
	Key       string `json:"key"`
	Org       string `json:"org"`
	Origin    string `json:"origin"`
	Subject   string `json:"sub"` // signer id, or the e-mail address for the vault
	Widget    string `json:"wgt"`
}

type embedInput struct {
	EnvelopeID string `json:"envelope_id"`
	UserEmail  string `json:"user_email" validate:"required,email,max=254"`
	WidgetType string `json:"widget_type" validate:"required,oneof=sign vault"`
	Origin     string `json:"origin"`
}

type embedBody struct {
	Token      string `json:"token,omitempty"`
	ExpiresAt  string `json:"expires_at"`
	EmbedURL   string `json:"embed_url,omitempty"`
	WidgetType string `json:"widget_type"`
	EnvelopeID string `json:"envelope_id"`
}

func (b embedBody) withoutSecrets() any {
	b.Token, b.EmbedURL = "", ""
	return b
}

func (a *API) embedToken(c *call) (*reply, error) {
	var in embedInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := c.embedScope(in.WidgetType); err != nil {
		return nil, err
	}
	if err := a.checkEmbed(c, in); err != nil {
		return nil, err
	}
	subject, err := a.embedSubject(c, in)
	if err != nil {
		return nil, err
	}
	return a.mintEmbed(c, in, subject)
}

// embedAgain answers a repeat with a token of its own.
func (a *API) embedAgain(c *call, _ []byte) (*reply, error) { return a.embedToken(c) }

func (c *call) embedScope(widget string) error {
	switch {
	case widget == widgetSign && !c.key.Scopes.Has(scopes.ESignWrite):
		return &scopeMissing{need(scopes.ESignWrite)}
	case widget == widgetVault && !c.key.Scopes.Has(scopes.VaultRead):
		return &scopeMissing{need(scopes.VaultRead)}
	}
	return nil
}

func (a *API) checkEmbed(c *call, in embedInput) error {
	var p check.Problems
	p.Struct(&in)
	if in.EnvelopeID == "" {
		p.Add("envelope_id", "required", "is required")
	}
	if in.Origin != "" {
		org, err := a.cfg.Scopes.Organization(c.ctx, c.key.OrgID)
		if err != nil {
			return err
		}
		if !slices.Contains(org.Origins, in.Origin) {
			p.Add("origin", "origin", "must be one of the organization's origins")
		}
	}
	return p.Err()
}

// embedSubject is whom the widget is for: the signer whose turn it is, or the
// user of the vault.
func (a *API) embedSubject(c *call, in embedInput) (string, error) {
	if !stamp.IsAnyID(in.EnvelopeID) {
		return "", esign.ErrNotFound
	}
	e, err := a.cfg.ESign.Envelope(c.ctx, c.key.OrgID, in.EnvelopeID)
	if err != nil {
		return "", err
	}
	if in.WidgetType == widgetVault {
		_, err := a.cfg.Vault.Copy(c.ctx, c.key.OrgID, in.EnvelopeID)
		return in.UserEmail, notVaultedIsState(err)
	}
	if _, err := e.Status.After(esign.VerbConsent); err != nil {
		return "", err
	}
	for _, s := range e.Signers {
		if esign.SameAddress(s.Email, in.UserEmail) && (s.Status == esign.SignerNotified || s.Status == esign.SignerViewed) {
			return s.ID, nil
		}
	}
	return "", errNotSignerTurn
}

func (a *API) mintEmbed(c *call, in embedInput, subject string) (*reply, error) {
	_, t, err := a.issue(c, storage.Ticket{
		Kind: ticketEmbed, EnvelopeID: in.EnvelopeID, OrgID: c.key.OrgID, KeyID: c.key.ID, Target: subject, SingleUse: true, Filename: in.Origin,
	}, embedLife)
	if err != nil {
		return nil, err
	}
	payload, err := canon.Marshal(embedClaims{
		Audience: a.cfg.BaseURL, Envelope: t.EnvelopeID, ExpiresAt: t.ExpiresAt.Unix(), IssuedAt: c.now.Unix(), Issuer: a.cfg.BaseURL, ID: t.ID,
		Key: t.KeyID, Org: t.OrgID, Origin: in.Origin, Subject: subject, Widget: in.WidgetType,
	})
	if err != nil {
		return nil, err
	}
	token, err := jws.Sign(a.cfg.EmbedKey, a.embedKey.ID, embedTyp, payload)
	if err != nil {
		return nil, err
	}
	address := a.cfg.BaseURL + a.cfg.BasePath + "/embed/" + in.WidgetType + "/" + in.EnvelopeID
	if in.Origin != "" {
		address += "?origin=" + url.QueryEscape(in.Origin)
	}
	return ok(embedBody{token, at(t.ExpiresAt), address + "#token=" + token, in.WidgetType, in.EnvelopeID}), nil
}

// embedPage is the frame; it learns nothing of the envelope, so it answers every
// id alike. Who may frame it is who the address says: the exchange then compares
// that with the token's origin.
func (a *API) embedPage(c *call) (*reply, error) {
	q, err := c.query("origin")
	if err != nil {
		return nil, err
	}
	widget := c.params["widget"]
	if widget != widgetSign && widget != widgetVault || !stamp.IsID(c.id(), "env") {
		return nil, errNoRoute
	}
	origin := q.Get("origin")
	if q.Has("origin") && !plainOrigin(origin) {
		return nil, &badRequest{"bad_query", "origin must be an origin such as https://app.example"}
	}
	page, err := web.RenderEmbed(web.Embed{SessionURL: a.cfg.BasePath + "/embed/session"}, web.Frame(origin))
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, page), nil
}

// plainOrigin accepts scheme, host and port in characters that a policy header
// can hold.
func plainOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return strings.IndexFunc(u.Host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".-:[]", r)
	}) < 0
}

type sessionGrant struct {
	WidgetType string `json:"widget_type"`
	EnvelopeID string `json:"envelope_id"`
	ExpiresAt  string `json:"expires_at"`
	SessionURL string `json:"session_url,omitempty"`
}

func (s sessionGrant) withoutSecrets() any {
	s.SessionURL = ""
	return s
}

type exchangeInput struct {
	Token  string `json:"token"`
	Origin string `json:"origin"`
}

// embedSession exchanges an embed token, once, for a session of the same rights.
func (a *API) embedSession(c *call) (*reply, error) {
	claims, err := a.openEmbed(c)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Tickets.Take(c.ctx, nil, claims.ID, c.now); err != nil {
		if errors.Is(err, storage.ErrUsed) {
			return nil, errEmbedGone
		}
		return nil, err
	}
	return a.grant(c, claims)
}

// embedSessionAgain answers a repeat of the exchange with a session of its own,
// while the token is in time.
func (a *API) embedSessionAgain(c *call, _ []byte) (*reply, error) {
	claims, err := a.openEmbed(c)
	if err != nil {
		return nil, err
	}
	return a.grant(c, claims)
}

func (a *API) openEmbed(c *call) (*embedClaims, error) {
	var in exchangeInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, check.Fail("token", "required", "is required")
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
	if c.now.Unix() >= claims.ExpiresAt {
		return nil, errEmbedGone
	}
	if err := a.keyWorks(c, claims.Org, claims.Key); err != nil {
		if errors.Is(err, errTicketDead) {
			return nil, errEmbedGone
		}
		return nil, err
	}
	return &claims, a.embedStands(c.ctx, &claims)
}

// embedStands is errEmbedGone once the status has moved on.
func (a *API) embedStands(ctx context.Context, claims *embedClaims) error {
	if claims.Widget == widgetVault {
		v, err := a.cfg.Vault.Copy(ctx, claims.Org, claims.Envelope)
		if err == nil && v.Status == vault.StatusReleased {
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

func (a *API) grant(c *call, claims *embedClaims) (*reply, error) {
	kind, path, version := ticketSession, "/sign/", 0
	if claims.Widget == widgetVault {
		v, err := a.cfg.Vault.Copy(c.ctx, claims.Org, claims.Envelope)
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
	return ok(sessionGrant{claims.Widget, claims.Envelope, at(t.ExpiresAt), a.cfg.BaseURL + a.cfg.BasePath + path + token}), nil
}
