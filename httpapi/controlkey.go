package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// keyInput is the public JWK of a party.
type keyInput struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y,omitempty"`
}

// key is the control key, "" of none; a refusal names the field.
func (in *keyInput) key(field string) (custody.ControlKey, error) {
	if in == nil {
		return "", nil
	}
	b, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	k, err := custody.ParseControlKey(b)
	if err != nil {
		return "", validate.Fail(field, "control_key", "must be a public JWK of an Ed25519 or P-256 key that is a point of its curve")
	}
	return k, nil
}

type bindInput struct {
	ControlKey *keyInput `json:"control_key"`
}

// bindControlKey gives control to the outside assignee by its key.
func (a *API) bindControlKey(c *call) (*rest.Reply, error) {
	var in bindInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	k, err := in.ControlKey.key("control_key")
	switch {
	case err != nil:
		return nil, err
	case k == "":
		return nil, validate.Fail("control_key", "required", "is required")
	}
	r := vault.BindRequest{OrgID: c.key.OrgID, EnvelopeID: c.id(), ControlKey: k, Actor: c.actor(), RequestID: c.RequestID}
	if r.RequestSHA256, err = c.Digest(); err != nil {
		return nil, err
	}
	if _, err := c.envelopeTag(a); err != nil {
		return nil, err
	}
	r.Also = rest.Keep(c.Call, func(b *vault.Bound) *rest.Reply {
		return &rest.Reply{Status: http.StatusCreated, Data: recordOf(&compliance.VaultRecord{Original: b.Copy}), Provisional: true}
	})
	rec, created, err := a.cfg.Handover.BindControlKey(c.Ctx, r)
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	rp := rest.OK(recordOf(rec))
	if created {
		rp.Status = http.StatusCreated
	}
	return rp, nil
}
