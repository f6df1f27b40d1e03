package compliance

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// checkRecord is the tamper-evident record: the whole chain verifies, its events
// are in the log, and nothing that was proved or referred to has gone.
func checkRecord(ev *evidence, out *outcome) {
	if ev.chainErr != nil {
		out.fail("The chain of events does not verify: %v.", ev.chainErr)
	}
	if ev.redacted > 0 && len(ev.ofType(event.EnvelopeRedacted)) == 0 {
		out.fail("The details of %s are missing, and no event says that they were erased.", number(ev.redacted, "event", "events"))
	}
	if len(ev.events) == 0 {
		out.fail("There are no events.")
	}
	if ev.log.err != nil {
		out.fail("The transparency log does not verify: %v.", ev.log.err)
	} else {
		out.item("checkpoint", ev.log.checkpoint.Origin, "", certificate.Verified)
	}
	pending := 0
	for _, e := range ev.events {
		if ev.log.err != nil {
			break // said once
		}
		index, err := ev.logged(e)
		switch {
		case err != nil:
			out.fail("The event %s (%s) is not proved by the log: %v.", e.ID, e.Type, err)
		case index == nil:
			pending++
		}
	}
	checkReferences(ev, out)
	checkEarlier(ev, out)
	if len(out.problems) > 0 {
		return
	}
	head := ev.events[len(ev.events)-1]
	out.items = append(out.items, certificate.Item{Kind: "chain_head", Ref: head.ID, SHA256: head.Hash, LogIndex: ev.index(head), Basis: certificate.Verified})
	out.note("The whole chain of %s verifies. %s proved to be in the log of size %d, whose checkpoint has a valid signature.",
		number(len(ev.events), "event", "events"), number(len(ev.events)-pending, "event is", "events are"), ev.log.checkpoint.Size)
	if pending > 0 {
		out.note("%s not in the log yet: younger than its merge delay.", number(pending, "event is", "events are"))
	}
}

func (ev *evidence) index(e event.Event) *int64 {
	i, _ := ev.logged(e)
	return i
}

// checkReferences looks for the events that records refer to: one that was cut
// off the end of a chain leaves no gap.
func checkReferences(ev *evidence, out *outcome) {
	need := func(id, whose string) {
		if _, ok := ev.byID[id]; !ok {
			out.fail("The event of %s is missing.", whose)
		}
	}
	ev.checkEnvelope(out)
	heads := []event.Head{}
	if d := ev.envelope.Document; d != nil {
		heads = append(heads, d.Head)
	}
	if s := ev.envelope.Sealed; s != nil {
		heads = append(heads, s.Head)
	}
	for _, h := range heads {
		if h.Seq < 1 || h.Seq > int64(len(ev.events)) || ev.events[h.Seq-1].Hash != h.Hash {
			out.fail("The chain lacks the event %d that the document's record names.", h.Seq)
		}
	}
	if ev.original == nil {
		return
	}
	need(ev.original.StoredEventID, "the deposit")
	for _, v := range ev.versions {
		need(v.EventID, "a version")
	}
	for _, r := range ev.register {
		need(r.EventID, "a registered copy")
	}
	for _, c := range ev.custody {
		need(c.EventID, "a custody entry")
	}
	checkRelease(ev, out)
}

// checkRelease holds the record of a release against its signed statement and its
// events.
func checkRelease(ev *evidence, out *outcome) {
	released := ev.ofType(event.VaultReleased)
	if ev.release == nil {
		if len(released) > 0 {
			out.fail("The chain has an event of the release, but the record of the release is missing.")
		}
		return
	}
	if len(released) != 1 {
		out.fail("The chain has %d events of the release; there must be one.", len(released))
		return
	}
	if ev.releaseErr != nil {
		out.fail("The release statement does not verify: %v.", ev.releaseErr)
		return
	}
	r, s, e := ev.release, ev.releaseStatement, released[0]
	d := event.DataOf[event.ReleasedData](e)
	last := ev.chain[max(len(ev.chain)-1, 0):]
	acknowledged := only(ev.ofType(event.VaultAcknowledged))
	for _, x := range []struct {
		what string
		same bool
	}{
		{"id", r.ReleaseID == s.ReleaseID && s.ReleaseID == d.ReleaseID && r.EventID == e.ID},
		{"copy", r.CopyID == s.CopyID && s.CopyID == d.CopyID && r.EnvelopeID == s.EnvelopeID && s.EnvelopeID == ev.envelope.ID && r.OrgID == ev.original.OrgID},
		{"reason", r.Reason == s.Reason && s.Reason == d.Reason},
		{"note", r.Note == s.Note},
		{"recipient", r.Recipient == s.Recipient && len(last) == 1 && last[0].Recipient != nil && *last[0].Recipient == s.Recipient},
		{"version", r.Version == s.Version && s.Version == d.Version && r.EndsVersion == s.EndsVersion && s.EndsVersion == d.EndsVersion},
		{"digest", r.SHA256 == s.SHA256 && s.SHA256 == d.SHA256 && r.Size == d.Size},
		{"time", r.ReleasedAt.Equal(e.RecordedAt) && at(ev.original.ReleasedAt, e)},
		{"acknowledgment", (r.AcknowledgedAt != nil) == (acknowledged != nil) && (acknowledged == nil || at(r.AcknowledgedAt, *acknowledged) && r.FetchedAt != nil)},
		{"time of deletion", (r.DeleteAfter != nil) == (r.AcknowledgedAt != nil) && (r.DeletedAt == nil || r.DeleteAfter != nil && !r.DeletedAt.Before(*r.DeleteAfter)) &&
			(r.DeleteAfter == nil || !r.DeleteAfter.Before(*r.AcknowledgedAt))},
	} {
		if !x.same {
			out.fail("The record of the release differs from its statement and events in its %s.", x.what)
		}
	}
	out.item("release", s.ReleaseID, storage.Sum([]byte(r.Statement)), certificate.Verified)
}

