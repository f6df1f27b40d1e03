package compliance

import (
	"fmt"
	"maps"
	"slices"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// checkSingleCopy is element (1): one authoritative copy, unique, identifiable
// and unaltered.
func checkSingleCopy(f *facts, p *probe) {
	if f.original == nil {
		p.fail(notVaulted)
		return
	}
	if f.released() {
		p.end("The copy was released: the authoritative copy is no longer here.")
	}
	deposits := f.typed(event.VaultStored)
	if len(deposits) != 1 {
		p.fail("%d deposits are recorded for the envelope, not one.", len(deposits))
	} else {
		checkDeposit(f, p, deposits[0])
	}
	checkBytes(f, p)
	checkClaims(f, p)
	checkMedium(f, p)
	if len(p.problems) == 0 && !p.ended {
		p.note("One authoritative copy, %s, exists in this installation. Its version %d was read now and has the digest recorded, its seal is valid, "+
			"and nothing else in this installation claims its bytes.", f.original.CopyID, f.original.Version)
		if f.index(deposits[0]) != nil {
			p.note("Its deposit is in the log.")
		} else {
			p.note("Its deposit is not in the log yet: it is younger than the log's merge delay.")
		}
		notePages(p, deposits[0])
	}
}

// unrecognized is what comparing bytes and pages cannot find.
const unrecognized = "A second scan of the same paper, or a print whose pages were drawn anew, cannot be recognized by this system."

// notePages says whether other files were compared by what their pages hold.
func notePages(p *probe, stored event.Event) {
	d := event.DataOf[event.StoredData](stored)
	if d.PagesSHA256 != "" {
		p.note("Nothing else in it claims the same pages, so that the file is recognized when another program saves it again. %s", unrecognized)
		return
	}
	p.note("The pages are not compared with those of other files (%s). %s", d.PagesUnread, unrecognized)
}

// checkDeposit holds the copy's record against the event of its deposit.
func checkDeposit(f *facts, p *probe, e event.Event) {
	c, d := f.original, event.DataOf[event.StoredData](e)
	for _, x := range []struct{ what, row, event string }{
		{"copy", c.CopyID, d.CopyID},
		{"deposited digest", string(c.Source.Object.SHA256), string(d.DepositedSHA256)},
		{"regime", c.Regime, d.Regime},
		{"basis of the regime", c.RegimeBasis, d.RegimeBasis},
		{"jurisdiction", c.Jurisdiction, d.Jurisdiction},
		{"capacity", c.Capacity, d.Capacity},
		{"source", c.Source.Kind, d.Source},
		{"seal", f.versions[0].Seal.Mode, d.Sealing},
		{"seal's level", f.versions[0].Seal.Level, d.Level},
		{"deposit event", c.StoredEventID, e.ID},
		{"second list of claims", string(custody.WitnessDigest(f.witnesses)), string(d.ClaimsSHA256)},
		{"time of deposit", environ.Format(c.VaultedAt), environ.Format(e.RecordedAt)},
	} {
		if x.row != x.event {
			p.fail("The record's %s differs from the event of the deposit.", x.what)
		}
	}
	status := custody.StatusVaulted
	if len(f.typed(event.VaultReleased)) > 0 {
		status = custody.StatusReleased
	}
	if c.Status != status || (c.ReleasedAt != nil) != (status == custody.StatusReleased) {
		p.fail("The copy is %s by its record, and %s by its events.", c.Status, status)
	}
	if f.spent && c.Status != custody.StatusReleased {
		p.fail("The mark beside the database says that a release of the copy has begun; the record has no release.")
	}
	if d := f.envelope.Document; d != nil && c.Source.DocumentSHA256 != d.Object.SHA256 {
		p.fail("The records of copy and envelope name different documents.")
	}
	if d := f.deposit(); d != nil && d.Custody.Controller.OrgID != c.OrgID {
		p.fail("The record names another organization than the event of the deposit.")
	}
	if d := f.deposit(); d != nil && !sameJSON(
		[]any{c.Agreement, c.Classification, c.Attestation}, []any{d.Agreement, d.Classification, f.attestation()},
	) {
		p.fail("The record's agreement, classification or attestation differs from the events.")
	}
	if f.versions[0].Object.SHA256 != d.SHA256 {
		p.fail("Version 1 has another digest than the event of the deposit.")
	}
	p.event(f, e)
}

// checkBytes reads the current version and verifies its seal.
func checkBytes(f *facts, p *probe) {
	v := f.current()
	if v.Object.SHA256 != f.original.DocumentHash || v.Version.Version != f.original.Version || v.Object.Size != f.original.Size {
		p.fail("The copy's record and that of its current version differ.")
	} else if f.original.Seal != v.Seal {
		p.fail("The copy's record of its seal and that of its current version differ.")
	}
	if f.disposed() {
		return
	}
	if v.err != nil {
		p.fail("The bytes of version %d cannot be verified: %v.", v.Version.Version, v.err)
	} else {
		p.item("version", fmt.Sprintf("%s/%d", v.CopyID, v.Version.Version), v.whole(), certificate.Verified)
	}
	if says, err := f.seal(len(f.versions) - 1); err != nil {
		p.fail("The seal of version %d does not verify: %v.", v.Version.Version, err)
	} else {
		p.items = append(p.items, certificate.Item{Kind: "seal", Ref: says.level, SHA256: v.Seal.SHA256, Basis: certificate.Verified})
	}
}

// checkClaims recomputes what the deposit had to claim.
func checkClaims(f *facts, p *probe) {
	if f.prefixErr != nil {
		p.fail("The earlier states of the deposited file cannot be read: %v.", f.prefixErr)
	}
	want := map[storage.Digest]string{}
	for _, r := range f.register {
		if r.Kind != custody.CopyInspection {
			want[r.SHA256] = custody.ClaimCopy
		}
	}
	for _, v := range f.versions {
		want[v.Object.SHA256] = custody.ClaimVersion
	}
	maps.Copy(want, f.prefixes)
	for _, e := range f.typed(event.EnvelopeCompleted) {
		want[event.DataOf[event.CompletedData](e).DocumentSHA256] = custody.ClaimSigned
	}
	want[f.original.Source.Object.SHA256] = custody.ClaimDeposited
	for _, e := range f.typed(event.VaultStored) {
		d := event.DataOf[event.StoredData](e)
		if d.PagesSHA256 != "" {
			want[d.PagesSHA256] = custody.ClaimPages
		}
		if len(d.DuplicatesAllowed) > 0 {
			p.fail("The host allowed the deposit although bytes or pages of the file were claimed before.")
		}
		if len(d.MarksAllowed) > 0 {
			p.fail("The host allowed the deposit although the file bears the marks of a copy, a seal or a report of this system.")
		}
	}
	for _, c := range f.claims {
		if c.EnvelopeID == f.envelope.ID && want[c.SHA256] == c.Kind {
			delete(want, c.SHA256)
			p.item("claim", c.Kind, c.SHA256, certificate.Verified)
		}
	}
	for sum, kind := range want {
		p.fail("The register of claims lacks the claim %q of this envelope on %s.", kind, sum)
	}
	for _, c := range f.rivals {
		same := "bytes"
		if c.Kind == custody.ClaimPages {
			same = "pages"
		}
		p.fail("Another envelope in this installation claims the same %s, %s.", same, c.SHA256)
	}
	slices.Sort(p.problems) // a map has no order
}

// checkMedium asks for the tangible original of a paper document.
func checkMedium(f *facts, p *probe) {
	if f.original.Source.Kind != custody.SourcePaper {
		return
	}
	a := f.attestation()
	if a == nil {
		p.note("No proved declaration says whether a paper original exists.")
		p.item("attestation", "none", "", certificate.Declared)
		return
	}
	switch {
	case a.PaperOriginal == "held" && a.PaperCustodian == nil:
		p.fail("A paper original is held by %s, as declared, and no receipt for it is on record.", a.Holder)
	case a.PaperOriginal == "held" && !f.holds(a.PaperCustodian.Name):
		p.fail("The paper original is kept by %s, as declared, who is neither the assignee nor the custodian.", a.PaperCustodian.Name)
	case a.PaperOriginal == "held":
		p.note("There are two media, as declared: the paper original is held by %s under a receipt of %s.", a.Holder, a.PaperCustodian.Name)
		p.item("receipt", a.PaperCustodian.Name, a.PaperCustodian.ReceiptSHA256, certificate.Declared)
	case a.PaperOriginal == "destroyed":
		p.note("The paper original was destroyed, as declared by %s.", a.AttestedBy)
		p.item("attestation", "paper original destroyed", "", certificate.Declared)
	default:
		p.note("There is no paper original, as declared by %s.", a.AttestedBy)
		p.item("attestation", "no paper original", "", certificate.Declared)
	}
}

// holds reports whether name is the assignee or the custodian of the moment.
func (f *facts) holds(name string) bool {
	to := f.holder()
	return to != nil && name != "" && (name == to.Assignee.Name || name == to.Custodian.Party.Name)
}

// holder is who is what now: the end of the verified custody chain.
func (f *facts) holder() *custody.Parties {
	if i := f.holding(); i >= 0 {
		return f.chainOf[i].To
	}
	return nil
}

// deposit is what the event of the deposit commits to.
func (f *facts) deposit() *custody.StoredDetail {
	for _, e := range f.proven(event.VaultStored) {
		if d, ok := event.DetailOf[custody.StoredDetail](e); ok {
			return &d
		}
	}
	return nil
}

// attestation is that of the deposit's event, or of the one by which it came later,
// not of the row.
func (f *facts) attestation() *custody.Attestation {
	if d := f.deposit(); d != nil && d.Attestation != nil {
		return d.Attestation
	}
	for _, e := range f.proven(event.VaultAttested) {
		if d, ok := event.DetailOf[custody.AttestedDetail](e); ok {
			return d.Attestation
		}
	}
	return nil
}

// checkAmendments is element (6): every version extends the last byte for byte,
// is sealed, and has its event.
func checkAmendments(f *facts, p *probe) {
	if f.original == nil {
		p.fail(notVaulted)
		return
	}
	before := storage.Object{SHA256: f.original.Source.Object.SHA256, Size: f.original.Source.Object.Size}
	if s := f.envelope.Sealed; s != nil && (s.Object.SHA256 != before.SHA256 || s.Object.Size != before.Size) {
		p.fail("The deposited bytes are not those of the completed document.")
	}
	for i, v := range f.versions {
		if v.Version.Version != i+1 {
			p.fail("Version %d is missing.", i+1)
			return
		}
		checkVersion(f, p, i, before)
		before = storage.Object{SHA256: v.Object.SHA256, Size: v.Object.Size}
	}
	if f.disposed() {
		p.end(deletedAway)
	}
	if len(f.versions) != f.original.Version {
		p.fail("%d versions are on record; by the record of the copy there are %d.", len(f.versions), f.original.Version)
	}
	if len(p.problems) == 0 && !p.ended {
		p.note("Each of %s begins with the bytes that it extends, has a seal that covers all of it, and has its event. "+
			"No version is without an event.", number(len(f.versions), "version", "versions"))
	}
}

func checkVersion(f *facts, p *probe, i int, before storage.Object) {
	v := f.versions[i]
	n := v.Version.Version
	if v.Prefix.SHA256 != before.SHA256 || v.Prefix.Size != before.Size {
		p.fail("By its record, version %d extends other bytes than those before it.", n)
	}
	if v.Seal.Mode == custody.SealingDetached && v.Object.SHA256 != f.original.Source.Object.SHA256 {
		p.fail("Version %d has a seal beside it, and other bytes than those deposited.", n)
	}
	if !f.disposed() && !checkVersionBytes(f, p, i, before) {
		return
	}
	e, ok := f.byID[v.EventID]
	if kind := map[string]string{event.VaultStored: custody.VersionDeposit, event.VaultReleased: custody.VersionRelease}[e.Type]; ok && (kind != v.Kind || !at(&v.CreatedAt, e)) {
		p.fail("The record of version %d differs from its event.", n)
	}
	if copyID, _, sum := copyIn(e); !ok || copyID != v.CopyID || sum != v.Object.SHA256 {
		p.fail("Version %d has no event that names its digest.", n)
		return
	}
	p.item("version", fmt.Sprintf("%s/%d of %s", v.CopyID, n, environ.Format(e.RecordedAt)), v.Object.SHA256, certificate.Verified)
	p.event(f, e)
}

// checkVersionBytes examines the bytes of a version; false where they are not those
// recorded.
func checkVersionBytes(f *facts, p *probe, i int, before storage.Object) bool {
	v := f.versions[i]
	n := v.Version.Version
	if v.err != nil {
		p.fail("The bytes of version %d cannot be verified: %v.", n, v.err)
		return false
	}
	if v.sum(before.Size) != before.SHA256 {
		p.fail("Version %d does not begin with the bytes that it extends.", n)
	}
	if _, err := f.seal(i); err != nil {
		p.fail("The seal of version %d does not verify: %v.", n, err)
	}
	return true
}
