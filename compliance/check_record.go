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
func checkRecord(f *facts, p *probe) {
	if f.chainErr != nil {
		p.fail("The chain of events does not verify: %v.", f.chainErr)
	}
	if f.redacted > 0 && len(f.typed(event.EnvelopeRedacted)) == 0 {
		p.fail("The details of %s are missing, and no event says that they were erased.", number(f.redacted, "event", "events"))
	}
	if len(f.events) == 0 {
		p.fail("There are no events.")
	}
	if f.log.err != nil {
		p.fail("The transparency log does not verify: %v.", f.log.err)
	} else {
		p.item("checkpoint", f.log.checkpoint.Origin, "", certificate.Verified)
	}
	pending := 0
	for _, e := range f.events {
		if f.log.err != nil {
			break // said once
		}
		index, err := f.logged(e)
		switch {
		case err != nil:
			p.fail("The event %s (%s) is not proved by the log: %v.", e.ID, e.Type, err)
		case index == nil:
			pending++
		}
	}
	checkReferences(f, p)
	checkEarlier(f, p)
	if len(p.problems) > 0 {
		return
	}
	head := f.events[len(f.events)-1]
	p.items = append(p.items, certificate.Item{Kind: "chain_head", Ref: head.ID, SHA256: head.Hash, LogIndex: f.index(head), Basis: certificate.Verified})
	p.note("The whole chain of %s verifies. %s proved to be in the log of size %d, whose checkpoint has a valid signature.",
		number(len(f.events), "event", "events"), number(len(f.events)-pending, "event is", "events are"), f.log.checkpoint.Size)
	if pending > 0 {
		p.note("%s not in the log yet: younger than its merge delay.", number(pending, "event is", "events are"))
	}
}

func (f *facts) index(e event.Event) *int64 {
	i, _ := f.logged(e)
	return i
}

// checkReferences looks for the events that records refer to: one that was cut
// off the end of a chain leaves no gap.
func checkReferences(f *facts, p *probe) {
	need := func(id, whose string) {
		if _, ok := f.byID[id]; !ok {
			p.fail("The event of %s is missing.", whose)
		}
	}
	f.checkEnvelope(p)
	heads := []event.Head{}
	if d := f.envelope.Document; d != nil {
		heads = append(heads, d.Head)
	}
	if s := f.envelope.Sealed; s != nil {
		heads = append(heads, s.Head)
	}
	for _, h := range heads {
		if h.Seq < 1 || h.Seq > int64(len(f.events)) || f.events[h.Seq-1].Hash != h.Hash {
			p.fail("The chain lacks the event %d that the document's record names.", h.Seq)
		}
	}
	if f.original == nil {
		return
	}
	need(f.original.StoredEventID, "the deposit")
	for _, v := range f.versions {
		need(v.EventID, "a version")
	}
	for _, r := range f.register {
		need(r.EventID, "a registered copy")
	}
	for _, c := range f.custody {
		need(c.EventID, "a custody entry")
	}
	checkRelease(f, p)
}

// checkRelease holds the record of a release against its signed statement and its
// events.
func checkRelease(f *facts, p *probe) {
	released := f.typed(event.VaultReleased)
	if f.release == nil {
		if len(released) > 0 {
			p.fail("The chain has an event of the release, but the record of the release is missing.")
		}
		return
	}
	if len(released) != 1 {
		p.fail("The chain has %d events of the release; there must be one.", len(released))
		return
	}
	if f.releaseErr != nil {
		p.fail("The release statement does not verify: %v.", f.releaseErr)
		return
	}
	r, s, e := f.release, f.releaseStatement, released[0]
	d := event.DataOf[event.ReleasedData](e)
	last := f.chainOf[max(len(f.chainOf)-1, 0):]
	acknowledged := only(f.typed(event.VaultAcknowledged))
	for _, x := range []struct {
		what string
		same bool
	}{
		{"id", r.ReleaseID == s.ReleaseID && s.ReleaseID == d.ReleaseID && r.EventID == e.ID},
		{"copy", r.CopyID == s.CopyID && s.CopyID == d.CopyID && r.EnvelopeID == s.EnvelopeID && s.EnvelopeID == f.envelope.ID && r.OrgID == f.original.OrgID},
		{"reason", r.Reason == s.Reason && s.Reason == d.Reason},
		{"note", r.Note == s.Note},
		{"recipient", r.Recipient == s.Recipient && len(last) == 1 && last[0].Recipient != nil && *last[0].Recipient == s.Recipient},
		{"version", r.Version == s.Version && s.Version == d.Version && r.EndsVersion == s.EndsVersion && s.EndsVersion == d.EndsVersion},
		{"digest", r.SHA256 == s.SHA256 && s.SHA256 == d.SHA256 && r.Size == d.Size},
		{"time", r.ReleasedAt.Equal(e.RecordedAt) && at(f.original.ReleasedAt, e)},
		{"acknowledgment", (r.AcknowledgedAt != nil) == (acknowledged != nil) && (acknowledged == nil || at(r.AcknowledgedAt, *acknowledged) && r.FetchedAt != nil)},
		{"time of deletion", (r.DeleteAfter != nil) == (r.AcknowledgedAt != nil) && (r.DeletedAt == nil || r.DeleteAfter != nil && !r.DeletedAt.Before(*r.DeleteAfter)) &&
			(r.DeleteAfter == nil || !r.DeleteAfter.Before(*r.AcknowledgedAt))},
	} {
		if !x.same {
			p.fail("The record of the release differs from its statement and events in its %s.", x.what)
		}
	}
	p.item("release", s.ReleaseID, storage.Sum([]byte(r.Statement)), certificate.Verified)
}

