package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/vault/approval"
)

// askedBody is the answer to a verb that waits for a second key.
type askedBody struct {
	ApprovalID string `json:"approval_id"`
	ExpiresAt  string `json:"expires_at"`
}

type approvalBody struct {
	ApprovalID string          `json:"approval_id"`
	EnvelopeID string          `json:"envelope_id"`
	Verb       approval.Verb   `json:"verb"`
	Status     approval.Status `json:"status"`
	Request    json.RawMessage `json:"request"`
	AskedBy    actorBody       `json:"asked_by"`
	AskedAt    string          `json:"asked_at"`
	ExpiresAt  string          `json:"expires_at"`
	ApprovedBy *actorBody      `json:"approved_by"`
	ApprovedAt *string         `json:"approved_at"`
	EndedAt    *string         `json:"ended_at"`
}

func approvalOf(a *approval.Approval) approvalBody {
	b := approvalBody{
		ApprovalID: a.ID, EnvelopeID: a.EnvelopeID, Verb: a.Verb, Status: a.Status, Request: a.Request,
		AskedBy: actorBody(a.AskedBy), AskedAt: at(a.AskedAt), ExpiresAt: at(a.ExpiresAt), ApprovedAt: atp(a.ApprovedAt), EndedAt: atp(a.EndedAt),
	}
	if a.ApprovedBy != nil {
		by := actorBody(*a.ApprovedBy)
		b.ApprovedBy = &by
	}
	return b
}

// approved says how a verb runs once a second key has approved it, and who may approve.
var approved = map[approval.Verb]struct {
	scope scopes.Scope // of the verb's own route
	run   func(*API, *call, *approval.Approval) (*rest.Reply, error)
}{
	approval.Assign:  {scopes.CustodyWrite, (*API).assignApproved},
	approval.Release: {scopes.VaultRelease, (*API).releaseApproved},
}

// withApprovals is a handler that exists where the host has approvals.
func withApprovals(handle func(*API, *call) (*rest.Reply, error)) func(*API, *call) (*rest.Reply, error) {
	return func(a *API, c *call) (*rest.Reply, error) {
		if a.cfg.Approvals == nil {
			return nil, errOff
		}
		return handle(a, c)
	}
}

// ask keeps the call for a second key where the caller's organization requires one, and
// is nil where it does not. check judges the request by itself.
func (a *API) ask(c *call, verb approval.Verb, check func() error) (*rest.Reply, error) {
	if a.cfg.Approvals == nil {
		return nil, nil
	}
	if two, err := a.cfg.Approvals.Required(c.Ctx, c.key.OrgID); err != nil || !two {
		return nil, err
	}
	if check != nil {
		if err := check(); err != nil {
			return nil, err
		}
	}
	sum, err := c.Digest()
	if err != nil {
		return nil, err
	}
	reply := func(p *approval.Approval) *rest.Reply {
		return &rest.Reply{Status: http.StatusAccepted, Data: askedBody{p.ID, at(p.ExpiresAt)}}
	}
	p, err := a.cfg.Approvals.Ask(c.Ctx, approval.AskRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Verb: verb, Request: c.Body.JSON, RequestSHA256: sum, RequestID: c.RequestID,
		Actor: c.actor(), Also: rest.Keep(c.Call, reply),
	})
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	return reply(p), nil
}

// asked is the id of the approval that a stored answer waits for; "" for none.
func asked(body []byte) string {
	var first struct {
		Data askedBody `json:"data"`
	}
	_ = json.Unmarshal(body, &first) // an answer of ours
	return first.Data.ApprovalID
}

// askAgain answers a repeat as first until the approval has ended.
func (a *API) askAgain(c *call, body []byte) (*rest.Reply, error) {
	if a.cfg.Approvals == nil {
		return nil, errOff
	}
	p, err := a.cfg.Approvals.Approval(c.Ctx, c.key.OrgID, asked(body))
	switch {
	case err != nil:
		return nil, err
	case p.Status != approval.Pending && p.Status != approval.Approved:
		return nil, approval.ErrEnded
	}
	return &rest.Reply{Raw: body}, nil
}

// approve is a second key's approval, and runs the verb.
func (a *API) approve(c *call) (*rest.Reply, error) {
	var in struct{}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	p, err := a.judgedApproval(c)
	if err != nil {
		return nil, err
	}
	if p, err = a.cfg.Approvals.Approve(c.Ctx, approval.AnswerRequest{OrgID: c.key.OrgID, ID: p.ID, Actor: c.actor()}); err != nil {
		return nil, err
	}
	c.Params["id"] = p.EnvelopeID
	return approved[p.Verb].run(a, c, p)
}

// approveAgain answers a repeat as the verb's own route would.
func (a *API) approveAgain(c *call, body []byte) (*rest.Reply, error) {
	p, err := a.cfg.Approvals.Approval(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	c.Params["id"] = p.EnvelopeID
	if p.Verb == approval.Release {
		return a.releaseAgain(c, body)
	}
	return a.assignAgain(c, body)
}

// judgedApproval is the approval in the path, for a key that has its verb's scope.
func (a *API) judgedApproval(c *call) (*approval.Approval, error) {
	p, err := a.cfg.Approvals.Approval(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	if scope := approved[p.Verb].scope; !c.key.Scopes.HasAny(scope) {
		return nil, &scopeMissing{need(scope)}
	}
	return p, nil
}

func (a *API) assignApproved(c *call, p *approval.Approval) (*rest.Reply, error) {
	var in assignmentInput
	if err := json.Unmarshal(p.Request, &in); err != nil {
		return nil, err
	}
	r, err := in.request()
	if err != nil {
		return nil, err
	}
	r.OrgID, r.EnvelopeID, r.Actor, r.RequestID, r.RequestSHA256, r.Approval = p.OrgID, p.EnvelopeID, p.AskedBy, p.RequestID, p.RequestSHA256, p.ID
	return a.offerControl(c, r)
}

func (a *API) releaseApproved(c *call, p *approval.Approval) (*rest.Reply, error) {
	var in vaultOutInput
	if err := json.Unmarshal(p.Request, &in); err != nil {
		return nil, err
	}
	r := in.request()
	r.OrgID, r.EnvelopeID, r.Actor, r.RequestID, r.RequestSHA256, r.Approval = p.OrgID, p.EnvelopeID, p.AskedBy, p.RequestID, p.RequestSHA256, p.ID
	return a.release(c, r)
}

// cancelApproval withdraws a request for approval.
func (a *API) cancelApproval(c *call) (*rest.Reply, error) {
	p, err := a.judgedApproval(c)
	if err != nil {
		return nil, err
	}
	if p, err = a.cfg.Approvals.Cancel(c.Ctx, approval.AnswerRequest{OrgID: c.key.OrgID, ID: p.ID, Actor: c.actor()}); err != nil {
		return nil, err
	}
	return rest.OK(approvalOf(p)), nil
}

func (a *API) approval(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	p, err := a.cfg.Approvals.Approval(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return rest.OK(approvalOf(p)), nil
}

// approvals lists the approvals of the caller's organization.
func (a *API) approvals(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	l, err := a.cfg.Approvals.Approvals(c.Ctx, c.key.OrgID, page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	out := make([]approvalBody, len(l.Items))
	for i := range l.Items {
		out[i] = approvalOf(&l.Items[i])
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}
