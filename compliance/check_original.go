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
func checkSingleCopy(ev *evidence, out *outcome) {
	if ev.original == nil {
		out.fail(notVaulted)
		return
	}
	if ev.released() {
		out.end("The copy was released: the authoritative copy is no longer here.")
	}
	deposits := ev.ofType(event.VaultStored)
	if len(deposits) != 1 {
		out.fail("%d deposits are recorded for the envelope, not one.", len(deposits))
	} else {
		checkDeposit(ev, out, deposits[0])
	}
	checkBytes(ev, out)
	checkClaims(ev, out)
	checkMedium(ev, out)
	if len(out.problems) == 0 && !out.ended {
		out.note("One authoritative copy, %s, exists in this installation. Its version %d was read now and has the digest recorded, its seal is valid, "+
			"and nothing else in this installation claims its bytes.", ev.original.CopyID, ev.original.Version)
		if ev.index(deposits[0]) != nil {
			out.note("Its deposit is in the log.")
		} else {
			out.note("Its deposit is not in the log yet: it is younger than the log's merge delay.")
		}
		notePages(out, deposits[0])
	}
}

// unrecognized is what comparing bytes and pages cannot find.
const unrecognized = "A second scan of the same paper, or a print whose pages were drawn anew, cannot be recognized by this system."

// notePages says whether other files were compared by what their pages hold.
func notePages(out *outcome, stored event.Event) {
	d := event.DataOf[event.StoredData](stored)
	if d.PagesSHA256 != "" {
		out.note("Nothing else in it claims the same pages, so that the file is recognized when another program saves it again. %s", unrecognized)
		return
	}
	out.note("The pages are not compared with those of other files (%s). %s", d.PagesUnread, unrecognized)
}

// checkDeposit holds the copy's record against the event of its deposit.
func checkDeposit(ev *evidence, out *outcome, e event.Event) {
	c, d := ev.original, event.DataOf[event.StoredData](e)
	for _, x := range []struct{ what, row, event string }{
		{"copy", c.CopyID, d.CopyID},
		{"deposited digest", string(c.Source.Object.SHA256), string(d.DepositedSHA256)},
		{"regime", c.Regime, d.Regime},
		{"basis of the regime", c.RegimeBasis, d.RegimeBasis},
		{"jurisdiction", c.Jurisdiction, d.Jurisdiction},
		{"capacity", string(c.Capacity), d.Capacity},
		{"source", string(c.Source.Kind), d.Source},
		{"seal", string(ev.versions[0].Seal.Mode), d.Sealing},
		{"seal's level", ev.versions[0].Seal.Level, d.Level},
		{"deposit event", c.StoredEventID, e.ID},
		{"second list of claims", string(custody.WitnessDigest(ev.witnesses)), string(d.ClaimsSHA256)},
		{"time of deposit", environ.Format(c.VaultedAt), environ.Format(e.RecordedAt)},
	} {
		if x.row != x.event {
			out.fail("The record's %s differs from the event of the deposit.", x.what)
		}
	}
	status := custody.StatusVaulted
	if len(ev.ofType(event.VaultReleased)) > 0 {
		status = custody.StatusReleased
	}
	if c.Status != status || (c.ReleasedAt != nil) != (status == custody.StatusReleased) {
		out.fail("The copy is %s by its record, and %s by its events.", c.Status, status)
	}
	if ev.spent && c.Status != custody.StatusReleased {
		out.fail("The mark beside the database says that a release of the copy has begun; the record has no release.")
	}
	if d := ev.envelope.Document; d != nil && c.Source.DocumentSHA256 != d.Object.SHA256 {
		out.fail("The records of copy and envelope name different documents.")
	}
	if to := ev.holder(); to != nil && to.Controller.OrgID != c.OrgID {
		out.fail("The record names another organization than the signed custody chain.")
	}
	if d := ev.deposit(); d != nil && !sameJSON(
		[]any{c.Agreement, c.Classification, c.Attestation}, []any{d.Agreement, d.Classification, ev.attestation()},
	) {
		out.fail("The record's agreement, classification or attestation differs from the events.")
	}
	if ev.versions[0].Object.SHA256 != d.SHA256 {
		out.fail("Version 1 has another digest than the event of the deposit.")
	}
	out.event(ev, e)
}

