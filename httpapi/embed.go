package httpapi

import (
	"net/url"
	"slices"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

const (
	embedTyp = "evault-embed+jwt"

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
	SignerID   string `json:"signer_id"` // of the sign widget, where several signers have the address
	Origin     string `json:"origin"`
}

type embedBody struct {
	Token      string `json:"token,omitempty"`
	ExpiresAt  string `json:"expires_at"`
	EmbedURL   string `json:"embed_url,omitempty"`
	WidgetType string `json:"widget_type"`
	EnvelopeID string `json:"envelope_id"`
}

func (b embedBody) WithoutSecrets() any {
	b.Token, b.EmbedURL = "", ""
	return b
}

func (a *API) embedToken(c *call) (*rest.Reply, error) {
	var in embedInput
	if err := c.Decode(&in); err != nil {
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
func (a *API) embedAgain(c *call, _ []byte) (*rest.Reply, error) { return a.embedToken(c) }

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
	var p validate.Problems
	p.Struct(&in)
	if in.EnvelopeID == "" {
		p.Add("envelope_id", "required", "is required")
	}
	if in.Origin != "" {
		org, err := a.cfg.Scopes.Organization(c.Ctx, c.key.OrgID)
		if err != nil {
			return err
		}
		if !slices.Contains(org.Origins, in.Origin) {
			p.Add("origin", "origin", "must be one of the organization's origins")
		}
	}
	return p.Err()
}

// embedSubject is the subject of the widget: the signer whose turn it is, or the user of the vault.
func (a *API) embedSubject(c *call, in embedInput) (string, error) {
	if !environ.IsAnyID(in.EnvelopeID) {
		return "", esign.ErrNotFound
	}
	e, err := a.cfg.ESign.Envelope(c.Ctx, c.key.OrgID, in.EnvelopeID)
	if err != nil {
		return "", err
	}
	if in.WidgetType == widgetVault {
		_, err := a.cfg.Vault.Original(c.Ctx, c.key.OrgID, in.EnvelopeID)
		return in.UserEmail, notVaultedIsState(err)
	}
	if _, err := e.Status.After(esign.VerbConsent); err != nil {
		return "", err
	}
	return signerOf(e, in)
}

// signerOf is the signer with the address whose turn it is, and with the id where
// that is given.
func signerOf(e *esign.Envelope, in embedInput) (string, error) {
	var ids []string
	for _, s := range e.Signers {
		due := s.Status == esign.SignerNotified || s.Status == esign.SignerViewed
		if due && esign.SameAddress(s.Email, in.UserEmail) && (in.SignerID == "" || in.SignerID == s.ID) {
			ids = append(ids, s.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", errNotSignerTurn
	case 1:
		return ids[0], nil
	}
	return "", validate.Fail("signer_id", "required", "is required: %d signers have this address", len(ids))
}

func (a *API) mintEmbed(c *call, in embedInput, subject string) (*rest.Reply, error) {
	_, t, err := a.issue(c, storage.Ticket{
		Kind: ticketEmbed, EnvelopeID: in.EnvelopeID, OrgID: c.key.OrgID, KeyID: c.key.ID, Target: subject, SingleUse: true, Filename: in.Origin,
	}, embedLife)
	if err != nil {
		return nil, err
	}
	payload, err := canonjson.Marshal(embedClaims{
		Audience: a.cfg.BaseURL, Envelope: t.EnvelopeID, ExpiresAt: t.ExpiresAt.Unix(), IssuedAt: c.Now.Unix(), Issuer: a.cfg.BaseURL, ID: t.ID,
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
	return rest.OK(embedBody{token, at(t.ExpiresAt), address + "#token=" + token, in.WidgetType, in.EnvelopeID}), nil
}
