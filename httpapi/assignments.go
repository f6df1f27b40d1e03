package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
)

type receivingCodeInput struct {
	ExpiresInDays *int `json:"expires_in_days"`
}

type receivingCodeBody struct {
	Code      *string `json:"receiving_code"`
	ExpiresAt string  `json:"expires_at"`
}

func (b receivingCodeBody) WithoutSecrets() any {
	b.Code = nil
	return b
}

// receivingCode makes a code; its repeat makes another, for the first is stored nowhere.
func (a *API) receivingCode(c *call) (*rest.Reply, error) {
	var in receivingCodeInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	life, err := days(in.ExpiresInDays)
	if err != nil {
		return nil, err
	}
	org, err := a.cfg.Scopes.Organization(c.Ctx, c.key.OrgID)
	if err != nil {
		return nil, err
	}
	code, made, err := a.cfg.Vault.MakeReceivingCode(c.Ctx, vault.ReceivingCodeRequest{
		OrgID: org.ID, OrgName: org.LegalName, ExpiresIn: life, Actor: c.actor(),
	})
	if err != nil {
		return nil, err
	}
	return &rest.Reply{Status: http.StatusCreated, Data: receivingCodeBody{&code, at(made.ExpiresAt)}}, nil
}

func (a *API) receivingCodeAgain(c *call, _ []byte) (*rest.Reply, error) { return a.receivingCode(c) }

// days is a life in days; nil is the default.
func days(n *int) (time.Duration, error) {
	switch {
	case n == nil:
		return 0, nil
	case *n < 1 || *n > maxOfferDays:
		return 0, validate.Fail("expires_in_days", "range", "must be from 1 to %d", maxOfferDays)
	}
	return time.Duration(*n) * 24 * time.Hour, nil
}

type assignmentInput struct {
	To struct {
		ReceivingCode string `json:"receiving_code"`
	} `json:"to"`
	Purpose       string              `json:"purpose"`
	Obligation    *custody.Obligation `json:"obligation"`
	Reason        string              `json:"reason"`
	Note          string              `json:"note"`
	ExpiresInDays *int                `json:"expires_in_days"`
	Consent       string              `json:"consent"`
}

type interestBody struct {
	Kind       string              `json:"kind"`
	PledgedBy  *partyOut           `json:"pledged_by"`
	Obligation *custody.Obligation `json:"obligation"`
}

func interestOf(i custody.Interest) *interestBody {
	switch {
	case i.Kind == "":
		return nil
	case !i.Pledged():
		return &interestBody{Kind: string(i.Kind)}
	}
	by := partyOf(i.PledgedBy)
	out := &interestBody{Kind: string(i.Kind), PledgedBy: &by}
	if i.Obligation.Reference != "" {
		out.Obligation = &i.Obligation
	}
	return out
}

type offerBody struct {
	AssignmentID string         `json:"assignment_id"`
	EnvelopeID   string         `json:"envelope_id"`
	Status       string         `json:"status"`
	Purpose      string         `json:"purpose"`
	Reason       *string        `json:"reason"`
	Note         *string        `json:"note"`
	CopyID       string         `json:"copy_id"`
	Version      int            `json:"version"`
	SHA256       storage.Digest `json:"sha256"`
	Assignee     partyOut       `json:"assignee"`
	Interest     *interestBody  `json:"interest"`
	OfferedAt    string         `json:"offered_at"`
	ExpiresAt    string         `json:"expires_at"`
	EndedAt      *string        `json:"ended_at"`
	CustodyID    *string        `json:"custody_id"`
}

func offerOf(o *custody.Offer) offerBody {
	return offerBody{
		AssignmentID: o.ID, EnvelopeID: o.EnvelopeID, Status: string(o.Status), Purpose: string(o.Purpose), Reason: orNull(o.Reason), Note: orNull(o.Note),
		CopyID: o.CopyID, Version: o.Version, SHA256: o.SHA256, Assignee: partyOf(o.Assignee), Interest: interestOf(o.Interest),
		OfferedAt: at(o.OfferedAt), ExpiresAt: at(o.ExpiresAt), EndedAt: atp(o.EndedAt), CustodyID: orNull(o.CustodyID),
	}
}

func offerReply(o *custody.Offer) *rest.Reply { return rest.OK(offerOf(o)) }