// checkBytes reads the current version and verifies its seal.
func checkBytes(ev *evidence, out *outcome) {
	v := ev.current()
	if v.Object.SHA256 != ev.original.DocumentHash || v.Version.Version != ev.original.Version || v.Object.Size != ev.original.Size {
		out.fail("The copy's record and that of its current version differ.")
	} else if ev.original.Seal != v.Seal {
		out.fail("The copy's record of its seal and that of its current version differ.")
	}
	if ev.disposed() {
		return
	}
	if v.err != nil {
		out.fail("The bytes of version %d cannot be verified: %v.", v.Version.Version, v.err)
	} else {
		out.item("version", fmt.Sprintf("%s/%d", v.CopyID, v.Version.Version), v.whole(), certificate.Verified)
	}
	if content, err := ev.seal(len(ev.versions) - 1); err != nil {
		out.fail("The seal of version %d does not verify: %v.", v.Version.Version, err)
	} else {
		out.items = append(out.items, certificate.Item{Kind: "seal", Ref: content.level, SHA256: v.Seal.SHA256, Basis: certificate.Verified})
	}
}

// checkClaims recomputes what the deposit had to claim.
func checkClaims(ev *evidence, out *outcome) {
	if ev.prefixErr != nil {
		out.fail("The earlier states of the deposited file cannot be read: %v.", ev.prefixErr)
	}
	want := map[storage.Digest]custody.ClaimKind{}
	for _, r := range ev.register {
		if r.Kind != custody.CopyInspection {
			want[r.SHA256] = custody.ClaimCopy
		}
	}
	for _, v := range ev.versions {
		want[v.Object.SHA256] = custody.ClaimVersion
	}
	maps.Copy(want, ev.prefixes)
	for _, e := range ev.ofType(event.EnvelopeCompleted) {
		want[event.DataOf[event.CompletedData](e).DocumentSHA256] = custody.ClaimSigned
	}
	want[ev.original.Source.Object.SHA256] = custody.ClaimDeposited
	for _, e := range ev.ofType(event.VaultStored) {
		d := event.DataOf[event.StoredData](e)
		if d.PagesSHA256 != "" {
			want[d.PagesSHA256] = custody.ClaimPages
		}
		if len(d.DuplicatesAllowed) > 0 {
			out.fail("The host allowed the deposit although bytes or pages of the file were claimed before.")
		}
		if len(d.MarksAllowed) > 0 {
			out.fail("The host allowed the deposit although the file bears the marks of a copy, a seal or a report of this system.")
		}
	}
	for _, c := range ev.claims {
		if c.EnvelopeID == ev.envelope.ID && want[c.SHA256] == c.Kind {
			delete(want, c.SHA256)
			out.item("claim", string(c.Kind), c.SHA256, certificate.Verified)
		}
	}
	for sum, kind := range want {
		out.fail("The register of claims lacks the claim %q of this envelope on %s.", kind, sum)
	}
	for _, c := range ev.rivals {
		same := "bytes"
		if c.Kind == custody.ClaimPages {
			same = "pages"
		}
		out.fail("Another envelope in this installation claims the same %s, %s.", same, c.SHA256)
	}
	slices.Sort(out.problems) // a map has no order
}

// checkMedium asks for the tangible original of a paper document.
func checkMedium(ev *evidence, out *outcome) {
	if ev.original.Source.Kind != custody.SourcePaper {
		return
	}
	a := ev.attestation()
	if a == nil {
		out.note("No proved declaration says whether a paper original exists.")
		out.item("attestation", "none", "", certificate.Declared)
		return
	}
	switch {
	case a.PaperOriginal == "held" && a.PaperCustodian == nil:
		out.fail("A paper original is held by %s, as declared, and no receipt for it is on record.", a.Holder)
	case a.PaperOriginal == "held" && !ev.keeps(a.PaperCustodian.Name):
		out.fail("The paper original is kept by %s, as declared, who is neither the assignee nor the custodian.", a.PaperCustodian.Name)
	case a.PaperOriginal == "held":
		out.note("There are two media, as declared: the paper original is held by %s under a receipt of %s.", a.Holder, a.PaperCustodian.Name)
		out.item("receipt", a.PaperCustodian.Name, a.PaperCustodian.ReceiptSHA256, certificate.Declared)
	case a.PaperOriginal == "destroyed":
		out.note("The paper original was destroyed, as declared by %s.", a.AttestedBy)
		out.item("attestation", "paper original destroyed", "", certificate.Declared)
	default:
		out.note("There is no paper original, as declared by %s.", a.AttestedBy)
		out.item("attestation", "no paper original", "", certificate.Declared)
	}
}

