package storage

import (
	"context"
	"time"
)

// Endpoint is the URL that the events of a key's organization are sent to.
// KeyID is the key's Line, so that rotation keeps the endpoint. Secrets are
// encrypted by the host's keeper before they are stored here.
type Endpoint struct {
	KeyID  string
	OrgID  string
	URL    string // "" when cleared
	Secret []byte // encrypted; nil when there is none

	OldSecrets []OldSecret // newest first

	UpdatedAt  time.Time
	DisabledAt *time.Time // the receiver answered 410, or the key was disabled
}

// OldSecret is a replaced secret, which is also used for signing until Until.
type OldSecret struct {
	Secret []byte    `json:"secret"` // encrypted
	Until  time.Time `json:"until"`
}

// OutboxEvent is a committed event that has not been fanned out yet.
type OutboxEvent struct {
	EventID    string
	EnvelopeID string
	Seq        int64
	Type       string
	RecordedAt time.Time
	Data       []byte // canonical JSON object, no personal data
}

// FeedEvent is an event of the log, without its personal detail.
type FeedEvent struct {
	OutboxEvent
	ActorKind, ActorID string
	ActorOrgID         string // of a key or a member
	Hash, PrevHash     Digest
	Canonical          []byte
	LogIndex           int64
}

// FeedQuery asks for a page of the feed. Zero fields, except OrgID, do not restrict it.
type FeedQuery struct {
	OrgID            string
	EnvelopeID, Type string
	After            *int64 // log index of the last event seen; nil for the beginning
}

// Delivery statuses.
const (
	DeliveryPending   = "pending"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"    // the schedule ran out
	DeliveryAbandoned = "abandoned" // the endpoint was cleared or disabled
)

// Delivery is one event on its way to one endpoint. Body never changes, so that
// every attempt sends the same bytes.
type Delivery struct {
	ID         string
	KeyID      string // whose endpoint
	OrgID      string
	EnvelopeID string
	Seq        int64
	EventID    string
	EventType  string
	Body       []byte
	Status     string
	Attempts   int
	NextAt     time.Time
	LeaseUntil time.Time
	LeaseBy    string
	LastStatus int    // HTTP status of the last response, 0 for none
	LastError  string // why the last attempt failed; contains nothing from the response
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Outbox keeps webhook endpoints and deliveries. Event rows are written in the
// transaction of the change that they record.
type Outbox interface {
	// PutEndpoint inserts or replaces the endpoint of e.KeyID; with tx inside that
	// transaction, with nil in its own.
	PutEndpoint(ctx context.Context, tx Tx, e Endpoint) error
	// Endpoint returns ErrNotFound when the key never had one.
	Endpoint(ctx context.Context, keyID string) (Endpoint, error)
	// Endpoints returns the endpoints of an organization that have a URL and are
	// not disabled.
	Endpoints(ctx context.Context, orgID string) ([]Endpoint, error)
	// DisableEndpoint marks the endpoint disabled and abandons pending deliveries.
	DisableEndpoint(ctx context.Context, keyID string, at time.Time) error
	// AbandonPending abandons pending deliveries for the key.
	AbandonPending(ctx context.Context, keyID string, at time.Time) error

	// Undispatched returns events that have not been fanned out, those of one
	// envelope in the order of seq, at most limit.
	Undispatched(ctx context.Context, limit int) ([]OutboxEvent, error)
	// Followers returns the organizations whose standing to the envelope allows
	// standing.Follow of this event.
	Followers(ctx context.Context, eventID string) ([]string, error)
	// Feed returns the events that the organization's standing to their envelopes allows it to
	// follow, in the order of the log, at most limit. An event that is not in the log yet appears
	// later, so that a late commit is never missed.
	Feed(ctx context.Context, q FeedQuery, limit int) ([]FeedEvent, error)
	// Dispatch stores the deliveries of events and marks those dispatched, in one
	// transaction: ErrConflict when another replica dispatched one of them first.
	Dispatch(ctx context.Context, eventIDs []string, at time.Time, deliveries []Delivery) error

	// DueEndpoints returns endpoints that have a delivery to try at now and no
	// running lease on it, longest waiting first: at most limit after offset.
	DueEndpoints(ctx context.Context, now time.Time, offset, limit int) ([]Endpoint, error)
	// ClaimDelivery leases the endpoint's next delivery to holder until now+ttl:
	// the oldest one that is due and does not wait for an earlier delivery of the
	// same envelope that is due too. ErrNotFound when there is none.
	ClaimDelivery(ctx context.Context, keyID, holder string, now time.Time, ttl time.Duration) (Delivery, error)
	// Settle records the outcome of an attempt (Status, Attempts, NextAt, LastStatus, LastError,
	// UpdatedAt) and ends the lease: ErrConflict when d.LeaseBy no longer holds it.
	Settle(ctx context.Context, d Delivery) error
	// ForgetDeliveries deletes finished deliveries older than t, at most limit.
	ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}
