package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

const (
	batch       = 100
	maxData     = 16 << 10 // of an event's data; the body stays under 20 kB
	dispatchFor = 10 * time.Second
)

// published reports whether events of the type are sent to endpoints; other
// events are only in the chain.
func published(eventType string) bool {
	s, _ := event.SchemaOf(eventType)
	return s.Webhook
}

// Known reports whether there are events of the type.
func Known(eventType string) bool {
	_, ok := event.SchemaOf(eventType)
	return ok
}

// ScopeOf is the scope that a key needs to see events of a type.
func ScopeOf(eventType string) scopes.Scope {
	switch area, _, _ := strings.Cut(eventType, "."); area {
	case "vault":
		return scopes.VaultRead
	case "custody":
		return scopes.CustodyRead
	}
	return scopes.EnvelopesRead
}

// dispatch makes deliveries of committed events until none is left.
func (s *Sender) dispatch(ctx context.Context) error {
	for mine := s.cfg.Leases == nil; ; {
		events, err := s.cfg.Outbox.Undispatched(ctx, batch)
		if err != nil {
			return fmt.Errorf("undispatched events: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		if !mine { // asked for when there is work only: a lease is a write
			mine, err = s.cfg.Leases.Acquire(ctx, "webhook-dispatch", s.holder, s.now(), dispatchFor)
			if err != nil || !mine {
				return err
			}
		}
		err = s.fanOut(ctx, events)
		if errors.Is(err, storage.ErrConflict) {
			return nil // another replica is at it
		}
		if err != nil {
			return fmt.Errorf("fan out: %w", err)
		}
	}
}

func (s *Sender) fanOut(ctx context.Context, events []storage.OutboxEvent) error {
	f := audience{s: s, now: s.now(), orgs: map[string][]receiver{}}
	ids := make([]string, len(events))
	var deliveries []storage.Delivery
	for i, e := range events {
		ids[i] = e.EventID
		ds, err := f.deliveries(ctx, e)
		if err != nil {
			return err
		}
		deliveries = append(deliveries, ds...)
	}
	return s.cfg.Outbox.Dispatch(ctx, ids, f.now, deliveries)
}

// audience finds who may see an event; it remembers for one batch.
type audience struct {
	s    *Sender
	now  time.Time
	orgs map[string][]receiver // by organization
}

type receiver struct {
	endpoint storage.Endpoint
	may      scopes.Set
}

func (f *audience) deliveries(ctx context.Context, e storage.OutboxEvent) ([]storage.Delivery, error) {
	if !published(e.Type) {
		return nil, nil
	}
	followers, err := f.s.cfg.Outbox.Followers(ctx, e.EventID)
	if err != nil {
		return nil, err
	}
	var out []storage.Delivery
	for _, org := range followers {
		receivers, err := f.receivers(ctx, org)
		if err != nil {
			return nil, err
		}
		for _, r := range receivers {
			if !r.may.Has(ScopeOf(e.Type)) {
				continue
			}
			d, err := f.delivery(e, r.endpoint)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
	}
	return out, nil
}

func (f *audience) receivers(ctx context.Context, org string) ([]receiver, error) {
	if list, known := f.orgs[org]; known {
		return list, nil
	}
	endpoints, err := f.s.cfg.Outbox.Endpoints(ctx, org)
	if err != nil {
		return nil, err
	}
	list := []receiver{}
	if len(endpoints) > 0 {
		keys, err := f.s.cfg.Scopes.Keys(ctx, org)
		if err != nil {
			return nil, err
		}
		for _, e := range endpoints {
			if k := working(keys, e.KeyID, f.now); k != nil {
				list = append(list, receiver{e, k.Scopes})
			}
		}
	}
	f.orgs[org] = list
	return list, nil
}

// Message is the body of a webhook.
type Message struct {
	EventType  string          `json:"event_type"`
	EventID    string          `json:"event_id"`
	OrgID      string          `json:"org_id"`
	EnvelopeID *string         `json:"envelope_id"` // null for events of no envelope
	Timestamp  string          `json:"timestamp"`   // RFC 3339, UTC, microseconds, as in the event chain
	Data       json.RawMessage `json:"data"`        // ids, digests, times and numbers
}

func (f *audience) delivery(e storage.OutboxEvent, to storage.Endpoint) (storage.Delivery, error) {
	data := json.RawMessage(e.Data)
	if len(data) == 0 || len(data) > maxData {
		data = json.RawMessage("{}")
	}
	m := Message{
		EventType: e.Type, EventID: e.EventID, OrgID: to.OrgID, EnvelopeID: &e.EnvelopeID,
		Timestamp: e.RecordedAt.UTC().Format("2006-01-02T15:04:05.000000Z"), Data: data,
	}
	body, err := json.Marshal(m)
	if err != nil {
		return storage.Delivery{}, fmt.Errorf("event %s: %w", e.EventID, err)
	}
	return storage.Delivery{
		ID: f.s.cfg.NewID("whd"), KeyID: to.KeyID, OrgID: to.OrgID, EnvelopeID: e.EnvelopeID, Seq: e.Seq, EventID: e.EventID,
		EventType: e.Type, Body: body, Status: storage.DeliveryPending, NextAt: f.now, LeaseUntil: f.now, CreatedAt: f.now, UpdatedAt: f.now,
	}, nil
}
