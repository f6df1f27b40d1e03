package compliance

import (
	"slices"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// checkOffers holds the record of offers against their events, and each switch of
// control against its offer.
func checkOffers(ev *evidence, out *outcome) {
	if problem := custody.OffersDiffer(ev.original, ev.offers, ev.events); problem != "" {
		out.fail("The record of offers does not agree with its events: %s.", problem)
	}
	switches := 0
	for i, s := range ev.chain {
		if s.Kind != custody.EntryAssignment {
			continue
		}
		switches++
		if !ev.fixed(s, i) {
			out.fail("Custody entry %d has no offer that fixed what it assigned, and to whom.", s.Seq)
		} else if !ev.switched(s) {
			out.fail("Custody entry %d has no event of the acceptance.", s.Seq)
		}
		if basis := acceptanceBasis(s); basis == "" {
			out.fail("Custody entry %d was accepted by %s, which is no act of %s in a recorded request.",
				s.Seq, actorWords(s.Acceptance.Actor), s.To.Controller.OrgID)
		} else {
			out.items = append(out.items, certificate.Item{
				Kind: "acceptance", Ref: s.AssignmentID + " by " + actorWords(s.Acceptance.Actor), SHA256: s.Acceptance.RequestSHA256, Basis: basis,
			})
		}
	}
	if n := len(ev.ofType(event.CustodyAccepted)); n != switches {
		out.fail("%d acceptances are recorded as events, %d in the custody chain.", n, switches)
	}
}

// fixed reports whether one proven event offered exactly what entry i assigned, while
// the version before was the copy's, and by the actor whose consent the entry carries.
func (ev *evidence) fixed(s custody.Statement, i int) bool {
	made := slices.DeleteFunc(ev.proven(event.CustodyOffered), func(e event.Event) bool {
		return event.DataOf[event.CustodyOfferedData](e).AssignmentID != s.AssignmentID
	})
	if len(made) != 1 || i == 0 {
		return false
	}
	e, d := made[0], event.DataOf[event.CustodyOfferedData](made[0])
	consent := custody.Consent{Kind: custody.ConsentKind(d.Consent), Actor: e.Actor, RequestID: d.RequestID, RequestSHA256: d.RequestSHA256}
	if d.ConsentSHA256 != "" && d.ConsentSHA256 == storage.Sum([]byte(s.Consent.JWS)) {
		consent.JWS = s.Consent.JWS
	}
	terms, ok := event.DetailOf[custody.OfferedDetail](e)
	if ok && (terms.Assignee != s.To.Assignee || terms.Interest != s.To.Interest || terms.Reason != s.Reason) {
		return false
	}
	before := ev.chain[i-1]
	return consent == s.Consent && d.Purpose == string(s.Purpose) && d.CopyID == s.CopyID && d.Version == before.Version && d.SHA256 == before.SHA256 &&
		d.From == s.From.Controller.OrgID && d.To == s.To.Controller.OrgID && s.At < d.ExpiresAt && environ.Format(e.RecordedAt) <= s.At
}

// switched reports whether the event of the acceptance says what the entry says.
func (ev *evidence) switched(s custody.Statement) bool {
	e := only(about(ev, event.CustodyAccepted, func(d event.CustodyAcceptedData) bool { return d.AssignmentID == s.AssignmentID }))
	if e == nil {
		return false
	}
	d := event.DataOf[event.CustodyAcceptedData](*e)
	return e.Actor == s.Acceptance.Actor && d.CustodyID == s.CustodyID && d.CopyID == s.CopyID && d.Version == s.Version && d.SHA256 == s.SHA256 &&
		d.EndsVersion == s.Version-1 && d.Purpose == string(s.Purpose)
}

// acceptanceBasis is what an acceptance rests on, "" where it is no act of the new
// controller.
func acceptanceBasis(s custody.Statement) string {
	a, org := s.Acceptance, s.To.Controller.OrgID
	switch {
	case a.Actor.OrgID != org:
		return ""
	case a.Kind == custody.ConsentAttested && a.Actor.Kind == event.ActorKey && a.RequestSHA256 != "":
		return certificate.Attested
	case a.Kind == custody.ConsentDeclared && a.Actor.Kind == event.ActorMember:
		return certificate.Declared
	}
	return ""
}

// interest is what the present controller has in the copy; nil where nothing was
// assigned.
func (ev *evidence) interest() *certificate.Interest {
	i := ev.holding()
	if i < 0 || !slices.ContainsFunc(ev.chain[:i+1], func(s custody.Statement) bool { return s.Kind == custody.EntryAssignment }) {
		return nil
	}
	return printedInterest(ev.chain[i].To.Interest)
}

func printedInterest(i custody.Interest) *certificate.Interest {
	out := &certificate.Interest{Kind: string(custody.InterestOwner)}
	if !i.Pledged() {
		return out
	}
	by := party(i.PledgedBy)
	out.Kind, out.PledgedBy = string(i.Kind), &by
	if i.Obligation.Reference != "" {
		out.Obligation = (*certificate.Obligation)(&i.Obligation)
	}
	return out
}

// printedAssignment is what an entry says of an assignment; nil for another entry.
func printedAssignment(s custody.Statement) *certificate.Assignment {
	if s.Kind != custody.EntryAssignment {
		return nil
	}
	return &certificate.Assignment{
		AssignmentID: s.AssignmentID, Purpose: string(s.Purpose), Reason: s.Reason, Interest: *printedInterest(s.To.Interest),
		AcceptedBy: by(s.Acceptance.Actor), Acceptance: string(s.Acceptance.Kind), RequestSHA256: s.Acceptance.RequestSHA256,
	}
}
