package compliance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/chain"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
)

// Issue issues the certificate that the event cause asks for, and returns the
// same one when it is asked again: one certificate for each cause, whatever the
// evaluation found. Errors: vault.ErrNotVaulted, ErrCertificatePending while the
// events that it rests on are not in the log, storage.ErrUnavailable.
func (e *Engine) Issue(ctx context.Context, envelopeID, cause string) (*Certificate, error) {
	c, err := e.issued(ctx, envelopeID, cause)
	if err == nil || !errors.Is(err, storage.ErrNotFound) {
		return c, err
	}
	f, err := e.gather(ctx, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return e.issue(ctx, f, f.evaluate(), cause)
}

// issued returns the certificate of a cause; storage.ErrNotFound.
func (e *Engine) issued(ctx context.Context, envelopeID, cause string) (*Certificate, error) {
	s, err := e.c.Store.CertificateByCause(ctx, envelopeID, cause)
	if err != nil {
		return nil, err
	}
	keys, err := e.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return s.open(keys)
}

func (e *Engine) issue(ctx context.Context, f *facts, r Result, cause string) (*Certificate, error) {
	if f.copy == nil {
		return nil, vault.ErrNotVaulted
	}
	c, err := e.draft(f, r, cause)
	if err != nil {
		return nil, fmt.Errorf("issue %s: %w", f.envelope.ID, err)
	}
	var out *Certificate
	err = storage.Retry(ctx, func() (err error) {
		out, err = e.sign(ctx, *c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("issue %s: %w", f.envelope.ID, err)
	}
	return out, nil
}

// sign gives a draft the next serial, signs and stores it.
func (e *Engine) sign(ctx context.Context, c Certificate) (*Certificate, error) {
	envelopeID := c.Subject.EnvelopeID
	if done, err := e.issued(ctx, envelopeID, c.Cause.EventID); err == nil || !errors.Is(err, storage.ErrNotFound) {
		return done, err
	}
	before, err := e.c.Store.CertificateBySerial(ctx, envelopeID, 0)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	c.Serial, c.ID = before.Serial+1, e.c.NewID("crt")
	if before.Serial > 0 {
		c.Supersedes = &before.ID
	}
	if c.IssuedAt = At(e.now()); c.IssuedAt.Before(c.AsOf.Time) {
		c.IssuedAt = c.AsOf
	}
	if err := e.CertificateKeys().Check(keyring.Certificate, e.keyID, c.IssuedAt.Time); err != nil {
		return nil, err
	}
	payload, err := c.payload()
	if err != nil {
		return nil, err
	}
	if c.JWS, err = jws.Sign(e.c.Signer, e.keyID, certificateTyp, payload); err != nil {
		return nil, err
	}
	row := StoredCertificate{
		ID: c.ID, EnvelopeID: envelopeID, Serial: c.Serial, CauseID: c.Cause.EventID, IssuedAt: c.IssuedAt.Time,
		SHA256: storage.Sum([]byte(c.JWS)), JWS: c.JWS,
	}
	err = e.c.Store.InTx(ctx, func(ctx context.Context, s Store) error {
		if err := s.InsertCertificate(ctx, row); err != nil {
			return err
		}
		_, err := e.chain.Append(ctx, s, chain.Draft{EnvelopeID: envelopeID, Type: EventCertificateIssued, Actor: system, Data: map[string]any{
			"certificate_id": c.ID, "serial": c.Serial, "cause": c.Cause.EventID, "certificate_sha256": row.SHA256,
		}})
		if err != nil {
			return err
		}
		return s.DeleteDue(ctx, c.Cause.EventID)
	})
	return &c, err
}

// draft is the certificate without serial, id and signature.
func (e *Engine) draft(f *facts, r Result, causeID string) (*Certificate, error) {
	cause, ok := f.byID[causeID]
	if !ok {
		return nil, fmt.Errorf("the event %s is none of this envelope", causeID)
	}
	proof, err := f.logProof(cause)
	if err != nil {
		return nil, err
	}
	cp := f.copy
	c := &Certificate{
		Type: f.regime.CertificateType, Version: CertificateVersion, Cause: Cause{cause.ID, cause.Type}, AsOf: At(f.at),
		Subject: Subject{EnvelopeID: f.envelope.ID, EnvelopeName: f.envelope.Name, CustomerID: f.envelope.CustomerID, Status: "vaulted"},
		Regime:  f.regime.ID, RegimeBasis: cp.RegimeBasis, Jurisdiction: cp.Jurisdiction,
		AuthoritativeCopy: Held{
			CopyID: cp.CopyID, SHA256: cp.DocumentHash, Size: cp.Size, Version: cp.Version,
			DepositedSHA256: cp.Source.Object.SHA256, VaultedAt: At(cp.VaultedAt), HeldHere: true,
		},
		Seal:         Seal{Mode: cp.Seal.Mode, Reason: cp.Seal.Reason, Level: cp.Seal.Level, TimeSource: cp.Seal.TimeSource, SHA256: cp.Seal.SHA256},
		SecuredParty: party(cp.SecuredParty), Assignee: party(cp.SecuredParty),
		Controller:      Controller{party(cp.Controller.Party), cp.Controller.BoundBy},
		Custodian:       Custodian{Party: party(cp.Custodian.Party), Kind: cp.Custodian.Kind},
		Acknowledgments: []Acknowledgment{}, Declarations: f.declarations(), Powers: f.powers(),
		Copies: []CopyEntry{}, Signatures: f.signatures(), Custody: []CustodyEntry{},
		Compliance: r, Log: proof, System: e.system(f), LegalNotice: e.notice(f),
		Attestation: f.printedAttestation(),
	}
	if d := f.deposit(); d != nil && d.Classification != nil {
		c.Classification = (*Answers)(d.Classification)
	}
	for _, a := range f.acks {
		c.Acknowledgments = append(c.Acknowledgments, Acknowledgment{ID: a.ID, At: At(a.At), SHA256: a.SHA256})
		if cp.Acknowledgment != nil && a.ID == cp.Acknowledgment.ID {
			c.Custodian.Acknowledgment = &c.Acknowledgments[len(c.Acknowledgments)-1]
		}
	}
	for _, x := range f.register {
		c.Copies = append(c.Copies, CopyEntry{x.ID, x.Kind, x.Registered.Version, x.SHA256, x.Size, At(x.MadeAt)})
	}
	for _, x := range f.custody {
		c.Custody = append(c.Custody, custodyEntry(x))
	}
	if f.released() {
		c.released(f)
	}
	if e.c.VerifyURL != nil {
		address := e.c.VerifyURL(c.AuthoritativeCopy.SHA256)
		c.VerifyURL = &address
	}
	return c, nil
}

// released makes a draft say that the copy is no longer here.
func (c *Certificate) released(f *facts) {
	c.Subject.Status, c.AuthoritativeCopy.HeldHere = "released", false
	if r := f.release; r != nil {
		c.AuthoritativeCopy.ReleasedAt = atPtr(&r.ReleasedAt)
		c.AuthoritativeCopy.Recipient = &Recipient{r.Recipient.Name, r.Recipient.Organization, r.Recipient.Email}
		c.AuthoritativeCopy.ReleaseReason, c.AuthoritativeCopy.ReleaseNote = r.Reason, r.Note
	}
}

// printedAttestation is the attestation of paper that an event commits to.
func (f *facts) printedAttestation() *Attestation {
	a := f.attestation()
	if a == nil {
		return nil
	}
	return &Attestation{
		AttestedBy: a.AttestedBy, Capacity: a.Capacity, SignedBy: append([]string{}, a.SignedBy...), Origin: a.Origin,
		PaperOriginal: a.PaperOriginal, Holder: a.Holder, DestroyedAt: atPtr(a.DestroyedAt), Statement: a.Statement,
	}
}

func party(p vault.Party) Party { return Party{p.Name, p.Identifier, p.Email} }

func custodyEntry(e vault.CustodyEntry) CustodyEntry {
	out := CustodyEntry{
		CustodyID: e.ID, EventID: e.EventID, Kind: e.Kind, Version: e.Version, SHA256: e.SHA256, Statement: e.StatementSHA256, Consent: e.Consent.Kind, RecordedAt: At(e.RecordedAt),
		Actor: By{Kind: e.Consent.Actor.Kind, ID: e.Consent.Actor.ID}, RequestSHA256: e.Consent.RequestSHA256,
	}
	if e.From != nil {
		out.ConsentOf = "controller"
		if e.From.Controller.BoundBy == vault.BoundByAgent {
			out.ConsentOf = "agent"
		}
	}
	if e.From != nil {
		p := party(e.From.Assignee)
		out.From = &p
	}
	switch {
	case e.To != nil:
		p := party(e.To.Assignee)
		out.To = &p
	case e.Recipient != nil:
		out.To = &Party{Name: e.Recipient.Name, Identifier: e.Recipient.Organization, Email: e.Recipient.Email}
	}
	return out
}

// tells reports whether a certificate repeats what events of this type say.
func tells(kind string) bool {
	switch kind {
	case esign.EventSigned, "vault.stored", vault.EventAttested, "vault.released":
		return true
	}
	return strings.HasPrefix(kind, "custody.")
}

// restsOn reports whether a certificate proves events of this type.
func restsOn(kind string) bool {
	switch kind {
	case esign.EventCompleted, EventPassed, EventFailed:
		return true
	}
	return tells(kind)
}

// logProof proves the events that the certificate rests on, the last integrity
// check and the cause among them; ErrCertificatePending while the cause is not in
// the log.
func (f *facts) logProof(cause chain.Event) (LogProof, error) {
	if f.log.err != nil {
		return LogProof{}, f.log.err
	}
	cp := f.log.checkpoint
	p := LogProof{Origin: cp.Origin, TreeSize: cp.Size, RootHash: cp.Root.String(), Checkpoint: cp.Note, Entries: []LogEntry{}}
	if _, ok := f.log.proofs[cause.ID]; !ok {
		if err := f.log.missing[cause.ID]; err != nil {
			return p, err
		}
		return p, ErrCertificatePending
	}
	for _, e := range f.events {
		if _, ok := f.log.proofs[e.ID]; !ok && tells(e.Type) {
			if err := f.log.missing[e.ID]; err != nil {
				return p, err
			}
			return p, ErrCertificatePending
		}
	}
	checked := f.typed("vault.integrity_checked")
	for _, e := range f.events {
		last := len(checked) > 0 && e.ID == checked[len(checked)-1].ID
		if x, ok := f.log.proofs[e.ID]; ok && (last || e.ID == cause.ID || restsOn(e.Type)) {
			p.Entries = append(p.Entries, x)
		}
	}
	return p, nil
}

// signatures tells what the events of the signers say.
func (f *facts) signatures() []SignatureEntry {
	list := []SignatureEntry{}
	for _, s := range f.envelope.Signers {
		x := SignatureEntry{SignerID: s.ID, Name: s.Name, Email: s.Email, Role: s.Role, Auth: s.Auth}
		for _, e := range f.about(esign.EventSigned, "signer_id", s.ID) { // there is one, or check 4 fails
			x.SignedAt = atPtr(&e.RecordedAt)
			x.DisclosureSHA256, x.PresentedSHA256 = storage.Digest(text(e, "disclosure_sha256")), storage.Digest(text(e, "presented_sha256"))
			if given := f.consent(s.ID, e); given != nil {
				x.ConsentedAt = atPtr(&given.RecordedAt)
			}
		}
		if e := f.disclosed(s.ID); e != nil {
			x.LinkDisclosedAt = atPtr(&e.RecordedAt)
		}
		list = append(list, x)
	}
	return list
}

// declarations are what somebody said and no software can see.
func (f *facts) declarations() []Declaration {
	list := []Declaration{}
	d := f.deposit()
	if d == nil {
		return list
	}
	if a := d.Agreement; a != nil {
		list = append(list, Declaration{
			Kind: "agency", By: f.copy.Controller.Party.Name, SHA256: a.SHA256,
			Statement: fmt.Sprintf("Holds control for the assignee under the agreement %q of %s, and is not the transferor.", a.Reference, stamp.Micro(a.Date).Format("2006-01-02")),
		})
	}
	if a := f.attestation(); a != nil {
		list = append(list, Declaration{Kind: "attestation", By: fmt.Sprintf("%s (%s)", a.AttestedBy, a.Capacity), Statement: a.Statement, SHA256: digestOf(a)})
		media := "The file was born digital."
		if a.Origin == "scan" {
			media = "The file is a scan; the paper original is " + a.PaperOriginal + "."
		}
		if a.DestroyedAt != nil {
			media += " It was destroyed on " + atPtr(a.DestroyedAt).print() + " UTC."
		}
		if a.PaperOriginal == "held" {
			media = fmt.Sprintf("Two media: this file, and a tangible original held by %s.", a.Holder)
		}
		list = append(list, Declaration{Kind: "medium", By: a.AttestedBy, Statement: media})
	}
	if d.Classification != nil {
		list = append(list, Declaration{Kind: "classification", By: f.copy.Controller.Party.Name, Statement: "What the record is, as answered at the deposit.", SHA256: digestOf(d.Classification)})
	}
	return list
}

// powers says who can do what to this copy, from the rules that the vault's code
// enforces.
func (f *facts) powers() []Power {
	if f.released() {
		return []Power{{"hold", "nobody here", "The original was handed over. What is here are copies and records."}}
	}
	c := f.copy
	controller := c.Controller.Party.Name
	release := "To a recipient that it names, by a key of its organization with the scope vault:release."
	if c.Controller.BoundBy == vault.BoundByNone {
		release = "To the assignee " + c.SecuredParty.Name + " only: nobody is on record as acting for it."
	}
	return []Power{
		{"release", controller, release},
		{"inspect", controller, "By a key of its organization with the scope vault:read; each download is registered."},
		{"add or change an assignee", "nobody", "This version of the system offers no assignment; a release hands control over."},
		{"alter the bytes", "nobody", "A version is only ever extended, under a seal and with an event."},
		{"prevent or undo an act of the controller", "nobody", "Neither the transferor, nor a former controller, nor the operator has a verb for it."},
		{"keep", c.Custodian.Party.Name, "As custodian it keeps the bytes and has no verb of its own."},
	}
}

func (e *Engine) system(f *facts) System {
	s := System{Name: e.c.System, Version: e.c.Version, Issuer: e.c.Issuer, Anchors: e.c.Anchors, RulesVersion: RulesVersion, RulesSHA256: RulesSHA256(), Keys: e.systemKeys(f)}
	return s
}

func (e *Engine) notice(f *facts) string {
	text := e.c.LegalNotice
	if text == "" {
		by := "is certified by nobody"
		if e.c.CertifiedBy != "" {
			by = "is certified by " + e.c.CertifiedBy
		}
		text = fmt.Sprintf(LegalNotice, by)
	}
	sentences := append([]string{text}, e.c.Remarks...)
	if slices.ContainsFunc(e.sealKeys(f), func(k keyring.Key) bool { return k.SelfMade }) {
		sentences = append(sentences, "The certificate of the seal leads to a root that this system made itself.")
	}
	if f.basis == BasisDefault {
		sentences = append(sentences, "Nobody classified the record: the regime is the default of this installation.")
	}
	return strings.Join(sentences, " ")
}

// Certificate returns a certificate of the organization's envelope; serial 0 is
// the newest. Errors: vault.ErrNotVaulted, ErrCertificateNotFound, and
// ErrCertificatePending where the newest is not issued yet; translog.ErrRewound
// while the database is behind the anchors of the log, for then the newest
// certificate may be one that it does not know.
func (e *Engine) Certificate(ctx context.Context, orgID, envelopeID string, serial int) (*Certificate, error) {
	if err := e.c.Log.CheckRecent(ctx); err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	copied, err := e.c.Vault.Copy(ctx, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	s, err := e.c.Store.CertificateBySerial(ctx, envelopeID, serial)
	if errors.Is(err, storage.ErrNotFound) {
		if serial == 0 {
			return nil, ErrCertificatePending
		}
		return nil, ErrCertificateNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	keys, err := e.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	c, err := s.open(keys)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	// After a release no answer may say that the original is here.
	if serial == 0 && copied.Status == vault.StatusReleased && c.AuthoritativeCopy.HeldHere {
		return nil, ErrCertificatePending
	}
	return c, nil
}

// States of a certificate.
const (
	StateCurrent    = "current"
	StateSuperseded = "superseded"
	StateUnknown    = "unknown"
)

// State says whether a certificate is the newest of its envelope;
// translog.ErrRewound as for Certificate.
func (e *Engine) State(ctx context.Context, certificateID string) (string, error) {
	if err := e.c.Log.CheckRecent(ctx); err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	s, err := e.c.Store.CertificateByID(ctx, certificateID)
	if errors.Is(err, storage.ErrNotFound) {
		return StateUnknown, nil
	}
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	newest, err := e.c.Store.CertificateBySerial(ctx, s.EnvelopeID, 0)
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	due, err := e.c.Store.DueOf(ctx, s.EnvelopeID) // certificates that supersede this one
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	if newest.ID != s.ID || len(due) > 0 {
		return StateSuperseded, nil
	}
	return StateCurrent, nil
}
