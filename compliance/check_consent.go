package compliance

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// checkConsent is element (4): every entry of the custody chain is signed by the
// vault, follows the one before, has its event, and is an act of the organization
// that controlled the copy at that moment.
func checkConsent(ev *evidence, out *outcome) {
	to := ev.checkHolder(out)
	if to == nil {
		return
	}
	if to.Controller.BoundBy == custody.BoundByNone {
		out.fail(noAgent, to.Assignee.Name)
	}
	var acts []string
	for i, e := range ev.custody {
		s := ev.chain[i]
		if problem := custodyDiffers(e, s); problem != "" {
			out.fail("The record of custody entry %d differs from its signed statement in its %s.", i+1, problem)
		}
		by := s.Consent.Actor
		if s.Kind == custody.EntryAssignment {
			by = s.Acceptance.Actor // the switch is the act of who accepts
		}
		if of := ev.custodyEvent(s, e.Statement); of == nil || of.ID != e.EventID || of.Actor != by {
			out.fail("Custody entry %d has no event that names its statement and its actor.", i+1)
		}
		if act := ev.consentWords(out, s); act != "" {
			acts = append(acts, act)
		}
	}
	checkOffers(ev, out)
	if n := len(ev.ofType(event.CustodyAssigned)); n != len(ev.custody) {
		out.fail("%d changes of custody are recorded as events, %d in the custody chain.", n, len(ev.custody))
	}
	if len(out.problems) == 0 {
		out.note("The custody chain has %s, each signed by the vault and following the one before. %s",
			number(len(ev.custody), "entry", "entries"), strings.Join(acts, " "))
	}
}

// consentWords says by whose act an entry has the consent of its controller, "" where it
// has none, which fails the check. An operator's act, a program's, or that of another
// organization is no one's consent.
func (ev *evidence) consentWords(out *outcome, s custody.Statement) string {
	a, deposit := s.Consent.Actor, s.From == nil
	moment := s.From
	if deposit {
		moment = s.To // not nil: there is a holder, and nothing follows an entry without one
	}
	org, basis, how := moment.Controller.OrgID, certificate.Attested, "attested from the digest of its request"
	switch {
	case a.ID == "":
		out.fail("Custody entry %d names no actor.", s.Seq)
		return ""
	case deposit && ev.standingOrder(a, org):
		basis, how = certificate.Declared, "on the standing order given when the envelope was created, as declared"
	case !deposit && moment.Controller.BoundBy == custody.BoundByControlKey:
		if err := ev.signedConsent(s); err != nil {
			out.fail("The %s lacks the consent of the controller: %v.", s.Kind, err)
			return ""
		}
		key := moment.Controller.ControlKey.Thumbprint()
		out.items = append(out.items, certificate.Item{
			Kind: "consent", Ref: s.CustodyID + " by control key " + key,
			SHA256: storage.Sum([]byte(s.Consent.JWS)), Basis: certificate.Verified,
		})
		return fmt.Sprintf("The %s has the consent of the controller of that moment, signed by its control key %s and brought by %s.", s.Kind, key, actorWords(a))
	case s.Consent.Kind == custody.ConsentDeclared && a.Kind == event.ActorMember && a.OrgID == org:
		basis, how = certificate.Declared, "named by the host as a member of that organization, as declared"
	case s.Consent.Kind == custody.ConsentAttested && a.Kind == event.ActorKey && a.OrgID == org && s.Consent.RequestSHA256 != "":
	case a.OrgID != "" && a.OrgID != org:
		out.fail("The %s was an act of %s, whose organization is not %s, the controller's.", s.Kind, actorWords(a), org)
		return ""
	default:
		out.fail("The %s was an act of %s, which is not a consent: no key or member of %s asked for it in a recorded request.", s.Kind, actorWords(a), org)
		return ""
	}
	out.items = append(out.items, certificate.Item{Kind: "consent", Ref: s.CustodyID + " by " + actorWords(a), SHA256: s.Consent.RequestSHA256, Basis: basis})
	switch {
	case deposit:
		return fmt.Sprintf("There was no controller before the deposit; it was an act of %s, %s.", actorWords(a), how)
	case moment.Controller.BoundBy == custody.BoundByAgent:
		out.item("agency", moment.Controller.Party.Name, "", certificate.Declared)
		return fmt.Sprintf("The %s has the consent of the agent %s, as declared, by %s, %s; the assignee %s itself gave none.",
			s.Kind, moment.Controller.Party.Name, actorWords(a), how, moment.Assignee.Name)
	}
	return fmt.Sprintf("The %s has the consent of the controller of that moment, by %s, %s.", s.Kind, actorWords(a), how)
}

