package compliance

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// noAgent is why an outside assignee without an agent has no control.
const noAgent = "The assignee %s is an outside party, and no agent of it is on record: the organization that controls the copy acts for itself."

// checkAssignee is element (2): the sealed copy and the signed custody chain name
// the assignee, who is the controller or has appointed it.
func checkAssignee(ev *evidence, out *outcome) {
	to := ev.checkHolder(out)
	if to == nil {
		return
	}
	n := ev.named()
	if content, err := ev.seal(n); err != nil && ev.disposed() {
		out.end(deletedAway)
	} else if err != nil {
		out.fail("The seal that should name the assignee does not verify: %v.", err)
	} else if !content.names(to.Assignee) {
		out.fail("The seal of version %d does not name the assignee %s.", n+1, to.Assignee.Name)
	} else {
		out.item("seal", fmt.Sprintf("%s/%d", ev.original.CopyID, n+1), ev.versions[n].Object.SHA256, certificate.Verified)
	}
	if c := ev.original; c.Held() != *to {
		out.fail("The copy's record names other parties than the signed custody chain.")
	}
	entry := ev.holding()
	out.item("custody", ev.chain[entry].CustodyID, storage.Sum([]byte(ev.custody[entry].Statement)), certificate.Verified)
	checkControl(ev, out, to)
	if len(out.problems) > 0 || out.ended {
		return
	}
	out.note("The seal of version %d and the signed custody entry %s name %s.", n+1, ev.chain[entry].CustodyID, to.Assignee.Name)
	switch s := ev.chain[entry]; {
	case s.Kind == custody.EntryAssignment:
		out.note("%s", assignedWords(s))
	case to.Controller.BoundBy == custody.BoundByOrganization, to.Assignee.Identifier == to.Controller.OrgID:
		out.note("No assignment is recorded here, nor whether %s is the original payee or lessor.", to.Assignee.Name)
	}
}

// assignedWords say by what the present controller got control, and what it has.
func assignedWords(s custody.Statement) string {
	from, to := s.From.Controller.Party.Name, s.To.Controller.Party.Name
	words := map[custody.Purpose]string{
		custody.PurposeSale:        "%s sold to %s.",
		custody.PurposePledge:      "%s pledged to %s.",
		custody.PurposeReleaseBack: "%s released back to %s what that had pledged to it.",
	}
	said := fmt.Sprintf(words[s.Purpose], from, to)
	if s.Reason != "" {
		said = fmt.Sprintf("%s, a pledgee, sold to %s to enforce its interest, and gave the reason: %s.", from, to, strings.TrimSuffix(s.Reason, "."))
	}
	if i := s.To.Interest; i.Pledged() {
		said += fmt.Sprintf(" %s controls as a pledgee; %s may redeem", to, i.PledgedBy.Name)
		if o := i.Obligation; o.Reference != "" {
			said += ", against the obligation " + strings.TrimSpace(o.Reference+" "+o.Amount+" "+o.Currency)
		}
		said += "."
	}
	return said
}

// named is the index of the version whose seal names the assignee: the last one
// that was in custody. A release version names its recipient.
func (ev *evidence) named() int {
	for i := len(ev.versions) - 1; i > 0; i-- {
		if ev.versions[i].Kind != custody.VersionRelease {
			return i
		}
	}
	return 0
}

// checkHolder returns who is what, or fails when the custody chain does not say.
func (ev *evidence) checkHolder(out *outcome) *custody.Parties {
	if ev.original == nil {
		out.fail(notVaulted)
		return nil
	}
	if ev.custodyErr != nil {
		out.fail("The custody chain does not verify: %v.", ev.custodyErr)
		return nil
	}
	to := ev.holder()
	if to == nil {
		out.fail("There is no custody entry.")
		return nil
	}
	return to
}

// checkControl asks that the controller is the assignee, or its agent on record.
func checkControl(ev *evidence, out *outcome, to *custody.Parties) {
	switch to.Controller.BoundBy {
	case custody.BoundByOrganization, custody.BoundByControlKey:
		if own := to.Controller.Party; to.Assignee.Name != own.Name || to.Assignee.Identifier != own.Identifier {
			out.fail("The controller acts as the assignee itself, but the custody chain names two parties.")
		}
		if key := to.Controller.ControlKey; key != "" {
			out.note("%s controls by its key alone, whose RFC 7638 thumbprint is %s. That the key is its own is the depositor's word, which it can compare.", to.Assignee.Name, key.Thumbprint())
			out.item("control_key", key.Thumbprint(), "", certificate.Declared)
		}
	case custody.BoundByAgent:
		d := ev.deposit()
		switch {
		case d == nil || d.Agreement == nil:
			out.fail("The controller acts as an agent, but no agreement is on record.")
		case !d.Agreement.NotTransferor:
			out.fail("The agreement on record lacks the declaration that the agent is not the transferor.")
		default:
			out.note("The controller acts for the assignee under the agreement %q of %s, as declared.", d.Agreement.Reference, environ.Micro(d.Agreement.Date).Format("2006-01-02"))
			out.item("agreement", d.Agreement.Reference, d.Agreement.SHA256, certificate.Declared)
		}
	default:
		out.fail(noAgent, to.Assignee.Name)
	}
}

