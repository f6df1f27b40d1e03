package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
)

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

type actorBody struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	OrgID string `json:"org_id,omitempty"`
}

// events returns an envelope's chain without the events that the key's scopes do not include.
func (a *API) events(c *call) (*rest.Reply, error) {
	q, err := c.Query("cursor", "limit", "type")
	if err != nil {
		return nil, err
	}
	limit, err := rest.Limit(q)
	if err != nil {
		return nil, err
	}
	if err := checkType(q); err != nil {
		return nil, err
	}
	events, next, err := a.cfg.ESign.Events(c.Ctx, c.key.OrgID, c.id(), q.Get("cursor"), limit)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	follows, err := a.follows(c)
	if err != nil {
		return nil, err
	}
	out := []eventBody{}
	for _, e := range events {
		if !c.key.Scopes.Has(webhook.ScopeOf(e.Type)) || q.Has("type") && q.Get("type") != e.Type {
			continue
		}
		if may, err := follows(e.ID); err != nil {
			return nil, err
		} else if !may {
			continue
		}
		out = append(out, eventBody{
			EventID: e.ID, Type: e.Type, EnvelopeID: e.EnvelopeID, Seq: e.Seq, RecordedAt: environ.Format(e.RecordedAt), Actor: actorBody(e.Actor),
			Data: e.Data, Hash: e.Hash, PrevHash: e.PrevHash, Canonical: e.Canonical, LogIndex: e.LogIndex,
		})
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: rest.Meta{Limit: limit, NextCursor: orNull(next)}}, nil
}

// follows says which events of the envelope the caller may see: all while no other
// organization has control of its copy, and then those of its part.
func (a *API) follows(c *call) (func(eventID string) (bool, error), error) {
	v, err := a.cfg.Vault.OriginalOf(c.Ctx, c.id())
	switch {
	case err != nil && !errors.Is(err, vault.ErrNotVaulted):
		return nil, err
	case err != nil || v.Parties().Of(c.key.OrgID).May(standing.SeeCopy):
		return func(string) (bool, error) { return true, nil }, nil
	}
	return func(eventID string) (bool, error) {
		orgs, err := a.cfg.Outbox.Followers(c.Ctx, eventID)
		return slices.Contains(orgs, c.key.OrgID), err
	}, nil
}

// feed lets a client catch up on missed webhooks: the events of every envelope
// in which the organization has a part, in the order of the log.
func (a *API) feed(c *call) (*rest.Reply, error) {
	q, err := c.Query("cursor", "limit", "type", "envelope_id")
	if err != nil {
		return nil, err
	}
	limit, err := rest.Limit(q)
	if err != nil {
		return nil, err
	}
	if err := checkType(q); err != nil {
		return nil, err
	}
	if id := q.Get("envelope_id"); id != "" && !environ.IsAnyID(id) {
		return nil, rest.BadQuery("envelope_id must be the id of an envelope")
	}
	ask := storage.FeedQuery{OrgID: c.key.OrgID, EnvelopeID: q.Get("envelope_id"), Type: q.Get("type")}
	if q.Has("cursor") {
		after, err := openFeedCursor(q.Get("cursor"))
		if err != nil {
			return nil, err
		}
		ask.After = &after
	}
	events, err := a.cfg.Outbox.Feed(c.Ctx, ask, limit+1)
	if err != nil {
		return nil, err
	}
	m := rest.Meta{Limit: limit}
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
			EventID: e.EventID, Type: e.Type, EnvelopeID: e.EnvelopeID, Seq: e.Seq, RecordedAt: environ.Format(e.RecordedAt),
			Actor: actorBody{e.ActorKind, e.ActorID, e.ActorOrgID}, Data: e.Data, Hash: e.Hash, PrevHash: e.PrevHash, Canonical: e.Canonical, LogIndex: &e.LogIndex,
		})
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: m}, nil
}

// checkType refuses a filter for an unknown type of event.
func checkType(q url.Values) error {
	if q.Has("type") && !webhook.Known(q.Get("type")) {
		return rest.BadQuery("type must be a type of event")
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
	return 0, rest.BadQuery("cursor must be one that was returned")
}
