package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
)

func (a *API) listEnvelopes(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor", "status", "customer_id", "external_id", "envelope_kind", "created_after", "created_before")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	f := esign.Filter{
		Status: esign.Status(q.Get("status")), CustomerID: q.Get("customer_id"), ExternalID: q.Get("external_id"), Kind: q.Get("envelope_kind"),
	}
	if f.CreatedAfter, err = rest.Time(q, "created_after"); err != nil {
		return nil, err
	}
	if f.CreatedBefore, err = rest.Time(q, "created_before"); err != nil {
		return nil, err
	}
	l, err := a.cfg.ESign.Envelopes(c.Ctx, c.key.OrgID, f, page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	rewound := a.cfg.Log.CheckRecent(c.Ctx) != nil
	rows := make([]envelopeRow, len(l.Items))
	for i := range l.Items {
		rows[i] = a.envelopeRow(&l.Items[i])
		if rewound {
			rows[i].Compliant = nil
		}
	}
	return &rest.Reply{Status: 200, Data: rows, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}

func (a *API) getEnvelope(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Envelope(c.Ctx, c.key.OrgID, c.id())
	if err == nil {
		err = a.extendsAnchors(c.Ctx, &e.Summary)
	}
	if err != nil {
		return nil, err
	}
	return c.Etagged(rest.OK(a.envelopeBody(e)), e.ETag()), nil
}

func (a *API) getStatus(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	s, err := a.cfg.ESign.Status(c.Ctx, c.key.OrgID, c.id())
	if err == nil {
		err = a.extendsAnchors(c.Ctx, s)
	}
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(map[string]any{"data": a.statusBody(s)})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return c.Etagged(&rest.Reply{Status: 200, Raw: b}, hex.EncodeToString(sum[:16])), nil
}

func (a *API) upload(c *call) (*rest.Reply, error) {
	if err := c.OnlyParts("file"); err != nil {
		return nil, err
	}
	f := c.Body.Part("file")
	if f == nil {
		return nil, rest.BadRequest("file_required", "the part file is missing")
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	render := func(e *esign.Envelope) *rest.Reply {
		rp := a.envelopeReply(e)
		if d := e.Document; d != nil {
			rp.Data.(*envelopeBody).Inspection = inspectionOf(d.Inspection)
		}
		return rp
	}
	undo, err := a.bringIn(c, 0, len(f.Content))
	if err != nil {
		return nil, err
	}
	e, _, err := a.cfg.ESign.Upload(c.Ctx, esign.UploadRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), Filename: f.Filename, Document: f.Content, IfMatch: tag,
		Also: rest.Keep(c.Call, render),
	})
	if err != nil {
		undo()
		return nil, err
	}
	return render(e), nil
}

func (a *API) sendEnvelope(c *call) (*rest.Reply, error) {
	if err := c.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Send(c.Ctx, esign.SendRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), IfMatch: tag, Also: rest.Keep(c.Call, a.envelopeReply),
	})
	if err != nil {
		return nil, err
	}
	return a.envelopeReply(e), nil
}

type reasonInput struct {
	Reason string `json:"reason"`
}

func (a *API) voidEnvelope(c *call) (*rest.Reply, error) {
	var in reasonInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Void(c.Ctx, esign.VoidRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), Reason: in.Reason, IfMatch: tag, Also: rest.Keep(c.Call, a.envelopeReply),
	})
	if err != nil {
		return nil, err
	}
	return a.envelopeReply(e), nil
}

// envelopeTag reads If-Match and refuses, before the verb judges the state, what
// it does not name. It returns the ETag for the verb to compare again in its
// transaction, "" for any.
func (c *call) envelopeTag(a *API) (string, error) {
	wanted := c.IfMatch()
	if wanted == nil {
		return "", nil
	}
	e, err := a.cfg.ESign.Status(c.Ctx, c.key.OrgID, c.id())
	if errors.Is(err, esign.ErrNotFound) {
		// A controller that did not create the envelope reads no ETag of it.
		if _, held := a.cfg.Vault.Original(c.Ctx, c.key.OrgID, c.id()); held == nil && !slices.Contains(wanted, "*") {
			return "", esign.ErrPrecondition
		} else if held == nil {
			return "", nil
		}
	}
	switch {
	case err != nil:
		return "", err
	case slices.Contains(wanted, "*"):
		return "", nil
	case !slices.Contains(wanted, `"`+e.ETag()+`"`):
		return "", esign.ErrPrecondition
	}
	return e.ETag(), nil
}

type correctInput struct {
	Email *string `json:"email"`
	Name  *string `json:"name"`
	Order *int    `json:"order"`
}

func (a *API) correctSigner(c *call) (*rest.Reply, error) {
	var in correctInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.CorrectSigner(c.Ctx, esign.CorrectRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), SignerID: c.Params["signer_id"], Actor: c.actor(),
		Email: in.Email, Name: in.Name, Order: in.Order, IfMatch: tag, Also: rest.Keep(c.Call, a.envelopeReply),
	})
	if err != nil {
		return nil, err
	}
	return a.envelopeReply(e), nil
}

type remindInput struct {
	SignerID string `json:"signer_id"`
	Message  string `json:"message"`
}

type remindersBody struct {
	Reminded []remindedBody `json:"reminded"`
	Skipped  []skippedBody  `json:"skipped"`
}

type remindedBody struct {
	SignerID   string `json:"signer_id"`
	Email      string `json:"email"`
	RemindedAt string `json:"reminded_at"`
}

type skippedBody struct {
	SignerID string  `json:"signer_id"`
	Email    string  `json:"email"`
	Reason   string  `json:"reason"`
	RetryAt  *string `json:"retry_at"`
}

func (a *API) remind(c *call) (*rest.Reply, error) {
	var in remindInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	r, err := a.cfg.ESign.Remind(c.Ctx, esign.RemindRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), SignerID: in.SignerID, Message: in.Message, IfMatch: tag,
		Also: rest.Keep(c.Call, remindersReply),
	})
	if err != nil {
		return nil, err
	}
	return remindersReply(r), nil
}

func remindersReply(r *esign.Reminders) *rest.Reply {
	out := remindersBody{[]remindedBody{}, []skippedBody{}}
	for _, x := range r.Reminded {
		out.Reminded = append(out.Reminded, remindedBody{x.SignerID, x.Email, at(x.At)})
	}
	for _, x := range r.Skipped {
		out.Skipped = append(out.Skipped, skippedBody{x.SignerID, x.Email, x.Reason, atp(x.RetryAt)})
	}
	return rest.OK(out)
}