// checkHolder is element (3): the copy is kept by the assignee or its custodian,
// and it is there.
func checkHolder(ev *evidence, out *outcome) {
	to := ev.checkHolder(out)
	if to == nil {
		return
	}
	if ev.released() {
		out.end("The copy was released: what is still stored here is not kept as the authoritative copy.")
	} else {
		checkReadBack(ev, out)
	}
	if to.Controller.BoundBy == custody.BoundByNone {
		out.fail(noAgent, to.Assignee.Name)
	}
	switch to.Custodian.Kind {
	case custody.CustodianSelf:
		own := to.Assignee.Identifier == to.Controller.OrgID && to.Custodian.Party.Identifier == to.Controller.OrgID
		if !own {
			out.fail("The copy is kept by %s, which is not the assignee and has acknowledged nothing.", to.Custodian.Party.Name)
		} else {
			out.note("The assignee %s keeps the copy itself.", to.Assignee.Name)
		}
	case custody.CustodianOperator:
		checkAcknowledgment(ev, out, to)
	default:
		out.fail("The custody chain names no custodian of a known kind.")
	}
	checkEarlierAcknowledgments(ev, out)
	if len(out.problems) == 0 && !out.ended {
		out.note("The stored bytes were read back now and have the digest recorded.")
	}
}

// checkReadBack asks that the copy's bytes are there, and were looked at lately.
func checkReadBack(ev *evidence, out *outcome) {
	if v := ev.current(); v.err != nil {
		out.fail("The bytes of version %d cannot be verified: %v.", v.Version.Version, v.err)
	} else {
		out.item("read_back", fmt.Sprintf("%s/%d", v.CopyID, v.Version.Version), v.whole(), certificate.Verified)
	}
	checkIntegrityAge(ev, out)
}

// checkIntegrityAge asks for a periodical check, or the deposit's own read-back,
// that is not too old.
func checkIntegrityAge(ev *evidence, out *outcome) {
	checked := append(ev.ofType(event.VaultStored), about(ev, event.VaultIntegrityChecked, func(d event.IntegrityCheckedData) bool { return d.OK })...)
	if len(checked) == 0 {
		out.fail("No integrity check is on record.")
		return
	}
	last := checked[len(checked)-1]
	if age := ev.at.Sub(last.RecordedAt); age > ev.integrityAge {
		out.fail("The last integrity check is of %s, more than %s ago.", environ.Format(last.RecordedAt), ev.integrityAge)
	}
	out.event(ev, last)
}

// acknowledgedBy reports whether one event names an acknowledgment by its digest.
func (ev *evidence) acknowledgedBy(sum storage.Digest) bool {
	return len(about(ev, event.CustodyAcknowledged, func(d event.CustodyAcknowledgedData) bool { return d.AcknowledgmentSHA256 == sum })) == 1
}

// checkAcknowledgment verifies the custodian's word for this copy and this
// assignee.
func checkAcknowledgment(ev *evidence, out *outcome, to *custody.Parties) {
	a, s, problem := ev.acknowledged(ev.holding())
	switch {
	case problem != "":
		out.fail("%s", problem)
	case a == nil:
		out.fail("The custodian %s has not acknowledged that it keeps the copy for %s.", to.Custodian.Party.Name, to.Assignee.Name)
	default:
		out.note("%s, the designated custodian, acknowledged at %s that it keeps the copy for %s.", s.Custodian.Name, s.At, s.Assignee.Name)
		out.item("acknowledgment", a.ID, storage.Sum([]byte(a.JWS)), certificate.Attested)
	}
}

// checkEarlierAcknowledgments verifies those for the controllers before.
func checkEarlierAcknowledgments(ev *evidence, out *outcome) {
	for i := range max(ev.holding(), 0) {
		if to := ev.chain[i].To; to == nil || to.Custodian.Kind != custody.CustodianOperator {
			continue
		}
		a, _, problem := ev.acknowledged(i)
		switch {
		case problem != "":
			out.fail("%s", problem)
		case a == nil:
			out.fail("The custodian's acknowledgment for custody entry %d is missing.", i+1)
		}
	}
}

// acknowledged returns the custodian's acknowledgment of an entry of the custody chain,
// and what is wrong with it; nil where there is none.
func (ev *evidence) acknowledged(i int) (*custody.Acknowledgment, custody.AcknowledgmentStatement, string) {
	to, id := ev.chain[i].To, ev.chain[i].CustodyID
	for _, a := range ev.acks {
		if a.CustodyID != id {
			continue
		}
		s, err := custody.VerifyAcknowledgment(a.JWS, ev.keys)
		said := ""
		switch {
		case err != nil:
			said = fmt.Sprintf("The custodian's acknowledgment %s does not verify: %v.", a.ID, err)
		case s.CopyID != ev.original.CopyID || s.CustodyID != id || s.EnvelopeID != ev.envelope.ID:
			said = fmt.Sprintf("The acknowledgment %s is about another copy.", a.ID)
		case s.AcknowledgmentID != a.ID || a.SHA256 != storage.Sum([]byte(a.JWS)) || environ.Format(a.At) != s.At || a.Version != s.Version || a.CopyID != s.CopyID:
			said = fmt.Sprintf("The record of the acknowledgment %s differs from what was signed.", a.ID)
		case s.Assignee != to.Assignee || s.Controller != to.Controller || s.Custodian != to.Custodian.Party:
			said = fmt.Sprintf("The acknowledgment %s names other parties.", a.ID)
		case !ev.acknowledgedBy(storage.Sum([]byte(a.JWS))):
			said = fmt.Sprintf("The acknowledgment %s has no event.", a.ID)
		}
		return &a, s, said
	}
	return nil, custody.AcknowledgmentStatement{}, ""
}