// assign offers control to the organization that made the receiving code.
func (a *API) assign(c *call) (*rest.Reply, error) {
	var in assignmentInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := in.request()
	if err != nil {
		return nil, err
	}
	r.OrgID, r.EnvelopeID, r.Actor, r.RequestID = c.key.OrgID, c.id(), c.actor(), c.RequestID
	if r.RequestSHA256, err = c.Digest(); err != nil {
		return nil, err
	}
	if _, err := c.envelopeTag(a); err != nil {
		return nil, err
	}
	if asked, err := a.ask(c, approval.Assign, r.Check); asked != nil || err != nil {
		return asked, err
	}
	return a.offerControl(c, r)
}

// request is the offer that the body asks for.
func (in *assignmentInput) request() (r vault.OfferRequest, err error) {
	r = vault.OfferRequest{
		ReceivingCode: in.To.ReceivingCode, Purpose: custody.Purpose(in.Purpose), Obligation: in.Obligation, Reason: in.Reason, Note: in.Note,
		Consent: in.Consent,
	}
	r.ExpiresIn, err = days(in.ExpiresInDays)
	return r, err
}

func (a *API) offerControl(c *call, r vault.OfferRequest) (*rest.Reply, error) {
	created := func(o *custody.Offer) *rest.Reply {
		return &rest.Reply{Status: http.StatusCreated, Data: offerOf(o)}
	}
	r.Also = rest.Keep(c.Call, created)
	o, err := a.cfg.Handover.Offer(c.Ctx, r)
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	return created(o), nil
}

// assignAgain answers a repeat with the first answer while the offer is open.
func (a *API) assignAgain(c *call, body []byte) (*rest.Reply, error) {
	var first struct {
		Data struct {
			AssignmentID string `json:"assignment_id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &first); err != nil {
		return nil, err
	}
	if first.Data.AssignmentID == "" {
		return a.askAgain(c, body)
	}
	o, err := a.cfg.Vault.OfferByID(c.Ctx, c.key.OrgID, first.Data.AssignmentID)
	switch {
	case err != nil:
		return nil, err
	case o.Status != custody.OfferOpen:
		return nil, vault.ErrOfferEnded
	}
	return &rest.Reply{Raw: body}, nil
}

// offered judges that the offer in the path is one of the envelope in it.
func (a *API) offered(c *call) (string, error) {
	o, err := a.cfg.Vault.OfferByID(c.Ctx, c.key.OrgID, c.Params["assignment"])
	if err == nil && o.EnvelopeID != c.id() {
		err = vault.ErrOfferNotFound
	}
	if err != nil {
		return "", err
	}
	return o.ID, nil
}

type acceptInput struct {
	Custodian string `json:"custodian"`
}

func (a *API) acceptAssignment(c *call) (*rest.Reply, error) {
	var in acceptInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if k := custody.CustodianKind(in.Custodian); k != "" && k != custody.CustodianSelf && k != custody.CustodianOperator {
		return nil, validate.Fail("custodian", "oneof", "must be self or operator")
	}
	sum, err := c.Digest()
	if err != nil {
		return nil, err
	}
	id, err := a.offered(c)
	if err != nil {
		return nil, err
	}
	r := vault.AcceptRequest{
		OrgID: c.key.OrgID, AssignmentID: id, Custodian: custody.CustodianKind(in.Custodian), Actor: c.actor(), RequestID: c.RequestID, RequestSHA256: sum,
	}
	r.Also = rest.Keep(c.Call, func(x *vault.Assignment) *rest.Reply { return offerReply(x.Offer) })
	done, _, err := a.cfg.Handover.Accept(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	return offerReply(done.Offer), nil
}

// acceptAgain answers a repeat while what was accepted lasts.
func (a *API) acceptAgain(c *call, _ []byte) (*rest.Reply, error) { return a.acceptAssignment(c) }

type endInput struct {
	Reason string `json:"reason"`
}

func (a *API) rejectAssignment(c *call) (*rest.Reply, error) {
	var in endInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return a.endAssignment(c, in.Reason, a.cfg.Vault.RejectOffer)
}

func (a *API) cancelAssignment(c *call) (*rest.Reply, error) {
	var in struct{}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return a.endAssignment(c, "", a.cfg.Vault.CancelOffer)
}
