package httpapi

import (
	"encoding/json"

	"github.com/evaultlib/evault/internal/validate"
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
