package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
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
	Actor        actorBody      `json:"actor"`
	EventID      string         `json:"event_id"`
	RecordedAt   string         `json:"recorded_at"`
	Statement    string         `json:"statement"`
}

type custodyParty struct {
	Assignee   partyOut        `json:"assignee"`
	Controller *controllerBody `json:"controller"`
	Custodian  *partyOut       `json:"custodian"`
}

func custodyPartyOf(c *vault.Custody) *custodyParty {
	if c == nil {
		return nil
	}
	keeper := partyOf(c.Custodian.Party)
	return &custodyParty{partyOf(c.Assignee), &controllerBody{partyOf(c.Controller.Party), c.Controller.BoundBy}, &keeper}
}

func custodyOf(entries []vault.CustodyEntry) []custodyBody {
	out := make([]custodyBody, len(entries))
	for i, e := range entries {
		out[i] = custodyBody{
			CustodyID: e.ID, Kind: e.Kind, From: custodyPartyOf(e.From), To: custodyPartyOf(e.To), Version: e.Version, SHA256: e.SHA256,
			Consent: e.Consent.Kind, Actor: actorBody(e.Consent.Actor), EventID: e.EventID, RecordedAt: stamp.Format(e.RecordedAt), Statement: e.Statement,
		}
		if r := e.Recipient; r != nil {
			out[i].To = &custodyParty{Assignee: partyOut{r.Name, orNull(r.Organization), orNull(r.Email)}}
		}
	}
	return out
}

func (a *API) custody(c *call) (*reply, error) {
	if _, err := c.query(); err != nil {
		return nil, err
	}
	if _, err := a.vaulted(c); err != nil {
		return nil, err
	}
	entries, err := a.cfg.Vault.Custody(c.ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return ok(custodyOf(entries)), nil
}

type copyBody struct {
	CopyID  string         `json:"copy_id"`
	Kind    string         `json:"kind"`
	Version int            `json:"version"`
	SHA256  storage.Digest `json:"sha256"`
	MadeAt  string         `json:"made_at"`
	GivenTo actorBody      `json:"given_to"`
}

type actorBody struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	OrgID string `json:"org_id,omitempty"`
}

func (a *API) copies(c *call) (*reply, error) {
	q, err := c.query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := pageOf(q)
	if err != nil {
		return nil, err
	}
	if _, err := a.vaulted(c); err != nil {
		return nil, err
	}
	l, err := a.cfg.Vault.Copies(c.ctx, c.key.OrgID, c.id(), page)
	if err != nil {
		return nil, queryError(err)
	}
	out := make([]copyBody, len(l.Items))
	for i, r := range l.Items {
		out[i] = copyBody{r.ID, r.Kind, r.Version, r.SHA256, at(r.MadeAt), actorBody(r.GivenTo)}
	}
	return &reply{status: http.StatusOK, data: out, meta: metaOf(page, l.Total, l.Next)}, nil
}

type eventBody struct {
	EventID    string          `json:"event_id"`
	Type       string          `json:"type"`
	EnvelopeID string          `json:"envelope_id"`
	Seq        int64           `json:"seq"`
	RecordedAt string          `json:"recorded_at"`
	Actor      actorBody       `json:"actor"`
	Data       json.RawMessage `json:"data"`
	Hash       storage.Digest  `json:"hash"`
	PrevHash   storage.Digest  `json:"prev_hash"`
	Canonical  []byte          `json:"canonical"`
	LogIndex   *int64          `json:"log_index"`
}

// events is an envelope's chain, less what the key's scopes do not show.
func (a *API) events(c *call) (*reply, error) {
	q, err := c.query("cursor", "limit", "type")
	if err != nil {
		return nil, err
	}
	limit, err := intOf(q, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	if err := checkType(q); err != nil {
		return nil, err
	}
	events, next, err := a.cfg.ESign.Events(c.ctx, c.key.OrgID, c.id(), q.Get("cursor"), limit)
	if err != nil {
		return nil, queryError(err)
	}
	out := []eventBody{}
	for _, e := range events {
		if !c.key.Scopes.Has(webhook.ScopeOf(e.Type)) || q.Has("type") && q.Get("type") != e.Type {
			continue
		}
		out = append(out, eventBody{
			EventID: e.ID, Type: e.Type, EnvelopeID: e.EnvelopeID, Seq: e.Seq, RecordedAt: stamp.Format(e.RecordedAt), Actor: actorBody(e.Actor),
			Data: e.Data, Hash: e.Hash, PrevHash: e.PrevHash, Canonical: e.Canonical, LogIndex: e.LogIndex,
		})
	}
	return &reply{status: http.StatusOK, data: out, meta: meta{Limit: limit, NextCursor: orNull(next)}}, nil
}

// feed is the catch-up path behind webhooks: the events of every envelope that
// the organization has a part in, in the order of the log.
func (a *API) feed(c *call) (*reply, error) {
	q, err := c.query("cursor", "limit", "type", "envelope_id")
	if err != nil {
		return nil, err
	}
	limit, err := intOf(q, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	if err := checkType(q); err != nil {
		return nil, err
	}
	if id := q.Get("envelope_id"); id != "" && !stamp.IsAnyID(id) {
		return nil, &badRequest{"bad_query", "envelope_id must be the id of an envelope"}
	}
	ask := storage.FeedQuery{OrgID: c.key.OrgID, EnvelopeID: q.Get("envelope_id"), Type: q.Get("type")}
	if q.Has("cursor") {
		after, err := openFeedCursor(q.Get("cursor"))
		if err != nil {
			return nil, err
		}
		ask.After = &after
	}
	events, err := a.cfg.Outbox.Feed(c.ctx, ask, limit+1)
	if err != nil {
		return nil, err
	}
	m := meta{Limit: limit}
	if len(events) > limit {
		events = events[:limit]
		next := feedCursor(events[limit-1].LogIndex)
		m.NextCursor = &next
	}
	out := []eventBody{}
	for _, e := range events {
		if !c.key.Scopes.Has(webhook.ScopeOf(e.Type)) {
			continue
		}
		out = append(out, eventBody{
			EventID: e.EventID, Type: e.Type, EnvelopeID: e.EnvelopeID, Seq: e.Seq, RecordedAt: stamp.Format(e.RecordedAt),
			Actor: actorBody{e.ActorKind, e.ActorID, e.ActorOrgID}, Data: e.Data, Hash: e.Hash, PrevHash: e.PrevHash, Canonical: e.Canonical, LogIndex: &e.LogIndex,
		})
	}
	return &reply{status: http.StatusOK, data: out, meta: m}, nil
}

// checkType refuses a filter for events that do not exist.
func checkType(q url.Values) error {
	if q.Has("type") && !webhook.Known(q.Get("type")) {
		return &badRequest{"bad_query", "type must be a type of event"}
	}
	return nil
}

func feedCursor(index int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(index, 10)))
}