// signedConsent verifies again the consent that the control key of the controller before an entry
// signed.
func (ev *evidence) signedConsent(s custody.Statement) error {
	at, err := environ.Parse(s.At)
	if err != nil {
		return err
	}
	reason := ""
	if s.Kind == custody.EntryRelease {
		if ev.releaseStatement == nil {
			return errors.New("the release statement does not verify")
		}
		reason = ev.releaseStatement.Reason
	}
	return s.CheckConsent(ev.chain[s.Seq-2], reason, at) // it follows another: it has From
}

// consentOf says whose consent an entry carries, "" where it is nobody's.
func (ev *evidence) consentOf(s custody.Statement) string {
	var out outcome
	switch {
	case s.From == nil || ev.consentWords(&out, s) == "":
		return ""
	case s.From.Controller.BoundBy == custody.BoundByAgent:
		return "agent"
	}
	return "controller"
}

// AutoVault is the id of the system actor for deposits that were requested when
// the envelope was created. That request is the consent to the deposit.
const AutoVault = "auto_vault"

// standingOrder reports whether a deposit that nobody asked for was ordered when
// the envelope was created, by a key or a member of the organization.
func (ev *evidence) standingOrder(a event.Actor, org string) bool {
	created := ev.ofType(event.EnvelopeCreated)
	if a != (event.Actor{Kind: "system", ID: AutoVault}) || len(created) != 1 {
		return false
	}
	by := created[0].Actor
	return event.DataOf[event.EnvelopeCreatedData](created[0]).AutoVault && by.OrgID == org && (by.Kind == event.ActorKey || by.Kind == event.ActorMember)
}

func actorWords(a event.Actor) string {
	words := a.Kind + " " + a.ID
	if a.OrgID != "" {
		words += " of " + a.OrgID
	}
	return words
}

// custodyEvent returns the event that names a custody statement, nil when there
// is none.
func (ev *evidence) custodyEvent(s custody.Statement, statement string) *event.Event {
	list := about(ev, event.CustodyAssigned, func(d event.CustodyAssignedData) bool {
		return d.CustodyID == s.CustodyID && d.StatementSHA256 == storage.Sum([]byte(statement))
	})
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// custodyDiffers names what a row says otherwise than its statement.
func custodyDiffers(e custody.Entry, s custody.Statement) string {
	for _, x := range []struct {
		what string
		same bool
	}{
		{"id", e.ID == s.CustodyID && e.Seq == s.Seq && e.PreviousSHA256 == s.Prev},
		{"copy", e.CopyID == s.CopyID && e.EnvelopeID == s.EnvelopeID},
		{"kind", e.Kind == s.Kind},
		{"version", e.Version == s.Version && e.SHA256 == s.SHA256},
		{"time", environ.Format(e.RecordedAt) == s.At},
		{"parties", reflect.DeepEqual(e.From, s.From) && reflect.DeepEqual(e.To, s.To)},
		{"recipient", reflect.DeepEqual(e.Recipient, s.Recipient)},
		{"consent", e.Consent == s.Consent && reflect.DeepEqual(e.Acceptance, s.Acceptance)},
		{"assignment", e.AssignmentID == s.AssignmentID && e.Purpose == s.Purpose && e.Reason == s.Reason},
		{"digest", e.StatementSHA256 == storage.Sum([]byte(e.Statement))},
	} {
		if !x.same {
			return x.what
		}
	}
	return ""
}
