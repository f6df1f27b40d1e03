// Package event is the one event chain that esign, vault and compliance append
// to: every change of an envelope is an event, numbered without a gap from 1,
// each naming the SHA-256 of the one before.
//
// # Canonical bytes, version 1
//
// An event's canonical bytes are the canon encoding of
//
//	{"actor":{"id":string,"kind":string,"org_id"?:string},"data":object,"detail_sha256":hex or "",
//	 "envelope_id":string,"event_id":string,"prev_hash":hex or "","recorded_at":time,
//	 "seq":integer,"type":string,"v":1}
//
// with times in UTC and exactly six decimals. hash = SHA-256(canonical bytes);
// the first event's prev_hash is "". data holds ids, types, times, digests and
// numbers, never personal data: what is personal is a detail that the event
// commits to by detail_sha256 = SHA-256(salt ‖ canonical detail), salt being 32
// random bytes kept beside the detail, so that both can be erased and the chain
// still verifies. The leaf of the transparency log is the canonical bytes.
//
// This format never changes; a later one has another v.
//
// Stability: the format of events, their types and the names of their data are fixed
// for ever; types and data are added. The Go API may change until v1.
package event

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
)

// ErrBroken is returned for a chain with a gap, a fork or an altered event.
var ErrBroken = errors.New("event: broken")

// Kinds of actor that act for an organization, their Actor.OrgID.
const (
	ActorKey    = "key"    // an API key of the organization
	ActorMember = "member" // a person of the organization, named by a host in process
)

// Actor is who caused an event: kind ActorKey, ActorMember, "signer", "operator",
// "public" or "system", and that one's id. No names. What an operator does is the
// operator's act: it is nobody's consent (UCC 9-105(b)(4)).
type Actor struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	OrgID string `json:"org_id,omitempty"` // of a key or a member
}

// Event is one link. Canonical and Hash never change after Append.
type Event struct {
	ID         string
	EnvelopeID string
	Seq        int64
	Type       string
	RecordedAt time.Time
	Actor      Actor
	Data       json.RawMessage // canonical
	PrevHash   storage.Digest
	Hash       storage.Digest
	Canonical  []byte

	DetailSHA256 storage.Digest  // "" when there is none
	Detail       json.RawMessage // canonical; nil when there is none or it was erased
	Salt         []byte          // 32 bytes, nil when Detail is

	LogIndex *int64 // position in the transparency log; nil while unsequenced
}

// Head is the end of a chain; the zero Head is that of an empty chain.
type Head struct {
	Seq        int64
	Hash       storage.Digest
	RecordedAt time.Time
}

// Store is the part of an engine's transaction that the chain needs.
type Store interface {
	// ChainHead returns the zero Head for an envelope without events.
	ChainHead(ctx context.Context, envelopeID string) (Head, error)
	// AppendEvents inserts events; storage.ErrConflict when an (EnvelopeID, Seq)
	// is taken: the transaction must be rolled back then.
	AppendEvents(ctx context.Context, events ...Event) error
}

// Commit returns SHA-256(salt ‖ detail).
func Commit(salt, detail []byte) storage.Digest {
	h := sha256.New()
	h.Write(salt)
	h.Write(detail)
	return storage.Digest(hex.EncodeToString(h.Sum(nil)))
}

type body struct {
	Actor        Actor           `json:"actor"`
	Data         json.RawMessage `json:"data"`
	DetailSHA256 storage.Digest  `json:"detail_sha256"`
	EnvelopeID   string          `json:"envelope_id"`
	EventID      string          `json:"event_id"`
	PrevHash     storage.Digest  `json:"prev_hash"`
	RecordedAt   string          `json:"recorded_at"`
	Seq          int64           `json:"seq"`
	Type         string          `json:"type"`
	V            int             `json:"v"`
}

// Encode returns the canonical bytes of e, made from its other fields. Those of an
// event that was altered differ from e.Canonical.
func (e Event) Encode() ([]byte, error) {
	return canonjson.Marshal(body{
		e.Actor, e.Data, e.DetailSHA256, e.EnvelopeID, e.ID, e.PrevHash, environ.Format(e.RecordedAt), e.Seq, e.Type, 1,
	})
}

// Parse reads canonical bytes back into an event (without Detail, Salt and
// LogIndex) and refuses every other spelling.
func Parse(canonical []byte) (Event, error) {
	var b body
	if err := canonjson.Unmarshal(canonical, &b); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	if b.V != 1 {
		return Event{}, fmt.Errorf("event: event version %d is unknown", b.V)
	}
	at, err := environ.Parse(b.RecordedAt)
	if err != nil {
		return Event{}, fmt.Errorf("event: recorded_at: %w", err)
	}
	e := Event{
		ID: b.EventID, EnvelopeID: b.EnvelopeID, Seq: b.Seq, Type: b.Type, RecordedAt: at, Actor: b.Actor, Data: b.Data,
		PrevHash: b.PrevHash, Hash: storage.Sum(canonical), Canonical: canonical, DetailSHA256: b.DetailSHA256,
	}
	if again, err := e.Encode(); err != nil || !bytes.Equal(again, canonical) {
		return Event{}, fmt.Errorf("event: %w: not an event", canonjson.ErrNotCanonical)
	}
	return e, nil
}

// Verify recomputes every hash and link of a whole chain, first event first.
// A detail that is there must match its commitment; one that was erased is
// counted in redacted. Any difference wraps ErrBroken and names the event.
func Verify(envelopeID string, events []Event) (redacted int, err error) {
	var head Head
	for i, e := range events {
		broken := func(format string, args ...any) error {
			return fmt.Errorf("%w: %s event %d: %s", ErrBroken, envelopeID, i+1, fmt.Sprintf(format, args...))
		}
		again, err := e.Encode()
		switch {
		case err != nil || !bytes.Equal(again, e.Canonical) || !bytes.Contains(e.Canonical, e.Data):
			return redacted, broken("row and canonical bytes differ")
		case e.Hash != storage.Sum(e.Canonical):
			return redacted, broken("hash is not that of its canonical bytes")
		case e.EnvelopeID != envelopeID:
			return redacted, broken("belongs to another envelope")
		case e.Seq != head.Seq+1:
			return redacted, broken("has seq %d, want %d", e.Seq, head.Seq+1)
		case e.PrevHash != head.Hash:
			return redacted, broken("does not name the hash of its predecessor")
		case i > 0 && !e.RecordedAt.After(head.RecordedAt):
			return redacted, broken("is not later than its predecessor")
		case e.DetailSHA256 == "" && (e.Detail != nil || e.Salt != nil):
			return redacted, broken("has a detail that it does not commit to")
		case e.DetailSHA256 != "" && e.Detail == nil:
			redacted++
		case e.DetailSHA256 != "" && Commit(e.Salt, e.Detail) != e.DetailSHA256:
			return redacted, broken("detail was altered")
		}
		head = Head{e.Seq, e.Hash, e.RecordedAt}
	}
	return redacted, nil
}
