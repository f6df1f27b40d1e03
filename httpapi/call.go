package httpapi

import (
	"github.com/go-json-experiment/json"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// call is one request with its route and its credential.
type call struct {
	*rest.Call
	route  *route
	key    *scopes.Key         // byKey
	pass   *pass               // of a signer route with a body
	signer string              // the id of the pass's signer
	page   func(rest.Document) // answers a refusal with a page for people
}

func (c *call) id() string { return c.Params["id"] }

// actor is who acts, for the engines.
func (c *call) actor() event.Actor {
	return event.Actor{Kind: event.ActorKey, ID: c.key.ID, OrgID: c.key.OrgID}
}

// scope is whose idempotency keys these are.
func (c *call) scope() string {
	if c.key != nil {
		return c.key.OrgID
	}
	token := c.Params["token"]
	if token == "" && c.Body.Kind == rest.JSON { // the exchange has it in its body
		var in struct {
			Token string `json:"token"`
		}
		_ = json.Unmarshal(c.Body.JSON, &in) // the handler says what is wrong with it
		token = in.Token
	}
	return "token:" + string(storage.Sum([]byte(token)))
}

// holder is whom the bytes of the body are held for.
func (a *API) holder(c *call) string {
	switch {
	case c.key != nil:
		return "org:" + c.key.OrgID
	case c.signer != "":
		return "signer:" + c.signer
	}
	return "address:" + a.address(c.R)
}