// checkEnvelope holds the envelope's record against the event of its creation.
func (f *facts) checkEnvelope(p *probe) {
	created := f.typed(event.EnvelopeCreated)
	if len(created) != 1 {
		p.fail("The chain has %d events of the envelope's creation; there must be one.", len(created))
		return
	}
	env := f.envelope
	if d, ok := event.DetailOf[event.EnvelopeCreatedDetail](created[0]); ok {
		for _, x := range []struct{ what, row, event string }{
			{"envelope_name", env.Name, d.EnvelopeName},
			{"customer_id", env.CustomerID, d.CustomerID},
			{"customer_name", env.CustomerName, d.CustomerName},
			{"customer_email", env.CustomerEmail, d.CustomerEmail},
		} {
			if x.row != x.event {
				p.fail("The envelope's record differs from the event of its creation in %s.", x.what)
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
		p.fail("The envelope's record counts more or fewer signers than are on record.")
	}
	if event.DataOf[event.EnvelopeCreatedData](created[0]).Kind != env.Kind || !env.CreatedAt.Equal(created[0].RecordedAt) {
		p.fail("The envelope's record differs in kind or time from the event of its creation.")
	}
	f.checkDocument(p)
	if f.original == nil {
		return
	}
	if f.original.Name != env.Name || f.original.CustomerID != env.CustomerID {
		p.fail("The records of copy and envelope differ in the name of the envelope or the customer.")
	}
	status := esign.StatusVaulted
	if f.released() {
		status = esign.StatusReleased
	}
	if env.Status != status || (env.ReleasedAt != nil) != f.released() || f.ended() != nil && !at(env.ReleasedAt, *f.ended()) || env.OrgID != f.original.OrgID {
		p.fail("The records of copy and envelope differ in status, time of release or organization.")
	}
	if env.VaultedAt == nil || !env.VaultedAt.Equal(f.original.VaultedAt) || !f.released() && env.DocumentHash != f.original.DocumentHash {
		p.fail("The records of copy and envelope differ in time of deposit or digest.")
	}
}

// checkDocument holds the records of document and completion against the events
// that name their digests.
func (f *facts) checkDocument(p *probe) {
	env := f.envelope
	if d := env.Document; d != nil {
		brought := append(f.typed(event.EnvelopeCreated), f.typed(event.EnvelopeDocumentUploaded)...)
		last := brought[len(brought)-1]
		if sum, size := broughtIn(last); sum != d.Object.SHA256 || size != d.Object.Size || !at(&d.UploadedAt, last) {
			p.fail("The document's record differs from the event that brought it.")
		}
	}
	if env.Sealed == nil {
		return
	}
	completed := about(f, event.EnvelopeCompleted, func(d event.CompletedData) bool {
		return d.CompletionSHA256 == env.Sealed.Object.SHA256 && d.Level == env.Sealed.Level
	})
	if len(completed) != 1 || len(f.typed(event.EnvelopeCompleted)) != 1 || !at(env.CompletedAt, completed[0]) {
		p.fail("The record of the completion differs from its event.")
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
func checkEarlier(f *facts, p *probe) {
	if f.issueErr != nil {
		p.fail("An earlier certificate does not verify: %v.", f.issueErr)
	}
	for _, x := range f.issued {
		e, ok := f.byID[x.entry.EventID]
		switch {
		case !ok:
			p.fail("The event %s, which certificate %s proves, is missing.", x.entry.EventID, x.certificate)
		case tlog.RecordHash(e.Canonical).String() != x.entry.LeafHash:
			p.fail("The event %s is not the one that certificate %s proves.", x.entry.EventID, x.certificate)
		case e.LogIndex == nil || *e.LogIndex != x.entry.Index:
			p.fail("The event %s has another place in the log than certificate %s proves.", x.entry.EventID, x.certificate)
		}
	}
}
