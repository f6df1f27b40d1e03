package compliance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// checkSignatures: everyone whose signature the record requires consented,
// authenticated as asked, and signed; the signatures in the file are valid, or
// the paper's are attested.
func checkSignatures(ev *evidence, out *outcome) {
	if ev.envelope.Kind == esign.KindPaper {
		checkPaper(ev, out)
		return
	}
	if ev.source.err != nil && ev.disposed() {
		out.end(deletedAway)
		return
	}
	if ev.source.err != nil {
		out.fail("The completed document cannot be examined: %v.", ev.source.err)
		return
	}
	created := ev.ofType(event.EnvelopeCreated)
	if len(created) != 1 {
		out.fail("The chain has %d events of the envelope's creation; there must be one.", len(created))
		return
	}
	required := ev.requiredSigners(created[0])
	if len(required) == 0 {
		out.fail("The event of the creation names no signers.")
		return
	}
	if err := esign.CheckFields(ev.envelope, created[0]); err != nil {
		out.fail("What the signers had to fill in differs from the event of the creation: %v.", err)
	}
	states := ev.states(out)
	how := map[string]int{}
	for _, want := range required {
		checkSigner(ev, out, want, states)
		words, basis := ev.identified(want.SignerID, want.Auth)
		how[words]++
		out.item("identification", want.SignerID, "", basis)
	}
	for _, s := range ev.envelope.Signers {
		if !slices.ContainsFunc(required, func(r event.CreatedSigner) bool { return r.SignerID == s.ID }) {
			out.fail("The signer %s is on record, but not in the event of the creation.", s.ID)
		}
	}
	checkCompletion(ev, out)
	if len(out.problems) == 0 {
		out.note("Each of %s consented to electronic records and signed; the document that was presented to each is contained, byte for byte, "+
			"at the beginning of the completed file, whose seal is valid.", number(len(required), "signer", "signers"))
		for _, words := range slices.Sorted(maps.Keys(how)) {
			out.note("Of these, %s %s.", number(how[words], "was", "were"), words)
		}
	}
}

// requiredSigners are the signers that the event of the creation commits to, as they
// were corrected since; where the details were erased, their ids.
func (ev *evidence) requiredSigners(created event.Event) []event.CreatedSigner {
	ids := event.DataOf[event.EnvelopeCreatedData](created).Signers
	detail, _ := event.DetailOf[event.EnvelopeCreatedDetail](created)
	list := make([]event.CreatedSigner, len(ids))
	for i, id := range ids {
		list[i].SignerID = id
		if n := slices.IndexFunc(detail.Signers, func(r event.CreatedSigner) bool { return r.SignerID == id }); n >= 0 {
			list[i] = detail.Signers[n]
		}
		for _, e := range ev.events {
			if c := changed(e, id); c != nil {
				list[i].Email, list[i].Name = c.Email, c.Name
			}
		}
	}
	return list
}

// changed says who the signer is from an event on that corrects it or hands its turn
// over, empty where the detail was erased; nil for other events.
func changed(e event.Event, signerID string) *event.Change {
	switch e.Type {
	case event.EnvelopeSignerCorrected:
		c, _ := event.DetailOf[event.Change](e)
		if event.DataOf[event.SignerCorrectedData](e).SignerID == signerID {
			return &c
		}
	case event.EnvelopeDelegated:
		d, _ := event.DetailOf[event.DelegatedDetail](e)
		if event.DataOf[event.DelegatedData](e).SignerID == signerID {
			return &d.Change
		}
	}
	return nil
}

// states returns the digests of the document's states: of its prefixes at each
// part, recomputed from the completed bytes.
func (ev *evidence) states(out *outcome) map[storage.Digest]bool {
	states := map[storage.Digest]bool{}
	for _, part := range ev.envelope.Parts {
		if ev.source.sum(part.Size) != part.SHA256 {
			out.fail("The completed document does not begin with state %d on record.", part.Seq)
			continue
		}
		states[part.SHA256] = true
	}
	return states
}

