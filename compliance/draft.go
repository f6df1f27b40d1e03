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
func (e *Engine) draft(f *facts, r certificate.Result, causeID string) (*certificate.Certificate, error) {
	cause, ok := f.byID[causeID]
	if !ok {
		return nil, fmt.Errorf("the event %s is none of this envelope", causeID)
	}
	proof, err := f.logProof(cause)
	if err != nil {
		return nil, err
	}
	c := &certificate.Certificate{
		Type: f.regime.CertificateType, Version: certificate.Version, Cause: certificate.Cause{EventID: cause.ID, Type: cause.Type}, AsOf: certificate.At(f.at),
		Subject: f.subject(), Regime: f.regime.ID, RegimeBasis: f.basis, AuthoritativeCopy: f.held(), Seal: f.printedSeal(),
		Attestation: f.printedAttestation(), Declarations: f.declarations(), Powers: f.powers(),
		Copies: f.copies(), Signatures: f.signatures(), Custody: f.printedCustody(),
		Compliance: r, Log: proof, System: e.system(f),
	}
	if stored := f.stored(); stored != nil {
		c.Jurisdiction = event.DataOf[event.StoredData](*stored).Jurisdiction
	}
	if d := f.deposit(); d != nil && d.Classification != nil {
		c.Classification = (*certificate.Answers)(d.Classification)
	}
	if to := f.holder(); to != nil {
		c.SecuredParty, c.Assignee = party(to.Assignee), party(to.Assignee)
		c.Controller = certificate.Controller{Party: party(to.Controller.Party), BoundBy: to.Controller.BoundBy}
		if e := f.ended(); e != nil {
			c.Controller.Until = timePtr(&e.RecordedAt)
		}
		c.Custodian = certificate.Custodian{Party: party(to.Custodian.Party), Kind: to.Custodian.Kind}
	}
	c.Acknowledgments, c.Custodian.Acknowledgment = f.acknowledgments(), f.acknowledgedNow()
	if e.c.VerifyURL != nil {
		address := e.c.VerifyURL(c.AuthoritativeCopy.SHA256)
		c.VerifyURL = &address
	}
	c.LegalNotice = e.notice(f, c.VerifyURL)
	return c, nil
}

// proven returns the events of a type that are not disproved by the log.
func (f *facts) proven(kind string) []event.Event {
	var list []event.Event
	for _, e := range f.typed(kind) {
		if _, err := f.logged(e); err == nil {
			list = append(list, e)
		}
	}
	return list
}

// stored is the event of the deposit, nil where there is not exactly one.
func (f *facts) stored() *event.Event { return only(f.proven(event.VaultStored)) }

// ended is the event of the release, nil while the copy is live.
func (f *facts) ended() *event.Event { return only(f.proven(event.VaultReleased)) }

func only(list []event.Event) *event.Event {
	if len(list) != 1 {
		return nil
	}
	return &list[0]
}

// subject is what the event of the creation says of the envelope, and its erased
// detail does not.
func (f *facts) subject() certificate.Subject {
	s := certificate.Subject{EnvelopeID: f.envelope.ID, Status: "vaulted"}
	if f.released() {
		s.Status = "released"
	}
	if created := only(f.proven(event.EnvelopeCreated)); created != nil {
		d, _ := event.DetailOf[event.EnvelopeCreatedDetail](*created)
		s.EnvelopeName, s.CustomerID = d.EnvelopeName, d.CustomerID
	}
	return s
}

// held is the authoritative copy as the events of its deposit and release say.
func (f *facts) held() certificate.Held {
	h := certificate.Held{HeldHere: !f.released()}
	stored, ended := f.stored(), f.ended()
	if stored != nil {
		d := event.DataOf[event.StoredData](*stored)
		h.CopyID, h.DepositedSHA256, h.VaultedAt = d.CopyID, d.DepositedSHA256, certificate.At(stored.RecordedAt)
		h.SHA256, h.Size, h.Version = d.SHA256, d.Size, d.Version
	}
	if ended != nil {
		d := event.DataOf[event.ReleasedData](*ended)
		h.ReleasedAt = timePtr(&ended.RecordedAt)
		h.SHA256, h.Size, h.Version = d.SHA256, d.Size, d.Version
	}
	if s := f.releaseStatement; s != nil {
		h.ReleaseReason, h.ReleaseNote = s.Reason, s.Note
		h.Recipient = (*certificate.Recipient)(&s.Recipient)
	}
	return h
}

// custodianName is the custodian's name in the verified custody chain.
func (f *facts) custodianName() string {
	if to := f.holder(); to != nil {
		return to.Custodian.Party.Name
	}
	return ""
}

// printedSeal says what the seal of the newest version itself says.
func (f *facts) printedSeal() certificate.Seal {
	says, err := f.seal(len(f.versions) - 1)
	if err != nil {
		return certificate.Seal{}
	}
	s := certificate.Seal{Mode: says.mode, Level: says.level, TimeSource: says.timeSource, SHA256: says.sha256}
	if stored := f.stored(); stored != nil && says.mode == custody.SealingDetached {
		s.Reason = event.DataOf[event.StoredData](*stored).SealingReason
	}
	return s
}

