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
func checkCopies(f *facts, p *probe) {
	if f.original == nil {
		p.fail(notVaulted)
		return
	}
	marked, inspected := 0, 0
	p.item("register", number(len(f.register), "entry", "entries"), "", certificate.Verified)
	for _, r := range f.register {
		switch r.Kind {
		case custody.CopyMarked, custody.CopySigner:
			marked++
			checkMarked(f, p, r)
		case custody.CopyInspection:
			inspected++
		default:
			p.fail("The copy %s is of an unknown kind.", r.ID)
		}
	}
	checkRegister(f, p)
	if inspected > 0 && f.disposed() {
		p.end(deletedAway)
	} else if inspected > 0 {
		checkInspections(f, p)
	}
	if len(p.problems) > 0 {
		return
	}
	if marked == 0 {
		p.note("No marked copy is on record.")
	} else {
		p.note("Of %s, read now, each page says that it is not the authoritative copy, and none holds a digital signature.", number(marked, "marked copy", "marked copies"))
	}
	if inspected > 0 && !p.ended {
		p.note("Registered: %s of the authoritative bytes; the seal in them says that the authoritative copy is in the vault.",
			number(inspected, "download", "downloads"))
	}
}

func checkMarked(f *facts, p *probe, r registerFacts) {
	switch {
	case r.err != nil:
		p.fail("The bytes of the copy %s cannot be verified: %v.", r.ID, r.err)
	case r.markErr != nil:
		p.fail("The copy %s is not marked as one: %v.", r.ID, r.markErr)
	default:
		p.item("copy", r.ID, r.whole(), certificate.Verified)
	}
	e := f.byID[r.EventID]
	if !namesCopy(e, r) {
		p.fail("The copy %s has no event that names it and its digest.", r.ID)
	} else if !f.registered(r, e) {
		p.fail("The register's entry of the copy %s differs from its event.", r.ID)
	}
}

// checkRegister: a row that was taken out of the register still has its event.
func checkRegister(f *facts, p *probe) {
	has := func(kind, id string) bool {
		return slices.ContainsFunc(f.register, func(r registerFacts) bool { return r.Kind == kind && r.ID == id })
	}
	for _, e := range f.typed(event.VaultStored) {
		if m := event.DataOf[event.StoredData](e).MarkedCopy; m != nil && !has(custody.CopyMarked, m.CopyID) {
			p.fail("The copy %s was made, but is not in the register.", m.CopyID)
		}
	}
	for _, e := range f.typed(event.EnvelopeCopyMade) {
		if id := event.DataOf[event.CopyMadeData](e).CopyID; !has(custody.CopySigner, id) {
			p.fail("The signer's copy %s was made, but is not in the register.", id)
		}
	}
	for _, e := range f.typed(event.VaultInspected) {
		if id := event.DataOf[event.InspectedData](e).InspectionID; !has(custody.CopyInspection, id) {
			p.fail("The download %s was made, but is not in the register.", id)
		}
	}
	for _, r := range f.register {
		if r.Kind != custody.CopyInspection {
			continue
		}
		e := f.byID[r.EventID]
		if e.Type != event.VaultInspected || event.DataOf[event.InspectedData](e).InspectionID != r.ID {
			p.fail("The download %s is in the register, but has no event that names it.", r.ID)
		} else if !namesCopy(e, r) || !f.registered(r, e) {
			p.fail("The register's entry of the download %s differs from its event.", r.ID)
		}
	}
}

// namesCopy reports whether an event names a copy of the register and its digest.
func namesCopy(e event.Event, r registerFacts) bool {
	var id string
	var sum storage.Digest
	switch {
	case r.Kind == custody.CopyMarked && e.Type == event.VaultStored:
		if m := event.DataOf[event.StoredData](e).MarkedCopy; m != nil {
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
func (f *facts) registered(r registerFacts, e event.Event) bool {
	if r.Kind == custody.CopySigner {
		return f.givenOut(r, e)
	}
	made := e.RecordedAt.Sub(r.MadeAt) // the marked copy was made before its event was stamped
	copyID, version, _ := copyIn(e)
	return r.GivenTo == e.Actor && f.sized(r) && r.CopyID == f.original.CopyID && copyID == r.CopyID &&
		version == r.RegisteredCopy.Version && made >= 0 && made <= slack
}

// givenOut holds the row of a signer's copy against the event of its making.
func (f *facts) givenOut(r registerFacts, e event.Event) bool {
	made := e.RecordedAt.Sub(r.MadeAt)
	return namesCopy(e, r) && event.DataOf[event.CopyMadeData](e).Size == r.Size && r.GivenTo == e.Actor && r.CopyID == f.original.CopyID &&
		r.RegisteredCopy.Version == 0 && made >= 0 && made <= slack
}

// sized holds the size in a row of the register against the bytes that have its
// digest; bytes that cannot be read are another problem.
func (f *facts) sized(r registerFacts) bool {
	if r.err != nil {
		return true
	}
	if r.size > 0 {
		return r.Size == r.size
	}
	for i := range f.versions {
		if v := &f.versions[i]; v.err == nil && v.whole() == r.SHA256 {
			return r.Size == v.size
		}
	}
	return true
}

// checkInspections: bytes that left the vault say of themselves where the
// authoritative copy is. A file that cannot carry a seal does not.
func checkInspections(f *facts, p *probe) {
	for i, v := range f.versions {
		if v.Seal.Mode == custody.SealingDetached {
			p.fail("The authoritative bytes were downloaded, and no seal in them says that the authoritative copy is in the vault.")
			return
		}
		if _, err := f.seal(i); err != nil {
			p.fail("The seal that tells a reader of downloaded bytes where the authoritative copy is does not verify: %v.", err)
		}
	}
}
