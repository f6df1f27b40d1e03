// Package eventlog appends events to the chains that storage/event defines. The
// engines write every event through it.
//
// Stability: internal; it may change with any version. The format of events is that of
// storage/event.
package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Draft is an event to be appended.
type Draft struct {
	EnvelopeID string
	Type       string
	Actor      event.Actor
	Data       any // encodes to a JSON object without personal data; nil is {}
	Detail     any // personal data, encodes to a JSON object; nil is none
}

// Writer appends events. Its clock must give microseconds of UTC, as that of Env.WithDefaults does.
type Writer struct {
	storage.Env
}

// Append adds drafts to their chains inside the transaction behind s and
// returns the events. recorded_at is max(now, the predecessor's + 1 µs).
func (w Writer) Append(ctx context.Context, s event.Store, drafts ...Draft) ([]event.Event, error) {
	events := make([]event.Event, 0, len(drafts))
	heads := map[string]event.Head{}
	for _, d := range drafts {
		head, known := heads[d.EnvelopeID]
		if !known {
			var err error
			if head, err = s.ChainHead(ctx, d.EnvelopeID); err != nil {
				return nil, fmt.Errorf("events of %s: %w", d.EnvelopeID, err)
			}
		}
		e, err := w.seal(head, d)
		if err != nil {
			return nil, fmt.Errorf("events of %s: %s: %w", d.EnvelopeID, d.Type, err)
		}
		heads[d.EnvelopeID] = event.Head{Seq: e.Seq, Hash: e.Hash, RecordedAt: e.RecordedAt}
		events = append(events, e)
	}
	if err := s.AppendEvents(ctx, events...); err != nil {
		return nil, fmt.Errorf("append events: %w", err)
	}
	return events, nil
}

func (w Writer) seal(head event.Head, d Draft) (event.Event, error) {
	at := w.Now()
	if earliest := head.RecordedAt.Add(time.Microsecond); head.Seq > 0 && at.Before(earliest) {
		at = earliest
	}
	e := event.Event{
		ID: w.NewID("evt"), EnvelopeID: d.EnvelopeID, Seq: head.Seq + 1, Type: d.Type,
		RecordedAt: environ.Micro(at), Actor: d.Actor, PrevHash: head.Hash,
	}
	var err error
	if e.Data, err = object(d.Data); err != nil {
		return event.Event{}, err
	}
	if d.Detail != nil {
		if e.Detail, err = object(d.Detail); err != nil {
			return event.Event{}, err
		}
		e.Salt = make([]byte, 32)
		if _, err := io.ReadFull(w.Rand, e.Salt); err != nil {
			return event.Event{}, fmt.Errorf("salt: %w", err)
		}
		e.DetailSHA256 = event.Commit(e.Salt, e.Detail)
	}
	if e.Canonical, err = e.Encode(); err != nil {
		return event.Event{}, err
	}
	e.Hash = storage.Sum(e.Canonical)
	return e, nil
}

func object(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("{}"), nil
	}
	b, err := canonjson.Marshal(v)
	if err != nil {
		return nil, err
	}
	if b[0] != '{' {
		return nil, errors.New("not an object")
	}
	return b, nil
}