func openFeedCursor(cursor string) (int64, error) {
	if b, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
		if n, err := strconv.ParseInt(string(b), 10, 64); err == nil && n >= 0 && feedCursor(n) == cursor {
			return n, nil
		}
	}
	return 0, &badRequest{"bad_query", "cursor is not one that was returned"}
}

// vaultPage is the plain page behind an embed token of the vault: marked copy,
// custody and certificate, never the authoritative bytes.
func (a *API) vaultPage(c *call) (*reply, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Log.CheckRecent(c.ctx); err != nil {
		return nil, err
	}
	v, err := a.cfg.Vault.Copy(c.ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	entries, err := a.cfg.Vault.Custody(c.ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	s, err := a.cfg.ESign.Status(c.ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	self := a.cfg.BasePath + "/vault/" + c.params["token"]
	page := web.Vault{
		EnvelopeName: v.Name, Status: v.Status, Controller: v.Controller.Party.Name, Custodian: v.Custodian.Party.Name,
		VaultedAt: at(v.VaultedAt), DocumentHash: string(v.DocumentHash), CertificateURL: self + "/certificate", RecordURL: self + "/custody-record.pdf", Compliant: complianceText(a.compliant(s)),
	}
	if v.Marked != nil {
		page.CopyURL = self + "/copy.pdf"
	}
	for _, e := range custodyOf(entries) {
		page.Custody = append(page.Custody, web.Step{At: e.RecordedAt, Kind: e.Kind, From: nameOf(e.From), To: nameOf(e.To), Version: strconv.Itoa(e.Version)})
	}
	p, err := web.RenderVault(page, web.Frame(t.Filename))
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, p), nil
}

func complianceText(ok *bool) string {
	switch {
	case ok == nil:
		return "not evaluated lately"
	case *ok:
		return "compliant"
	}
	return "not compliant"
}

func nameOf(p *custodyParty) string {
	if p == nil {
		return ""
	}
	return p.Assignee.Name
}

func (a *API) openVaultSession(c *call) (storage.Ticket, error) {
	if _, err := c.query(); err != nil {
		return storage.Ticket{}, err
	}
	t, err := a.openTicket(c, c.params["token"], ticketVault)
	if err == nil {
		err = a.stillHeld(c, t)
	}
	if err != nil {
		a.asPage(c, pass{})
		return t, a.guard(c, err)
	}
	return t, nil
}

// stillHeld is errTicketDead once the copy that a session was opened for was
// released, has a newer version or another controller.
func (a *API) stillHeld(c *call, t storage.Ticket) error {
	v, err := a.cfg.Vault.Copy(c.ctx, t.OrgID, t.EnvelopeID)
	switch {
	case errors.Is(err, vault.ErrNotVaulted):
		return errTicketDead
	case err != nil:
		return err
	case v.Status == vault.StatusReleased || v.Version != t.Version:
		return errTicketDead
	}
	return nil
}

func (a *API) vaultPageCopy(c *call) (*reply, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	return a.metered(c, t, func(c *call, t storage.Ticket) (*reply, error) {
		f, err := a.cfg.Vault.ReadCopy(c.ctx, vault.ReadRequest{OrgID: t.OrgID, EnvelopeID: t.EnvelopeID})
		if err != nil {
			return nil, err
		}
		return fileReply(c, f.Name, "application/pdf", string(f.SHA256), f.Content, true), nil
	})
}

// sessionCertificate is the newest certificate, for an embed session.
func (a *API) sessionCertificate(c *call) (*compliance.Certificate, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	return a.cfg.Compliance.Certificate(c.ctx, t.OrgID, t.EnvelopeID, 0)
}

func (a *API) vaultPageCertificate(c *call) (*reply, error) {
	cert, err := a.sessionCertificate(c)
	if err != nil {
		return nil, err
	}
	return ok(cert), nil
}

func (a *API) vaultPageRecord(c *call) (*reply, error) {
	cert, err := a.sessionCertificate(c)
	if err != nil {
		return nil, err
	}
	return a.recordReply(c, cert)
}

func (a *API) rules(c *call) (*reply, error) {
	rp := &reply{status: http.StatusOK, raw: []byte(compliance.Rules())}
	return c.etagged(rp.with("Content-Type", "text/markdown; charset=utf-8"), string(compliance.RulesSHA256())), nil
}
