package httpapi

import (
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

type custodyBody struct {
	CustodyID    string         `json:"custody_id"`
	Kind         string         `json:"kind"`
	AssignmentID *string        `json:"assignment_id"`
	From         *custodyParty  `json:"from"`
	To           *custodyParty  `json:"to"`
	Version      int            `json:"version"`
	SHA256       storage.Digest `json:"sha256"`
	Consent      string         `json:"consent"`
	ConsentJWS   *string        `json:"consent_jws"`
	Actor        actorBody      `json:"actor"`
	Assignment   *assignedBody  `json:"assignment"`
	EventID      string         `json:"event_id"`
	RecordedAt   string         `json:"recorded_at"`
	Statement    string         `json:"statement"`
}

// assignedBody has the additional fields of an entry of kind assignment.
type assignedBody struct {
	Purpose    string    `json:"purpose"`
	Reason     *string   `json:"reason"`
	Acceptance string    `json:"acceptance"`
	AcceptedBy actorBody `json:"accepted_by"`
}

type custodyParty struct {
	Assignee   partyOut        `json:"assignee"`
	Controller *controllerBody `json:"controller"`
	Custodian  *partyOut       `json:"custodian"`
	Interest   *interestBody   `json:"interest"`
}

func custodyPartyOf(c *custody.Parties) *custodyParty {
	if c == nil {
		return nil
	}
	controller, keeper := controllerOf(c.Controller), partyOf(c.Custodian.Party)
	return &custodyParty{partyOf(c.Assignee), &controller, &keeper, interestOf(c.Interest)}
}

func custodyOf(entries []custody.Entry) []custodyBody {
	out := make([]custodyBody, len(entries))
	for i, e := range entries {
		out[i] = custodyBody{
			CustodyID: e.ID, Kind: string(e.Kind), From: custodyPartyOf(e.From), To: custodyPartyOf(e.To), Version: e.Version, SHA256: e.SHA256,
			Consent: string(e.Consent.Kind), ConsentJWS: orNull(e.Consent.JWS), Actor: actorBody(e.Consent.Actor), EventID: e.EventID, RecordedAt: environ.Format(e.RecordedAt), Statement: e.Statement,
		}
		if x := e.Acceptance; x != nil {
			out[i].AssignmentID = &e.AssignmentID
			out[i].Assignment = &assignedBody{string(e.Purpose), orNull(e.Reason), string(x.Kind), actorBody(x.Actor)}
		}
		if r := e.Recipient; r != nil {
			out[i].To = &custodyParty{Assignee: partyOut{r.Name, orNull(r.Organization), orNull(r.Email)}}
		}
	}
	return out
}

func (a *API) custody(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	if _, err := a.original(c, standing.SeeCustody); err != nil {
		return nil, err
	}
	entries, err := a.cfg.Vault.Custody(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return rest.OK(custodyOf(entries)), nil
}
