package httpapi

import (
	"net/http"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/keyring"
)

// publicKeys are the installation's, retired ones too.
func (a *API) publicKeys() keyring.Keys {
	keys := a.cfg.Compliance.PublicKeys()
	if keys.Check(keyring.Embed, a.embedKey.ID, a.now()) != nil {
		keys = append(keys, a.embedKey) // the engines' ring is not the host's
	}
	return keys
}

func (a *API) jwks(*call) (*rest.Reply, error) {
	b, err := a.publicKeys().JWKS()
	if err != nil {
		return nil, err
	}
	return (&rest.Reply{Status: http.StatusOK, Raw: b}).With("Content-Type", "application/jwk-set+json"), nil
}