func checkSigner(ev *evidence, out *outcome, want event.CreatedSigner, states map[storage.Digest]bool) {
	row := slices.IndexFunc(ev.envelope.Signers, func(s esign.Signer) bool { return s.ID == want.SignerID })
	if row < 0 {
		out.fail("The signer %s is missing from the record.", want.SignerID)
		return
	}
	s := ev.envelope.Signers[row]
	signed := about(ev, event.EnvelopeSigned, func(d event.SignedData) bool { return d.SignerID == want.SignerID })
	if len(signed) != 1 {
		out.fail("The chain has %[2]d events of a signature by signer %[1]s; there must be one.", want.SignerID, len(signed))
		return
	}
	e := signed[0]
	d := event.DataOf[event.SignedData](e)
	if want.Email != "" && (s.Email != want.Email || s.Name != want.Name || s.Role != want.Role || s.Auth != want.Auth) {
		out.fail("The record of signer %s differs from the event of the creation.", want.SignerID)
	}
	if e.Actor.Kind != "signer" || e.Actor.ID != want.SignerID || d.Auth != cmp.Or(want.Auth, s.Auth) || !ev.steppedUp(e, d) {
		out.fail("The event of the signature of signer %s names another actor, or another authentication than was asked for.", want.SignerID)
	}
	if s.Status != esign.SignerSigned || !at(s.SignedAt, e) || d.SignatureKind != s.SignatureKind ||
		d.PresentedSHA256 != s.PresentedSHA256 || d.DisclosureSHA256 != s.DisclosureSHA256 {
		out.fail("The record of signer %s differs from the event of the signature.", want.SignerID)
	}
	if !states[d.PresentedSHA256] || !states[d.DocumentSHA256] {
		out.fail("What signer %s saw or signed is not among the verified states of the completed document.", want.SignerID)
	}
	if err := esign.CheckValues(ev.envelope, e); err != nil {
		out.fail("What signer %s filled in differs from the event of the signature: %v.", want.SignerID, err)
	}
	if s.DeclinedAt != nil || s.DeclineReason != "" || s.WithdrawnAt != nil && !ev.withdrew(want.SignerID) {
		out.fail("The record of signer %s has a refusal or a withdrawal of which there is no event.", want.SignerID)
	}
	switch given := ev.consent(want.SignerID, e); {
	case given == nil:
		out.fail("The signer %s had not consented to electronic records when signing.", want.SignerID)
	case !at(s.ConsentedAt, *given):
		out.fail("The record of signer %s differs from the event of the consent.", want.SignerID)
	default:
		out.event(ev, *given)
	}
	out.event(ev, e)
	if ev.disclosed(want.SignerID) == nil && s.LinkDisclosedAt != nil {
		out.fail("The record of signer %s says that the sender read the link, but no event does.", want.SignerID)
	}
}

// signedAs returns a typed signature and the name of its signer, "" for a drawn
// one and where the detail was erased.
func signedAs(signed event.Event) (typed, name string) {
	d, ok := event.DetailOf[event.SignedDetail](signed)
	if !ok || event.DataOf[event.SignedData](signed).SignatureKind != esign.SignatureTyped {
		return "", ""
	}
	return d.Text, d.Name
}

// sameName compares names as people do: without case, spacing and punctuation.
func sameName(a, b string) bool {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsPunct(r) {
				return -1
			}
			return r
		}, norm.NFKC.String(s))
	}
	return strings.EqualFold(letters(a), letters(b))
}

// disclosed returns the first event by which the sender read the signer's link,
// nil when there is none.
func (ev *evidence) disclosed(signerID string) *event.Event {
	for _, e := range ev.ofType(event.EnvelopeLinksDisclosed) {
		if slices.Contains(event.DataOf[event.LinksDisclosedData](e).SignerIDs, signerID) {
			return &e
		}
	}
	return nil
}

// withdrew reports whether the signer withdrew a consent.
func (ev *evidence) withdrew(signerID string) bool {
	return len(about(ev, event.EnvelopeConsentWithdrawn, func(d event.ConsentWithdrawnData) bool { return d.SignerID == signerID })) > 0
}

