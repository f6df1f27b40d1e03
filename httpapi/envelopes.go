package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
)

func (a *API) listEnvelopes(c *call) (*reply, error) {
	q, err := c.query("page", "limit", "cursor", "status", "customer_id", "external_id", "envelope_kind", "created_after", "created_before")
	if err != nil {
		return nil, err
	}
	page, err := pageOf(q)
	if err != nil {
		return nil, err
	}
	f := esign.Filter{
		Status: esign.Status(q.Get("status")), CustomerID: q.Get("customer_id"), ExternalID: q.Get("external_id"), Kind: q.Get("envelope_kind"),
	}
	if f.CreatedAfter, err = timeOf(q, "created_after"); err != nil {
		return nil, err
	}
	if f.CreatedBefore, err = timeOf(q, "created_before"); err != nil {
		return nil, err
	}
	l, err := a.cfg.ESign.Envelopes(c.ctx, c.key.OrgID, f, page)
	if err != nil {
		return nil, queryError(err)
	}
	rewound := a.cfg.Log.CheckRecent(c.ctx) != nil
	rows := make([]envelopeRow, len(l.Items))
	for i := range l.Items {
		rows[i] = a.envelopeRow(&l.Items[i])
		if rewound {
			rows[i].Compliant = nil
		}
	}
	return &reply{status: 200, data: rows, meta: metaOf(page, l.Total, l.Next)}, nil
}

func (a *API) getEnvelope(c *call) (*reply, error) {
	if _, err := c.query(); err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Envelope(c.ctx, c.key.OrgID, c.id())
	if err == nil {
		err = a.extendsAnchors(c.ctx, &e.Summary)
	}
	if err != nil {
		return nil, err
	}
	return c.etagged(ok(a.envelopeBody(e)), e.ETag()), nil
}

func (a *API) getStatus(c *call) (*reply, error) {
	if _, err := c.query(); err != nil {
		return nil, err
	}
	s, err := a.cfg.ESign.Status(c.ctx, c.key.OrgID, c.id())
	if err == nil {
		err = a.extendsAnchors(c.ctx, s)
	}
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(map[string]any{"data": a.statusBody(s)})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return c.etagged(&reply{status: 200, raw: b}, hex.EncodeToString(sum[:16])), nil
}

func (a *API) upload(c *call) (*reply, error) {
	if err := c.onlyParts("file"); err != nil {
		return nil, err
	}
	f := c.body.part("file")
	if f == nil {
		return nil, &badRequest{"file_required", "the part file is missing"}
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	render := func(e *esign.Envelope) *reply {
		rp := a.envelopeReply(e)
		if d := e.Document; d != nil {
			rp.data.(*envelopeBody).Inspection = inspectionOf(d.Inspection)
		}
		return rp
	}
	undo, err := a.bringIn(c, 0, len(f.content))
	if err != nil {
		return nil, err
	}
	e, _, err := a.cfg.ESign.Upload(c.ctx, esign.UploadRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), Filename: f.filename, Document: f.content, IfMatch: tag,
		Also: keep(a, c, render),
	})
	if err != nil {
		undo()
		return nil, err
	}
	return render(e), nil
}

func (a *API) sendEnvelope(c *call) (*reply, error) {
	if err := c.decode(&struct{}{}); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Send(c.ctx, esign.SendRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), IfMatch: tag, Also: keep(a, c, a.envelopeReply),
	})
	if err != nil {
		return nil, err
	}
	return a.envelopeReply(e), nil
}

func (a *API) voidEnvelope(c *call) (*reply, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Void(c.ctx, esign.VoidRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), Reason: in.Reason, IfMatch: tag, Also: keep(a, c, a.envelopeReply),
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
	wanted := c.ifMatch()
	if wanted == nil {
		return "", nil
	}
	e, err := a.cfg.ESign.Status(c.ctx, c.key.OrgID, c.id())
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

func (a *API) remind(c *call) (*reply, error) {
	var in struct {
		SignerID string `json:"signer_id"`
		Message  string `json:"message"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	r, err := a.cfg.ESign.Remind(c.ctx, esign.RemindRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), SignerID: in.SignerID, Message: in.Message, IfMatch: tag,
		Also: keep(a, c, remindersReply),
	})
	if err != nil {
		return nil, err
	}
	return remindersReply(r), nil
}

func remindersReply(r *esign.Reminders) *reply {
	type reminded struct {
		SignerID   string `json:"signer_id"`
		Email      string `json:"email"`
		RemindedAt string `json:"reminded_at"`
	}
	type skipped struct {
		SignerID string `json:"signer_id"`
		Email    string `json:"email"`
		Reason   string `json:"reason"`
	}
	out := struct {
		Reminded []reminded `json:"reminded"`
		Skipped  []skipped  `json:"skipped"`
	}{[]reminded{}, []skipped{}}
	for _, x := range r.Reminded {
		out.Reminded = append(out.Reminded, reminded{x.SignerID, x.Email, at(x.At)})
	}
	for _, x := range r.Skipped {
		out.Skipped = append(out.Skipped, skipped{x.SignerID, x.Email, x.Reason})
	}
	return ok(out)
}

// Paging.
type meta struct {
	Page       int     `json:"page,omitempty"`
	Limit      int     `json:"limit"`
	Total      *int    `json:"total,omitempty"`
	NextCursor *string `json:"next_cursor"`
}

func metaOf(p storage.Page, total int, next string) meta {
	m := meta{Limit: p.Limit, NextCursor: orNull(next)}
	if p.Cursor == "" {
		m.Page, m.Total = p.Number, &total
	}
	return m
}

const (
	defaultLimit = 20
	maxLimit     = 100
)

func pageOf(q url.Values) (storage.Page, error) {
	p := storage.Page{Number: 1, Limit: defaultLimit, Cursor: q.Get("cursor")}
	var err error
	if p.Number, err = intOf(q, "page", 1, 1, 1_000_000); err != nil {
		return p, err
	}
	if p.Limit, err = intOf(q, "limit", defaultLimit, 1, maxLimit); err != nil {
		return p, err
	}
	if q.Has("cursor") && (q.Has("page") || p.Cursor == "") {
		return p, &badRequest{"bad_query", "give page or cursor, and a cursor that was returned"}
	}
	return p, nil
}

func intOf(q url.Values, name string, otherwise, low, high int) (int, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < low || n > high || strconv.Itoa(n) != q.Get(name) {
		return 0, &badRequest{"bad_query", name + " must be a number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)}
	}
	return n, nil
}

func timeOf(q url.Values, name string) (*time.Time, error) {
	if !q.Has(name) {
		return nil, nil //nolint:nilnil // absent
	}
	t, err := time.Parse(time.RFC3339, q.Get(name))
	if err != nil || !stamp.InRange(t) {
		return nil, &badRequest{"bad_query", name + " must be a time as in RFC 3339, in the years 0001 to 9999"}
	}
	return &t, nil
}

// queryError turns what an engine finds wrong with filters into a 400: they came
// in the query.
func queryError(err error) error {
	if ie, isInvalid := asInvalid(err); isInvalid {
		return &badRequest{"bad_query", fieldText(ie.Fields)}
	}
	return err
}

func fieldText(fields []storage.InvalidField) string {
	s := ""
	for i, f := range fields {
		if i > 0 {
			s += "; "
		}
		s += f.Field + " " + f.Message
	}
	return s
}