// checkEnvelope holds the envelope's record against the event of its creation.
func (ev *evidence) checkEnvelope(out *outcome) {
	created := ev.ofType(event.EnvelopeCreated)
	if len(created) != 1 {
		out.fail("The chain has %d events of the envelope's creation; there must be one.", len(created))
		return
	}
	env := ev.envelope
	if d, ok := event.DetailOf[event.EnvelopeCreatedDetail](created[0]); ok {
		for _, x := range []struct{ what, row, event string }{
			{"envelope_name", env.Name, d.EnvelopeName},
			{"customer_id", env.CustomerID, d.CustomerID},
			{"customer_name", env.CustomerName, d.CustomerName},
			{"customer_email", env.CustomerEmail, d.CustomerEmail},
		} {
			if x.row != x.event {
				out.fail("The envelope's record differs from the event of its creation in %s.", x.what)
			}
		}
	}
	signed := 0
	for _, s := range env.Signers {
		if s.Status == esign.SignerSigned {
			signed++
		}
	}
	if env.SignersTotal != len(env.Signers) || env.SignersSigned != signed {
		out.fail("The envelope's record counts more or fewer signers than are on record.")
	}
	if event.DataOf[event.EnvelopeCreatedData](created[0]).Kind != env.Kind || !env.CreatedAt.Equal(created[0].RecordedAt) {
		out.fail("The envelope's record differs in kind or time from the event of its creation.")
	}
	ev.checkDocument(out)
	if ev.original == nil {
		return
	}
	if ev.original.Name != env.Name || ev.original.CustomerID != env.CustomerID {
		out.fail("The records of copy and envelope differ in the name of the envelope or the customer.")
	}
	status := esign.StatusVaulted
	if ev.released() {
		status = esign.StatusReleased
	}
	if env.Status != status || (env.ReleasedAt != nil) != ev.released() || ev.ended() != nil && !at(env.ReleasedAt, *ev.ended()) || !ev.depositedBy(env.OrgID) {
		out.fail("The records of copy and envelope differ in status, time of release or organization.")
	}
	if env.VaultedAt == nil || !env.VaultedAt.Equal(ev.original.VaultedAt) || !ev.released() && env.DocumentHash != ev.original.DocumentHash {
		out.fail("The records of copy and envelope differ in time of deposit or digest.")
	}
}

// depositedBy reports whether the organization is that of the deposit, as far as its
// event says.
func (ev *evidence) depositedBy(orgID string) bool {
	d := ev.deposit()
	return d == nil || d.Custody.Controller.OrgID == orgID
}

// checkDocument holds the records of document and completion against the events
// that name their digests.
func (ev *evidence) checkDocument(out *outcome) {
	env := ev.envelope
	if d := env.Document; d != nil {
		brought := append(ev.ofType(event.EnvelopeCreated), ev.ofType(event.EnvelopeDocumentUploaded)...)
		last := brought[len(brought)-1]
		if sum, size := broughtIn(last); sum != d.Object.SHA256 || size != d.Object.Size || !at(&d.UploadedAt, last) {
			out.fail("The document's record differs from the event that brought it.")
		}
	}
	if env.Sealed == nil {
		return
	}
	completed := about(ev, event.EnvelopeCompleted, func(d event.CompletedData) bool {
		return d.CompletionSHA256 == env.Sealed.Object.SHA256 && d.Level == env.Sealed.Level
	})
	if len(completed) != 1 || len(ev.ofType(event.EnvelopeCompleted)) != 1 || !at(env.CompletedAt, completed[0]) {
		out.fail("The record of the completion differs from its event.")
	}
}

// broughtIn is the document that an event brought.
func broughtIn(e event.Event) (storage.Digest, int64) {
	if e.Type == event.EnvelopeDocumentUploaded {
		d := event.DataOf[event.DocumentUploadedData](e)
		return d.DocumentSHA256, d.DocumentSize
	}
	if d := event.DataOf[event.EnvelopeCreatedData](e).CreatedDocument; d != nil {
		return d.DocumentSHA256, d.DocumentSize
	}
	return "", 0
}

// checkEarlier holds the chain against what earlier certificates proved.
func checkEarlier(ev *evidence, out *outcome) {
	if ev.issueErr != nil {
		out.fail("An earlier certificate does not verify: %v.", ev.issueErr)
	}
	for _, x := range ev.issued {
		e, ok := ev.byID[x.entry.EventID]
		switch {
		case !ok:
			out.fail("The event %s, which certificate %s proves, is missing.", x.entry.EventID, x.certificate)
		case tlog.RecordHash(e.Canonical).String() != x.entry.LeafHash:
			out.fail("The event %s is not the one that certificate %s proves.", x.entry.EventID, x.certificate)
		case e.LogIndex == nil || *e.LogIndex != x.entry.Index:
			out.fail("The event %s has another place in the log than certificate %s proves.", x.entry.EventID, x.certificate)
		}
	}
}
