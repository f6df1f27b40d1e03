package compliance

import (
	"fmt"

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
func checkAssignee(f *facts, p *probe) {
	to := f.checkHolder(p)
	if to == nil {
		return
	}
	n := f.named()
	if says, err := f.seal(n); err != nil && f.disposed() {
		p.end(deletedAway)
	} else if err != nil {
		p.fail("The seal that should name the assignee does not verify: %v.", err)
	} else if !says.names(to.Assignee) {
		p.fail("The seal of version %d does not name the assignee %s.", n+1, to.Assignee.Name)
	} else {
		p.item("seal", fmt.Sprintf("%s/%d", f.original.CopyID, n+1), f.versions[n].Object.SHA256, certificate.Verified)
	}
	if c := f.original; c.SecuredParty != to.Assignee || c.Controller != to.Controller || c.Custodian != to.Custodian {
		p.fail("The copy's record names other parties than the signed custody chain.")
	}
	entry := f.holding()
	p.item("custody", f.chainOf[entry].CustodyID, storage.Sum([]byte(f.custody[entry].Statement)), certificate.Verified)
	checkControl(f, p, to)
	if len(p.problems) > 0 || p.ended {
		return
	}
	p.note("The seal of version %d and the signed custody entry %s name %s.", n+1, f.chainOf[entry].CustodyID, to.Assignee.Name)
	if to.Controller.BoundBy == custody.BoundByOrganization {
		p.note("No assignment is recorded here, nor whether %s is the original payee or lessor.", to.Assignee.Name)
	}
}

// named is the index of the version whose seal names the assignee: the last one
// that was in custody. A release version names its recipient.
func (f *facts) named() int {
	for i := len(f.versions) - 1; i > 0; i-- {
		if f.versions[i].Kind != custody.VersionRelease {
			return i
		}
	}
	return 0
}

// checkHolder returns who is what, or fails when the custody chain does not say.
func (f *facts) checkHolder(p *probe) *custody.Parties {
	if f.original == nil {
		p.fail(notVaulted)
		return nil
	}
	if f.custodyErr != nil {
		p.fail("The custody chain does not verify: %v.", f.custodyErr)
		return nil
	}
	to := f.holder()
	if to == nil {
		p.fail("There is no custody entry.")
		return nil
	}
	return to
}

// checkControl asks that the controller is the assignee, or its agent on record.
func checkControl(f *facts, p *probe, to *custody.Parties) {
	switch to.Controller.BoundBy {
	case custody.BoundByOrganization:
		if own := to.Controller.Party; to.Assignee.Name != own.Name || to.Assignee.Identifier != own.Identifier {
			p.fail("The controller acts as the assignee itself, but the custody chain names two parties.")
		}
	case custody.BoundByAgent:
		d := f.deposit()
		switch {
		case d == nil || d.Agreement == nil:
			p.fail("The controller acts as an agent, but no agreement is on record.")
		case !d.Agreement.NotTransferor:
			p.fail("The agreement on record lacks the declaration that the agent is not the transferor.")
		default:
			p.note("The controller acts for the assignee under the agreement %q of %s, as declared.", d.Agreement.Reference, environ.Micro(d.Agreement.Date).Format("2006-01-02"))
			p.item("agreement", d.Agreement.Reference, d.Agreement.SHA256, certificate.Declared)
		}
	default:
		p.fail(noAgent, to.Assignee.Name)
	}
}

// checkHolder is element (3): the copy is kept by the assignee or its custodian,
// and it is there.
func checkHolder(f *facts, p *probe) {
	to := f.checkHolder(p)
	if to == nil {
		return
	}
	if f.released() {
		p.end("The copy was released: what is still stored here is not kept as the authoritative copy.")
	} else {
		checkReadBack(f, p)
	}
	if to.Controller.BoundBy == custody.BoundByNone {
		p.fail(noAgent, to.Assignee.Name)
	}
	switch to.Custodian.Kind {
	case custody.CustodianSelf:
		own := to.Controller.BoundBy == custody.BoundByOrganization && to.Custodian.Party.Identifier == to.Controller.OrgID
		if !own {
			p.fail("The copy is kept by %s, which is not the assignee and has acknowledged nothing.", to.Custodian.Party.Name)
		} else {
			p.note("The assignee %s keeps the copy itself.", to.Assignee.Name)
		}
	case custody.CustodianOperator:
		checkAcknowledgment(f, p, to)
	default:
		p.fail("The custody chain names no custodian of a known kind.")
	}
	if len(p.problems) == 0 && !p.ended {
		p.note("The stored bytes were read back now and have the digest recorded.")
	}
}

// checkReadBack asks that the copy's bytes are there, and were looked at lately.
func checkReadBack(f *facts, p *probe) {
	if v := f.current(); v.err != nil {
		p.fail("The bytes of version %d cannot be verified: %v.", v.Version.Version, v.err)
	} else {
		p.item("read_back", fmt.Sprintf("%s/%d", v.CopyID, v.Version.Version), v.whole(), certificate.Verified)
	}
	checkIntegrityAge(f, p)
}

// checkIntegrityAge asks for a periodical check, or the deposit's own read-back,
// that is not too old.
func checkIntegrityAge(f *facts, p *probe) {
	checked := append(f.typed(event.VaultStored), about(f, event.VaultIntegrityChecked, func(d event.IntegrityCheckedData) bool { return d.OK })...)
	if len(checked) == 0 {
		p.fail("No integrity check is on record.")
		return
	}
	last := checked[len(checked)-1]
	if age := f.at.Sub(last.RecordedAt); age > f.integrityAge {
		p.fail("The last integrity check is of %s, more than %s ago.", environ.Format(last.RecordedAt), f.integrityAge)
	}
	p.event(f, last)
}

// acknowledgedBy reports whether one event names an acknowledgment by its digest.
func (f *facts) acknowledgedBy(sum storage.Digest) bool {
	return len(about(f, event.CustodyAcknowledged, func(d event.CustodyAcknowledgedData) bool { return d.AcknowledgmentSHA256 == sum })) == 1
}

// checkAcknowledgment verifies the custodian's word for this copy and this
// assignee.
func checkAcknowledgment(f *facts, p *probe, to *custody.Parties) {
	entry := f.custody[f.holding()]
	for _, a := range f.acks {
		if a.CustodyID != entry.ID {
			continue
		}
		s, err := custody.VerifyAcknowledgment(a.JWS, f.keys)
		switch {
		case err != nil:
			p.fail("The custodian's acknowledgment %s does not verify: %v.", a.ID, err)
		case s.CopyID != f.original.CopyID || s.CustodyID != entry.ID || s.EnvelopeID != f.envelope.ID:
			p.fail("The acknowledgment %s is about another copy.", a.ID)
		case s.AcknowledgmentID != a.ID || a.SHA256 != storage.Sum([]byte(a.JWS)) || environ.Format(a.At) != s.At || a.Version != s.Version || a.CopyID != s.CopyID:
			p.fail("The record of the acknowledgment %s differs from what was signed.", a.ID)
		case s.Assignee != to.Assignee || s.Controller != to.Controller || s.Custodian != to.Custodian.Party:
			p.fail("The acknowledgment %s names other parties.", a.ID)
		case !f.acknowledgedBy(storage.Sum([]byte(a.JWS))):
			p.fail("The acknowledgment %s has no event.", a.ID)
		default:
			p.note("%s, the designated custodian, acknowledged at %s that it keeps the copy for %s.", s.Custodian.Name, s.At, s.Assignee.Name)
			p.item("acknowledgment", a.ID, storage.Sum([]byte(a.JWS)), certificate.Attested)
		}
		return
	}
	p.fail("The custodian %s has not acknowledged that it keeps the copy for %s.", to.Custodian.Party.Name, to.Assignee.Name)
}
