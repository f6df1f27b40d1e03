package custody

import (
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage/event"
)

// Data is the data of the event of an offer.
func (o *Offer) Data() event.CustodyOfferedData {
	return event.CustodyOfferedData{
		AssignmentID: o.ID, CopyID: o.CopyID, Version: o.Version, SHA256: o.SHA256, Purpose: string(o.Purpose), From: o.FromOrgID, To: o.OrgID,
		ExpiresAt: environ.Format(o.ExpiresAt), Consent: string(o.Consent.Kind), RequestID: o.Consent.RequestID, RequestSHA256: o.Consent.RequestSHA256,
		ConsentSHA256: o.Consent.digest(),
	}
}

// Detail is the detail of the event of an offer.
func (o *Offer) Detail() OfferedDetail {
	return OfferedDetail{Assignee: o.Assignee, Interest: o.Interest, Reason: o.Reason, Note: o.Note}
}

// OffersDiffer describes the first difference between the record of a copy's
// offers and its events, "" for none. events are the envelope's verified chain.
func OffersDiffer(c *Original, offers []Offer, events []event.Event) string {
	offered := map[string]event.Event{}
	ended := map[string]event.Event{}
	assigned := map[string]int64{} // seq, by custody entry
	for _, e := range events {
		switch e.Type {
		case event.CustodyOffered:
			offered[event.DataOf[event.CustodyOfferedData](e).AssignmentID] = e
		case event.CustodyAccepted:
			ended[event.DataOf[event.CustodyAcceptedData](e).AssignmentID] = e
		case event.CustodyRejected, event.CustodyCancelled, event.CustodyExpired:
			ended[event.DataOf[event.CustodyEndedData](e).AssignmentID] = e
		case event.CustodyAssigned:
			assigned[event.DataOf[event.CustodyAssignedData](e).CustodyID] = e.Seq
		}
	}
	if len(offered) != len(offers) {
		return "the offers differ in number from their events"
	}
	open := ""
	for i := range offers {
		o := &offers[i]
		e, known := offered[o.ID]
		end, over := ended[o.ID]
		switch {
		case !known || !asOffered(o, e):
			return "an offer differs from its event"
		case over && !asEnded(o, end, assigned), !over && (o.Status != OfferOpen || o.EndedAt != nil || o.EndedEventID != "" || o.EndedSeq != 0 || o.CustodyID != ""):
			return "the end of an offer differs from its event"
		case !over && open != "":
			return "there are two open offers"
		case !over:
			open = o.ID
		}
	}
	if c.OfferID != open {
		return "the copy's open offer differs from its events"
	}
	return ""
}

func asOffered(o *Offer, e event.Event) bool {
	d, ok := event.DetailOf[OfferedDetail](e)
	return event.DataOf[event.CustodyOfferedData](e) == o.Data() && (!ok || d == o.Detail()) &&
		o.EventID == e.ID && o.EnvelopeID == e.EnvelopeID && o.OfferedAt.Equal(e.RecordedAt) && o.Consent.Actor == e.Actor
}

// ends are what the events of an end make of an offer.
var ends = map[string]OfferStatus{
	event.CustodyAccepted: OfferAccepted, event.CustodyRejected: OfferRejected,
	event.CustodyCancelled: OfferCancelled, event.CustodyExpired: OfferExpired,
}

func asEnded(o *Offer, e event.Event, assigned map[string]int64) bool {
	entry := ""
	if e.Type == event.CustodyAccepted {
		entry = event.DataOf[event.CustodyAcceptedData](e).CustodyID
	}
	return o.Status == ends[e.Type] && o.EndedAt != nil && o.EndedAt.Equal(e.RecordedAt) && o.EndedEventID == e.ID &&
		o.CustodyID == entry && o.EndedSeq == assigned[entry]
}

// Event is the type of the event by which an offer ends in this status.
func (s OfferStatus) Event() string {
	for kind, status := range ends {
		if status == s {
			return kind
		}
	}
	return ""
}
