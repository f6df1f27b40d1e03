package compliance

import (
	"fmt"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// draft is the certificate without serial, id and signature. What it prints comes
// from objects that were verified in this evaluation, never from a row: events that
// the log proves, signed statements, seals and bytes. What cannot be verified is
// left empty, and a check says why.
func (e *Engine) draft(ev *evidence, r certificate.Result, causeID string) (*certificate.Certificate, error) {
	cause, ok := ev.byID[causeID]
	if !ok {
		return nil, fmt.Errorf("the event %s does not belong to this envelope", causeID)
	}
	proof, err := ev.logProof(cause)
	if err != nil {
		return nil, err
	}
	c := &certificate.Certificate{
		Type: ev.regime.CertificateType, Version: certificate.Version, Cause: certificate.Cause{EventID: cause.ID, Type: cause.Type}, AsOf: certificate.At(ev.at),
		Subject: ev.subject(), Regime: ev.regime.ID, RegimeBasis: ev.basis, AuthoritativeCopy: ev.held(), Seal: ev.printedSeal(),
		Attestation: ev.printedAttestation(), Declarations: ev.declarations(), Powers: ev.powers(),
		Copies: ev.copies(), Signatures: ev.signatures(), Custody: ev.printedCustody(), Interest: ev.interest(),
		Compliance: r, Log: proof, System: e.system(ev),
	}
	if stored := ev.stored(); stored != nil {
		c.Jurisdiction = event.DataOf[event.StoredData](*stored).Jurisdiction
	}
	if d := ev.deposit(); d != nil && d.Classification != nil {
		c.Classification = (*certificate.Answers)(d.Classification)
	}
	if to := ev.holder(); to != nil {
		c.SecuredParty, c.Assignee = party(to.Assignee), party(to.Assignee)
		c.Controller = certificate.Controller{Party: party(to.Controller.Party), BoundBy: string(to.Controller.BoundBy), ControlKey: to.Controller.ControlKey.Thumbprint()}
		if e := ev.ended(); e != nil {
			c.Controller.Until = timePtr(&e.RecordedAt)
		}
		c.Custodian = certificate.Custodian{Party: party(to.Custodian.Party), Kind: string(to.Custodian.Kind)}
	}
	c.Acknowledgments, c.Custodian.Acknowledgment = ev.acknowledgments(), ev.acknowledgedNow()
	if e.c.VerifyURL != nil {
		address := e.c.VerifyURL(c.AuthoritativeCopy.SHA256)
		c.VerifyURL = &address
	}
	c.LegalNotice = e.notice(ev, c.VerifyURL)
	return c, nil
}

// proven returns the events of a type that are not disproved by the log.
func (ev *evidence) proven(kind string) []event.Event {
	var list []event.Event
	for _, e := range ev.ofType(kind) {
		if _, err := ev.logged(e); err == nil {
			list = append(list, e)
		}
	}
	return list
}

// stored is the event of the deposit, nil where there is not exactly one.
func (ev *evidence) stored() *event.Event { return only(ev.proven(event.VaultStored)) }

// ended is the event of the release, nil while the copy is live.
func (ev *evidence) ended() *event.Event { return only(ev.proven(event.VaultReleased)) }

func only(list []event.Event) *event.Event {
	if len(list) != 1 {
		return nil
	}
	return &list[0]
}

// subject is what the event of the creation says of the envelope, and its erased
// detail does not.
func (ev *evidence) subject() certificate.Subject {
	s := certificate.Subject{EnvelopeID: ev.envelope.ID, Status: "vaulted"}
	if ev.released() {
		s.Status = "released"
	}
	if created := only(ev.proven(event.EnvelopeCreated)); created != nil {
		d, _ := event.DetailOf[event.EnvelopeCreatedDetail](*created)
		s.EnvelopeName, s.CustomerID = d.EnvelopeName, d.CustomerID
	}
	return s
}

// held is the authoritative copy as the events of its deposit, of its last assignment
// and of its release say.
func (ev *evidence) held() certificate.Held {
	h := certificate.Held{HeldHere: !ev.released()}
	stored, ended := ev.stored(), ev.ended()
	if stored != nil {
		d := event.DataOf[event.StoredData](*stored)
		h.CopyID, h.DepositedSHA256, h.VaultedAt = d.CopyID, d.DepositedSHA256, certificate.At(stored.RecordedAt)
		h.SHA256, h.Size, h.Version = d.SHA256, d.Size, d.Version
	}
	if moved := ev.proven(event.CustodyAccepted); len(moved) > 0 {
		d := event.DataOf[event.CustodyAcceptedData](moved[len(moved)-1])
		h.SHA256, h.Size, h.Version = d.SHA256, d.Size, d.Version
	}
	if ended != nil {
		d := event.DataOf[event.ReleasedData](*ended)
		h.ReleasedAt = timePtr(&ended.RecordedAt)
		h.SHA256, h.Size, h.Version = d.SHA256, d.Size, d.Version
	}
	if s := ev.releaseStatement; s != nil {
		h.ReleaseReason, h.ReleaseNote = s.Reason, s.Note
		h.Recipient = (*certificate.Recipient)(&s.Recipient)
	}
	return h
}

// custodianName is the custodian's name in the verified custody chain.
func (ev *evidence) custodianName() string {
	if to := ev.holder(); to != nil {
		return to.Custodian.Party.Name
	}
	return ""
}

// printedSeal says what the seal of the newest version itself says.
func (ev *evidence) printedSeal() certificate.Seal {
	content, err := ev.seal(len(ev.versions) - 1)
	if err != nil {
		return certificate.Seal{}
	}
	s := certificate.Seal{Mode: string(content.mode), Level: content.level, TimeSource: content.timeSource, SHA256: content.sha256}
	if stored := ev.stored(); stored != nil && content.mode == custody.SealingDetached {
		s.Reason = event.DataOf[event.StoredData](*stored).SealingReason
	}
	return s
}

// acknowledgments are those that verify and have an event.
func (ev *evidence) acknowledgments() []certificate.Acknowledgment {
	list := []certificate.Acknowledgment{}
	for _, a := range ev.acks {
		s, printed := ev.acknowledgment(a)
		if s != nil {
			list = append(list, printed)
		}
	}
	return list
}

func (ev *evidence) acknowledgment(a custody.Acknowledgment) (*custody.AcknowledgmentStatement, certificate.Acknowledgment) {
	sum := storage.Sum([]byte(a.JWS))
	s, err := custody.VerifyAcknowledgment(a.JWS, ev.keys)
	if err != nil || s.EnvelopeID != ev.envelope.ID || !ev.acknowledgedBy(sum) {
		return nil, certificate.Acknowledgment{}
	}
	at, err := environ.Parse(s.At)
	if err != nil {
		return nil, certificate.Acknowledgment{}
	}
	return &s, certificate.Acknowledgment{ID: s.AcknowledgmentID, At: certificate.At(at), SHA256: sum}
}

// acknowledgedNow is the acknowledgment of who holds the copy now, nil when there is
// none.
func (ev *evidence) acknowledgedNow() *certificate.Acknowledgment {
	holding := ev.holding()
	for _, a := range ev.acks {
		if s, printed := ev.acknowledgment(a); s != nil && holding >= 0 && s.CustodyID == ev.chain[holding].CustodyID {
			return &printed
		}
	}
	return nil
}

// printedAttestation is the attestation of paper that the deposit's event commits
// to.
func (ev *evidence) printedAttestation() *certificate.Attestation {
	a := ev.attestation()
	if a == nil {
		return nil
	}
	out := &certificate.Attestation{
		AttestedBy: a.AttestedBy, Capacity: a.Capacity, SignedBy: append([]string{}, a.SignedBy...), Origin: a.Origin,
		PaperOriginal: a.PaperOriginal, Holder: a.Holder, DestroyedAt: timePtr(a.DestroyedAt), Statement: a.Statement,
	}
	if k := a.PaperCustodian; k != nil {
		out.PaperCustodian = (*certificate.PaperCustodian)(k)
	}
	return out
}

func party(p custody.Party) certificate.Party { return certificate.Party(p) }

func by(a event.Actor) certificate.By { return certificate.By(a) }

// copies are the registered copies whose events say so. Each value is the event's;
// a size is that of the bytes which have its digest.
func (ev *evidence) copies() []certificate.CopyEntry {
	list := []certificate.CopyEntry{}
	for _, r := range ev.register {
		e, ok := ev.byID[r.EventID]
		if _, err := ev.logged(e); !ok || err != nil || !namesCopy(e, r) || !ev.registered(r, e) {
			continue // and a check says so
		}
		x := certificate.CopyEntry{
			CopyID: r.ID, Kind: string(r.Kind), Version: r.RegisteredCopy.Version, SHA256: r.SHA256, MadeAt: certificate.At(e.RecordedAt), GivenTo: by(e.Actor),
		}
		switch {
		case r.err == nil && r.size > 0:
			x.Size = r.size
		default:
			for i := range ev.versions {
				if v := &ev.versions[i]; v.err == nil && v.whole() == x.SHA256 {
					x.Size = v.size
				}
			}
		}
		list = append(list, x)
	}
	return list
}

// printedCustody is the verified custody chain.
func (ev *evidence) printedCustody() []certificate.CustodyEntry {
	list := []certificate.CustodyEntry{}
	for i, s := range ev.chain {
		at, err := environ.Parse(s.At)
		if err != nil {
			continue
		}
		x := certificate.CustodyEntry{
			CustodyID: s.CustodyID, Kind: string(s.Kind), Version: s.Version, SHA256: s.SHA256, RecordedAt: certificate.At(at),
			Statement: storage.Sum([]byte(ev.custody[i].Statement)), Actor: by(s.Consent.Actor), RequestSHA256: s.Consent.RequestSHA256,
		}
		x.Consent, x.ConsentOf, x.Assignment = string(s.Consent.Kind), ev.consentOf(s), printedAssignment(s)
		if e := ev.custodyEvent(s, ev.custody[i].Statement); e != nil {
			x.EventID = e.ID
		}
		if s.From != nil {
			p := party(s.From.Assignee)
			x.From = &p
		}
		if s.Consent.JWS != "" && x.ConsentOf != "" {
			x.ConsentJWS, x.ControlKey = s.Consent.JWS, s.From.Controller.ControlKey.Thumbprint()
		}
		switch {
		case s.To != nil:
			p := party(s.To.Assignee)
			x.To = &p
		case s.Recipient != nil:
			x.To = &certificate.Party{Name: s.Recipient.Name, Identifier: s.Recipient.Organization, Email: s.Recipient.Email}
		}
		list = append(list, x)
	}
	return list
}

// signatures tells what the events of the signers say.
func (ev *evidence) signatures() []certificate.SignatureEntry {
	list := []certificate.SignatureEntry{}
	created := only(ev.proven(event.EnvelopeCreated))
	if created == nil {
		return list
	}
	for _, s := range ev.requiredSigners(*created) { // none: check 4 fails
		x := certificate.SignatureEntry{SignerID: s.SignerID, Name: s.Name, Email: s.Email, Role: s.Role, Auth: s.Auth}
		if e := ev.signed(s.SignerID); e != nil {
			x.SignedAt = timePtr(&e.RecordedAt)
			d := event.DataOf[event.SignedData](*e)
			x.Auth, x.DisclosureSHA256, x.PresentedSHA256 = d.Auth, d.DisclosureSHA256, d.PresentedSHA256
			if as, ok := event.DetailOf[event.SignedDetail](*e); ok {
				x.Name, x.Email, x.Role = as.Name, as.Email, as.Role
			}
			if given := ev.consent(s.SignerID, *e); given != nil {
				x.ConsentedAt = timePtr(&given.RecordedAt)
			}
		}
		if e := ev.disclosed(s.SignerID); e != nil {
			x.LinkDisclosedAt = timePtr(&e.RecordedAt)
		}
		list = append(list, x)
	}
	return list
}

// signed is the event of a signer's signature, nil when there is not one.
func (ev *evidence) signed(signerID string) *event.Event {
	var list []event.Event
	for _, e := range ev.proven(event.EnvelopeSigned) {
		if event.DataOf[event.SignedData](e).SignerID == signerID && e.Actor.ID == signerID {
			list = append(list, e)
		}
	}
	return only(list)
}

func (e *Engine) system(ev *evidence) certificate.System {
	return certificate.System{
		Name: e.c.System, Version: e.c.Version, Issuer: e.c.Issuer, Anchors: e.c.Anchors,
		RulesVersion: certificate.RulesVersion, RulesSHA256: certificate.RulesSHA256(), Keys: e.systemKeys(ev),
	}
}
