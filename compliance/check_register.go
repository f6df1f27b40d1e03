package compliance

import (
	"slices"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// checkCopies is element (5): each copy that the vault made says on every page
// that it is one, and each download of the authoritative bytes is registered and
// says whose copy it is.
func checkCopies(ev *evidence, out *outcome) {
	if ev.original == nil {
		out.fail(notVaulted)
		return
	}
	marked, inspected := 0, 0
	out.item("register", number(len(ev.register), "entry", "entries"), "", certificate.Verified)
	for _, r := range ev.register {
		switch r.Kind {
		case custody.CopyMarked, custody.CopySigner:
			marked++
			checkMarked(ev, out, r)
		case custody.CopyInspection:
			inspected++
		default:
			out.fail("The copy %s is of an unknown kind.", r.ID)
		}
	}
	checkRegister(ev, out)
	if inspected > 0 && ev.disposed() {
		out.end(deletedAway)
	} else if inspected > 0 {
		checkInspections(ev, out)
	}
	if len(out.problems) > 0 {
		return
	}
	if marked == 0 {
		out.note("No marked copy is on record.")
	} else {
		out.note("Of %s, read now, each page says that it is not the authoritative copy, and none holds a digital signature.", number(marked, "marked copy", "marked copies"))
	}
	if inspected > 0 && !out.ended {
		out.note("Registered: %s of the authoritative bytes; the seal in them says that the authoritative copy is in the vault.",
			number(inspected, "download", "downloads"))
	}
}

func checkMarked(ev *evidence, out *outcome, r copyEvidence) {
	switch {
	case r.err != nil:
		out.fail("The bytes of the copy %s cannot be verified: %v.", r.ID, r.err)
	case r.markErr != nil:
		out.fail("The copy %s is not marked as one: %v.", r.ID, r.markErr)
	default:
		out.item("copy", r.ID, r.whole(), certificate.Verified)
	}
	e := ev.byID[r.EventID]
	if !namesCopy(e, r) {
		out.fail("The copy %s has no event that names it and its digest.", r.ID)
	} else if !ev.registered(r, e) {
		out.fail("The register's entry of the copy %s differs from its event.", r.ID)
	}
}

// checkRegister: a row that was taken out of the register still has its event.
func checkRegister(ev *evidence, out *outcome) {
	has := func(kind custody.CopyKind, id string) bool {
		return slices.ContainsFunc(ev.register, func(r copyEvidence) bool { return r.Kind == kind && r.ID == id })
	}
	for _, e := range ev.events {
		if m := markedBy(e); m != nil && !has(custody.CopyMarked, m.CopyID) {
			out.fail("The copy %s was made, but is not in the register.", m.CopyID)
		}
	}
	for _, e := range ev.ofType(event.EnvelopeCopyMade) {
		if id := event.DataOf[event.CopyMadeData](e).CopyID; !has(custody.CopySigner, id) {
			out.fail("The signer's copy %s was made, but is not in the register.", id)
		}
	}
	for _, e := range ev.ofType(event.VaultInspected) {
		if id := event.DataOf[event.InspectedData](e).InspectionID; !has(custody.CopyInspection, id) {
			out.fail("The download %s was made, but is not in the register.", id)
		}
	}
	for _, r := range ev.register {
		if r.Kind != custody.CopyInspection {
			continue
		}
		e := ev.byID[r.EventID]
		if e.Type != event.VaultInspected || event.DataOf[event.InspectedData](e).InspectionID != r.ID {
			out.fail("The download %s is in the register, but has no event that names it.", r.ID)
		} else if !namesCopy(e, r) || !ev.registered(r, e) {
			out.fail("The register's entry of the download %s differs from its event.", r.ID)
		}
	}
}

// markedBy is the marked copy that a deposit or an assignment made.
func markedBy(e event.Event) *event.MarkedCopy {
	switch e.Type {
	case event.VaultStored:
		return event.DataOf[event.StoredData](e).MarkedCopy
	case event.CustodyAccepted:
		return event.DataOf[event.CustodyAcceptedData](e).MarkedCopy
	}
	return nil
}

// namesCopy reports whether an event names a copy of the register and its digest.
func namesCopy(e event.Event, r copyEvidence) bool {
	var id string
	var sum storage.Digest
	switch {
	case r.Kind == custody.CopyMarked:
		if m := markedBy(e); m != nil {
			id, sum = m.CopyID, m.SHA256
		}
	case r.Kind == custody.CopySigner && e.Type == event.EnvelopeCopyMade:
		d := event.DataOf[event.CopyMadeData](e)
		id, sum = d.CopyID, d.SHA256
	case r.Kind == custody.CopyInspection && e.Type == event.VaultInspected:
		d := event.DataOf[event.InspectedData](e)
		id, sum = d.InspectionID, d.SHA256
	}
	return id == r.ID && sum == r.SHA256
}

// registered holds a row of the register against its event.
func (ev *evidence) registered(r copyEvidence, e event.Event) bool {
	if r.Kind == custody.CopySigner {
		return ev.givenOut(r, e)
	}
	made := e.RecordedAt.Sub(r.MadeAt) // the marked copy was made before its event was stamped
	copyID, version, _ := copyIn(e)
	return r.GivenTo == e.Actor && ev.sized(r) && r.CopyID == ev.original.CopyID && copyID == r.CopyID &&
		version == r.RegisteredCopy.Version && made >= 0 && made <= slack
}

// givenOut holds the row of a signer's copy against the event of its making.
func (ev *evidence) givenOut(r copyEvidence, e event.Event) bool {
	made := e.RecordedAt.Sub(r.MadeAt)
	return namesCopy(e, r) && event.DataOf[event.CopyMadeData](e).Size == r.Size && r.GivenTo == e.Actor && r.CopyID == ev.original.CopyID &&
		r.RegisteredCopy.Version == 0 && made >= 0 && made <= slack
}

// sized holds the size in a row of the register against the bytes that have its
// digest; bytes that cannot be read are another problem.
func (ev *evidence) sized(r copyEvidence) bool {
	if r.err != nil {
		return true
	}
	if r.size > 0 {
		return r.Size == r.size
	}
	for i := range ev.versions {
		if v := &ev.versions[i]; v.err == nil && v.whole() == r.SHA256 {
			return r.Size == v.size
		}
	}
	return true
}

// checkInspections: bytes that left the vault say of themselves where the
// authoritative copy is. A file that cannot carry a seal does not.
func checkInspections(ev *evidence, out *outcome) {
	for i, v := range ev.versions {
		if v.Seal.Mode == custody.SealingDetached {
			out.fail("The authoritative bytes were downloaded, and no seal in them says that the authoritative copy is in the vault.")
			return
		}
		if _, err := ev.seal(i); err != nil {
			out.fail("The seal that tells a reader of downloaded bytes where the authoritative copy is does not verify: %v.", err)
		}
	}
}