// keeps reports whether name is the assignee or the custodian of the moment.
func (ev *evidence) keeps(name string) bool {
	to := ev.holder()
	return to != nil && name != "" && (name == to.Assignee.Name || name == to.Custodian.Party.Name)
}

// holder is who is what now: the end of the verified custody chain.
func (ev *evidence) holder() *custody.Parties {
	if i := ev.holding(); i >= 0 {
		return ev.chain[i].To
	}
	return nil
}

// deposit is what the event of the deposit commits to.
func (ev *evidence) deposit() *custody.StoredDetail {
	for _, e := range ev.proven(event.VaultStored) {
		if d, ok := event.DetailOf[custody.StoredDetail](e); ok {
			return &d
		}
	}
	return nil
}

// attestation is that of the deposit's event, or of the one by which it came later,
// not of the row.
func (ev *evidence) attestation() *custody.Attestation {
	if d := ev.deposit(); d != nil && d.Attestation != nil {
		return d.Attestation
	}
	for _, e := range ev.proven(event.VaultAttested) {
		if d, ok := event.DetailOf[custody.AttestedDetail](e); ok {
			return d.Attestation
		}
	}
	return nil
}

// checkAmendments is element (6): every version extends the last byte for byte,
// is sealed, and has its event.
func checkAmendments(ev *evidence, out *outcome) {
	if ev.original == nil {
		out.fail(notVaulted)
		return
	}
	before := storage.Object{SHA256: ev.original.Source.Object.SHA256, Size: ev.original.Source.Object.Size}
	if s := ev.envelope.Sealed; s != nil && (s.Object.SHA256 != before.SHA256 || s.Object.Size != before.Size) {
		out.fail("The deposited bytes are not those of the completed document.")
	}
	for i, v := range ev.versions {
		if v.Version.Version != i+1 {
			out.fail("Version %d is missing.", i+1)
			return
		}
		checkVersion(ev, out, i, before)
		before = storage.Object{SHA256: v.Object.SHA256, Size: v.Object.Size}
	}
	if ev.disposed() {
		out.end(deletedAway)
	}
	if len(ev.versions) != ev.original.Version {
		out.fail("%d versions are on record; by the record of the copy there are %d.", len(ev.versions), ev.original.Version)
	}
	if len(out.problems) == 0 && !out.ended {
		out.note("Each of %s begins with the bytes that it extends, has a seal that covers all of it, and has its event. "+
			"No version is without an event.", number(len(ev.versions), "version", "versions"))
	}
}

// versionKinds are the kinds of version by the events that make them.
var versionKinds = map[string]custody.VersionKind{
	event.VaultStored: custody.VersionDeposit, event.CustodyAccepted: custody.VersionAssignment, event.VaultReleased: custody.VersionRelease,
}

func checkVersion(ev *evidence, out *outcome, i int, before storage.Object) {
	v := ev.versions[i]
	n := v.Version.Version
	if v.Prefix.SHA256 != before.SHA256 || v.Prefix.Size != before.Size {
		out.fail("By its record, version %d extends other bytes than those before it.", n)
	}
	if v.Seal.Mode == custody.SealingDetached && v.Object.SHA256 != ev.original.Source.Object.SHA256 {
		out.fail("Version %d has a seal beside it, and other bytes than those deposited.", n)
	}
	if !ev.disposed() && !checkVersionBytes(ev, out, i, before) {
		return
	}
	e, ok := ev.byID[v.EventID]
	if ok && (versionKinds[e.Type] != v.Kind || !at(&v.CreatedAt, e)) {
		out.fail("The record of version %d differs from its event.", n)
	}
	if copyID, _, sum := copyIn(e); !ok || copyID != v.CopyID || sum != v.Object.SHA256 {
		out.fail("Version %d has no event that names its digest.", n)
		return
	}
	out.item("version", fmt.Sprintf("%s/%d of %s", v.CopyID, n, environ.Format(e.RecordedAt)), v.Object.SHA256, certificate.Verified)
	out.event(ev, e)
}

// checkVersionBytes examines the bytes of a version; false where they are not those
// recorded.
func checkVersionBytes(ev *evidence, out *outcome, i int, before storage.Object) bool {
	v := ev.versions[i]
	n := v.Version.Version
	if v.err != nil {
		out.fail("The bytes of version %d cannot be verified: %v.", n, v.err)
		return false
	}
	if v.sum(before.Size) != before.SHA256 {
		out.fail("Version %d does not begin with the bytes that it extends.", n)
	}
	if _, err := ev.seal(i); err != nil {
		out.fail("The seal of version %d does not verify: %v.", n, err)
	}
	return true
}
