package custody

import (
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
)

// Purpose is why control is assigned.
type Purpose string

// Purposes of an assignment.
const (
	// PurposeSale makes the receiver the owner, whether the offeror was owner
	// or pledgee. A pledgee that sells enforces its interest, and must give a
	// reason.
	PurposeSale Purpose = "sale"
	// PurposePledge makes the receiver a pledgee: a secured party that holds control
	// for an obligation of the offeror.
	PurposePledge Purpose = "pledge"
	// PurposeReleaseBack gives control back to the pledgor, with the interest that it
	// had when it pledged.
	PurposeReleaseBack Purpose = "release_back"
)

// Obligation is the debt that a pledge secures.
type Obligation struct {
	Reference string `json:"reference" validate:"required,max=200,line"`    // how the parties name it
	Amount    string `json:"amount,omitempty" validate:"max=24"`            // decimal, such as 1250000.00
	Currency  string `json:"currency,omitempty" validate:"omitempty,len=3"` // ISO 4217, required with Amount
}

// InterestKind is what a controller has in the copy.
type InterestKind string

// Kinds of interest.
const (
	InterestOwner   InterestKind = "owner"
	InterestPledgee InterestKind = "pledgee"
)

// Interest is the controller's interest in the copy. The zero Interest is that
// of the depositor: an owner without an assignment.
type Interest struct {
	Kind       InterestKind `json:"kind"`
	PledgedBy  Party        `json:"pledged_by,omitzero"` // pledgee only: who may redeem
	Obligation Obligation   `json:"obligation,omitzero"` // pledgee only, where the offer named one
}

// Pledged reports whether the interest is a pledgee's.
func (i Interest) Pledged() bool { return i.Kind == InterestPledgee }

// OfferStatus is how far an offer has come.
type OfferStatus string

// Statuses of an offer. All but OfferOpen are its end.
const (
	OfferOpen      OfferStatus = "offered"
	OfferAccepted  OfferStatus = "accepted"
	OfferRejected  OfferStatus = "rejected"
	OfferCancelled OfferStatus = "cancelled"
	OfferExpired   OfferStatus = "expired"
)

// Offer is a controller's offer to assign control of a copy to another organization of the
// installation. By it the controller consents to exactly this copy, version, digest, assignee,
// interest and expiry. While it is open the copy is locked, and the offeror has control.
type Offer struct {
	ID                 string // asg_…
	EnvelopeID, CopyID string
	FromOrgID          string // the offeror
	OrgID              string // the offeree
	Status             OfferStatus

	Purpose  Purpose
	Reason   string // of a sale by a pledgee
	Note     string
	Version  int            // of the copy that is offered
	SHA256   storage.Digest // of that version
	Assignee Party          // whom the seal of the next version will name
	Interest Interest       // that the assignee will have

	Consent   Consent // of the offeror
	OfferedAt time.Time
	ExpiresAt time.Time
	EventID   string // of custody.offered

	EndedAt      *time.Time
	EndedEventID string // of custody.accepted, rejected, cancelled or expired
	EndedSeq     int64  // of the last event of the envelope that the offeror sees, where the offer was accepted
	CustodyID    string // of the entry of an accepted offer
	Revision     int64
}

// Parties returns the organizations with a role in the offer: its offeror, as
// the controller at the time of the offer, and its offeree.
func (o *Offer) Parties() standing.Parties {
	return standing.Parties{Controller: o.FromOrgID, Offeree: o.OrgID}
}

// StatusAt is the status at a time: an open offer that is past its expiry has
// expired, whether or not that was recorded.
func (o *Offer) StatusAt(now time.Time) OfferStatus {
	if o.Status == OfferOpen && !now.Before(o.ExpiresAt) {
		return OfferExpired
	}
	return o.Status
}

// ReceivingCode is the record of a code that a receiver gives to an offeror, to
// receive one offer. The code itself is not stored.
type ReceivingCode struct {
	SHA256    storage.Digest // of the code
	Binding   storage.Digest // of code and receiver together: another receiver in the row does not go with the code
	OrgID     string         // of the receiver
	Party     Party          // the receiver, as an assignee
	Actor     event.Actor    // who made it
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedBy    string // id of the offer; "" while unused
}