// acknowledgments are those that verify and have an event.
func (f *facts) acknowledgments() []certificate.Acknowledgment {
	list := []certificate.Acknowledgment{}
	for _, a := range f.acks {
		s, printed := f.acknowledgment(a)
		if s != nil {
			list = append(list, printed)
		}
	}
	return list
}

func (f *facts) acknowledgment(a custody.Acknowledgment) (*custody.AcknowledgmentStatement, certificate.Acknowledgment) {
	sum := storage.Sum([]byte(a.JWS))
	s, err := custody.VerifyAcknowledgment(a.JWS, f.keys)
	if err != nil || s.EnvelopeID != f.envelope.ID || !f.acknowledgedBy(sum) {
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
func (f *facts) acknowledgedNow() *certificate.Acknowledgment {
	holding := f.holding()
	for _, a := range f.acks {
		if s, printed := f.acknowledgment(a); s != nil && holding >= 0 && s.CustodyID == f.chainOf[holding].CustodyID {
			return &printed
		}
	}
	return nil
}

// printedAttestation is the attestation of paper that the deposit's event commits
// to.
func (f *facts) printedAttestation() *certificate.Attestation {
	a := f.attestation()
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
func (f *facts) copies() []certificate.CopyEntry {
	list := []certificate.CopyEntry{}
	for _, r := range f.register {
		e, ok := f.byID[r.EventID]
		if _, err := f.logged(e); !ok || err != nil || !namesCopy(e, r) || !f.registered(r, e) {
			continue // and a check says so
		}
		x := certificate.CopyEntry{
			CopyID: r.ID, Kind: r.Kind, Version: r.RegisteredCopy.Version, SHA256: r.SHA256, MadeAt: certificate.At(e.RecordedAt), GivenTo: by(e.Actor),
		}
		switch {
		case r.err == nil && r.size > 0:
			x.Size = r.size
		default:
			for i := range f.versions {
				if v := &f.versions[i]; v.err == nil && v.whole() == x.SHA256 {
					x.Size = v.size
				}
			}
		}
		list = append(list, x)
	}
	return list
}

// printedCustody is the verified custody chain.
func (f *facts) printedCustody() []certificate.CustodyEntry {
	list := []certificate.CustodyEntry{}
	for i, s := range f.chainOf {
		at, err := environ.Parse(s.At)
		if err != nil {
			continue
		}
		x := certificate.CustodyEntry{
			CustodyID: s.CustodyID, Kind: s.Kind, Version: s.Version, SHA256: s.SHA256, RecordedAt: certificate.At(at),
			Statement: storage.Sum([]byte(f.custody[i].Statement)), Actor: by(s.Consent.Actor), RequestSHA256: s.Consent.RequestSHA256,
		}
		x.Consent, x.ConsentOf = s.Consent.Kind, f.consentOf(s)
		if e := f.custodyEvent(s, f.custody[i].Statement); e != nil {
			x.EventID = e.ID
		}
		if s.From != nil {
			p := party(s.From.Assignee)
			x.From = &p
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
func (f *facts) signatures() []certificate.SignatureEntry {
	list := []certificate.SignatureEntry{}
	created := only(f.proven(event.EnvelopeCreated))
	if created == nil {
		return list
	}
	for _, s := range requiredSigners(*created) { // none: check 4 fails
		x := certificate.SignatureEntry{SignerID: s.SignerID, Name: s.Name, Email: s.Email, Role: s.Role, Auth: s.Auth}
		if e := f.signed(s.SignerID); e != nil {
			x.SignedAt = timePtr(&e.RecordedAt)
			d := event.DataOf[event.SignedData](*e)
			x.Auth, x.DisclosureSHA256, x.PresentedSHA256 = d.Auth, d.DisclosureSHA256, d.PresentedSHA256
			if as, ok := event.DetailOf[event.SignedDetail](*e); ok {
				x.Name, x.Email, x.Role = as.Name, as.Email, as.Role
			}
			if given := f.consent(s.SignerID, *e); given != nil {
				x.ConsentedAt = timePtr(&given.RecordedAt)
			}
		}
		if e := f.disclosed(s.SignerID); e != nil {
			x.LinkDisclosedAt = timePtr(&e.RecordedAt)
		}
		list = append(list, x)
	}
	return list
}

// signed is the event of a signer's signature, nil when there is not one.
func (f *facts) signed(signerID string) *event.Event {
	var list []event.Event
	for _, e := range f.proven(event.EnvelopeSigned) {
		if event.DataOf[event.SignedData](e).SignerID == signerID && e.Actor.ID == signerID {
			list = append(list, e)
		}
	}
	return only(list)
}

func (e *Engine) system(f *facts) certificate.System {
	return certificate.System{
		Name: e.c.System, Version: e.c.Version, Issuer: e.c.Issuer, Anchors: e.c.Anchors,
		RulesVersion: certificate.RulesVersion, RulesSHA256: certificate.RulesSHA256(), Keys: e.systemKeys(f),
	}
}
