package esign

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

// Envelope reads an envelope of the organization; ErrNotFound.
func (e *Engine) Envelope(ctx context.Context, orgID, envelopeID string) (*Envelope, error) {
	env, err := e.cfg.Store.Envelope(ctx, envelopeID)
	if err != nil {
		return nil, notFound(err)
	}
	if !env.may(orgID, standing.SeeEnvelope) {
		return nil, ErrNotFound
	}
	env.judge(e.now())
	return env, nil
}

// Status reads an envelope's row, in one indexed read; ErrNotFound.
func (e *Engine) Status(ctx context.Context, orgID, envelopeID string) (*Summary, error) {
	s, err := e.cfg.Store.Status(ctx, envelopeID)
	if err != nil {
		return nil, notFound(err)
	}
	if !s.may(orgID, standing.SeeEnvelope) {
		return nil, ErrNotFound
	}
	s.judge(e.now())
	return s, nil
}

// Envelopes lists the organization's envelopes, newest first, 20 a page and 100
// at most; *InvalidError for an invalid filter, page or cursor.
func (e *Engine) Envelopes(ctx context.Context, orgID string, f Filter, p storage.Page) (storage.List[Summary], error) {
	environ.Default(&p.Number, 1)
	environ.Default(&p.Limit, defaultPage)
	var err error
	if f.Now, f.After, err = e.now(), nil, checkList(f, p); err != nil {
		return storage.List[Summary]{}, err
	}
	list := storage.List[Summary]{Total: -1}
	offset := 0
	if p.Cursor != "" {
		if f.After, err = openCursor(p.Cursor); err != nil {
			return storage.List[Summary]{}, err
		}
	} else {
		offset = (p.Number - 1) * p.Limit
		if list.Total, err = e.cfg.Store.CountEnvelopes(ctx, orgID, f); err != nil {
			return storage.List[Summary]{}, fmt.Errorf("list: %w", err)
		}
	}
	if list.Items, err = e.cfg.Store.Envelopes(ctx, orgID, f, offset, p.Limit+1); err != nil {
		return storage.List[Summary]{}, fmt.Errorf("list: %w", err)
	}
	if len(list.Items) > p.Limit {
		list.Items = list.Items[:p.Limit]
		list.Next = cursorAfter(list.Items[p.Limit-1])
	}
	for i := range list.Items {
		list.Items[i].judge(f.Now)
	}
	return list, nil
}

func checkList(f Filter, p storage.Page) error {
	var bad validate.Problems
	if f.Status != "" && !slices.Contains(statuses[:], f.Status) {
		bad.Add("status", "oneof", "must be one of %q", statuses)
	}
	if f.Kind != "" && f.Kind != KindESign && f.Kind != KindPaper {
		bad.Add("envelope_kind", "oneof", "must be esign or paper")
	}
	if p.Number < 1 || p.Number > 1_000_000 {
		bad.Add("page", "min", "must be at least 1")
	}
	if p.Limit < 1 || p.Limit > maxPage {
		bad.Add("limit", "max", "must be 1 to 100")
	}
	return bad.Err()
}

// A cursor is the base64url of the created_at and the id it stands after.
func cursorAfter(s Summary) string {
	return base64.RawURLEncoding.EncodeToString([]byte(environ.Format(s.CreatedAt) + " " + s.ID))
}

func openCursor(cursor string) (*Position, error) {
	if b, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
		at, id, _ := strings.Cut(string(b), " ")
		if t, err := environ.Parse(at); err == nil && environ.IsAnyID(id) {
			return &Position{t, id}, nil
		}
	}
	return nil, errCursor()
}

func errCursor() error { return validate.Fail("cursor", "cursor", "must be one that was returned") }

// Events reads an envelope's chain in order, at most 100, from the cursor that
// an earlier page returned; next is "" at the end. ErrNotFound.
func (e *Engine) Events(ctx context.Context, orgID, envelopeID, cursor string, limit int) (events []Event, next string, err error) {
	if _, err := e.Status(ctx, orgID, envelopeID); err != nil {
		return nil, "", err
	}
	after, err := seqOf(cursor)
	if err != nil {
		return nil, "", err
	}
	if limit < 1 || limit > maxEvents {
		limit = maxEvents
	}
	events, err = e.cfg.Store.Events(ctx, envelopeID, after, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("events: %w", err)
	}
	if len(events) > limit {
		events = events[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(events[limit-1].Seq, 10)))
	}
	return events, next, nil
}

func seqOf(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		var seq int64
		if seq, err = strconv.ParseInt(string(b), 10, 64); err == nil && seq > 0 {
			return seq, nil
		}
	}
	return 0, errCursor()
}

// Evidence is an envelope with its whole chain, details included.
type Evidence struct {
	Envelope *Envelope
	Events   []Event
}

// Evidence reads everything needed for an evaluation; ErrNotFound. It does not
// check the organization, because its callers are engines.
func (e *Engine) Evidence(ctx context.Context, envelopeID string) (*Evidence, error) {
	env, err := e.cfg.Store.Envelope(ctx, envelopeID)
	if err != nil {
		return nil, notFound(err)
	}
	env.judge(e.now())
	ev := &Evidence{Envelope: env}
	for after := int64(0); ; {
		page, err := e.cfg.Store.Events(ctx, envelopeID, after, maxEvents)
		if err != nil {
			return nil, fmt.Errorf("evidence %s: %w", envelopeID, err)
		}
		ev.Events = append(ev.Events, page...)
		if len(page) < maxEvents {
			return ev, nil
		}
		after = page[len(page)-1].Seq
	}
}