// consent returns the signer's last consent before the event, nil when it was
// withdrawn since, or there is none.
func (ev *evidence) consent(signerID string, before event.Event) *event.Event {
	var last *event.Event
	for _, e := range ev.events {
		if e.Seq >= before.Seq {
			break
		}
		switch e.Type {
		case event.EnvelopeConsented:
			d := event.DataOf[event.ConsentedData](e)
			if d.SignerID != signerID {
				continue
			}
			last = &e
			if d.DisclosureSHA256 != event.DataOf[event.SignedData](before).DisclosureSHA256 {
				last = nil
			}
		case event.EnvelopeConsentWithdrawn:
			if event.DataOf[event.ConsentWithdrawnData](e).SignerID == signerID {
				last = nil
			}
		case event.EnvelopeSignerCorrected:
			if d := event.DataOf[event.SignerCorrectedData](e); d.SignerID == signerID && d.Replaced {
				last = nil
			}
		case event.EnvelopeDelegated:
			if event.DataOf[event.DelegatedData](e).SignerID == signerID {
				last = nil
			}
		}
	}
	return last
}

// checkCompletion: the completed bytes are those that the chain names, and the
// signatures in them are valid.
func checkCompletion(ev *evidence, out *outcome) {
	sum := ev.source.whole()
	completed := ev.ofType(event.EnvelopeCompleted)
	if len(completed) != 1 || event.DataOf[event.CompletedData](completed[0]).CompletionSHA256 != sum {
		out.fail("The chain has no event that names the digest of the completed document.")
	} else {
		out.event(ev, completed[0])
	}
	if ev.sourceErr != nil {
		out.fail("The signatures in the completed document cannot be verified: %v.", ev.sourceErr)
		return
	}
	for _, s := range ev.sourceReport.Signatures {
		if !s.OK() {
			out.fail("The signature in the field %s of the completed document does not verify: %s.", s.Field, signatureProblem(s))
		}
	}
	if ev.sourceReport.Problem != "" || lastSignature(ev.sourceReport) == nil {
		out.fail("The completed document has no valid seal. %s", ev.sourceReport.Problem)
		return
	}
	out.item("completion", ev.envelope.ID, sum, certificate.Verified)
}

// checkPaper: somebody declared who signed the paper, and signatures that are in
// the file are not broken.
func checkPaper(ev *evidence, out *outcome) {
	if ev.original == nil {
		out.fail("The paper is not vaulted yet: who signed it is attested with the deposit or after it.")
		return
	}
	a := ev.attestation()
	if a == nil {
		out.fail("No proved attestation says who signed the document.")
	} else {
		if !sameJSON(a, ev.original.Attestation) {
			out.fail("The record of the attestation differs from its event.")
		}
		for _, e := range ev.ofType(event.VaultAttested) {
			out.event(ev, e)
		}
		out.item("attestation", a.AttestedBy, digestOf(a), certificate.Declared)
		out.note("%s (%s) declared that the document is signed by %s; the software cannot see ink.", a.AttestedBy, a.Capacity, strings.Join(a.SignedBy, ", "))
	}
	if ev.disposed() {
		out.end(deletedAway)
		return
	}
	if ev.sourceReport == nil {
		return // no PDF signatures could be read; the attestation stands alone
	}
	for _, s := range ev.sourceReport.Signatures {
		// What was filled into a form after a signature breaks it only where that signature, or one before it, forbids it.
		forbidden := s.ChangesAfter == pades.ChangesFilled && s.Problem != s.TrustProblem
		if s.Integrity == pades.IntegrityInvalid || s.ChangesAfter == pades.ChangesSuspicious || forbidden {
			out.fail("The signature in the field %s of the paper's file does not verify: %s.", s.Field, signatureProblem(s))
			continue
		}
		if s.ChangesAfter == pades.ChangesFilled {
			out.note("After the signature in the field %s the form was filled in: %s.", s.Field, firstChanges(s.Changes))
		}
		out.item("pdf_signature", fmt.Sprintf("%s: integrity %s, trust %s", s.Field, s.Integrity, s.Trust), "", certificate.Verified)
	}
}

// steppedUp reports whether an event says that the signer showed the code that the
// authentication of a signature asks for, as long before it as a code opens a link.
func (ev *evidence) steppedUp(signed event.Event, d event.SignedData) bool {
	if d.Auth == esign.AuthLink {
		return true
	}
	shown := about(ev, event.EnvelopeAuthenticated, func(a event.AuthData) bool { return a.SignerID == d.SignerID && a.Method == d.Auth })
	return slices.ContainsFunc(shown, func(e event.Event) bool {
		return e.Seq < signed.Seq && signed.RecordedAt.Sub(e.RecordedAt) <= stepup.PassLife+time.Minute // the signature takes its time
	})
}
