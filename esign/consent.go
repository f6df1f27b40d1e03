package esign

import (
	"context"
	"strings"

	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// ConsentRequest is a signer's consent to electronic records, 15 USC
// 7001(c)(1), to the disclosure with that digest.
type ConsentRequest struct {
	Token            string
	DisclosureSHA256 storage.Digest
	// DemonstrationCode is the code at the end of that disclosure's PDF, of an envelope
	// with ConsentDemonstrated only; upper or lower case.
	DemonstrationCode string
	Client            Client
	Also              func(ctx context.Context, tx storage.Tx, r *SignerResult) error
}

// SignerResult is the state after a signer's verb.
type SignerResult struct {
	OrgID, EnvelopeID, SignerID string
	Status                      SignerStatus
	EnvelopeStatus              Status
	RedirectURL                 string
}

func result(env *Envelope, s *Signer) *SignerResult {
	return &SignerResult{env.OrgID, env.ID, s.ID, s.Status, env.Status, env.RedirectURL}
}

// Consent records a consent; repeating it changes nothing. Errors: those of
// Session, *InvalidError unless the digest is that of the disclosure in
// force, in one of its languages, and the code, where one is asked for, that of its
// PDF, *StateError, ErrConsents.
func (e *Engine) Consent(ctx context.Context, r ConsentRequest) (*SignerResult, error) {
	d, inForce := e.disclosureOf(r.DisclosureSHA256)
	if !inForce {
		return nil, validate.Fail("disclosure_sha256", "disclosure", "is not the digest of the disclosure in force")
	}
	return e.bySigner(ctx, r.Token, VerbConsent, r.Also, func(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
		if sg.Status == SignerSigned {
			return ErrAlreadySigned
		}
		if sg.Consented() && sg.DisclosureSHA256 == r.DisclosureSHA256 {
			return nil
		}
		if err := e.demonstrated(env, sg, r); err != nil {
			return err
		}
		if sg.ConsentedAt != nil {
			if err := again(ctx, s, env, sg); err != nil {
				return err
			}
		}
		now := e.now()
		sg.ConsentedAt, sg.WithdrawnAt = &now, nil
		sg.DisclosureSHA256, sg.DisclosureLocale = r.DisclosureSHA256, d.Locale
		return e.saveSigner(ctx, s, env, sg, eventlog.Draft{
			Type: event.EnvelopeConsented, Detail: r.Client.detail(), Data: event.ConsentedData{
				SignerID: sg.ID, Mode: env.Consent, DisclosureSHA256: r.DisclosureSHA256,
				DisclosureVersion: d.Version, Locale: d.Locale,
			},
		})
	})
}

// demonstrated judges the code of a consent.
func (e *Engine) demonstrated(env *Envelope, sg *Signer, r ConsentRequest) error {
	const field = "demonstration_code"
	switch {
	case env.Consent != ConsentDemonstrated && r.DemonstrationCode != "":
		return validate.Fail(field, "excluded", "is for the consent demonstrated only")
	case env.Consent != ConsentDemonstrated:
		return nil
	case strings.TrimSpace(r.DemonstrationCode) == "":
		return validate.Fail(field, "required", "is required: it stands at the end of the disclosure's PDF")
	}
	for _, k := range e.cfg.LinkKeys {
		code := stepup.Demonstration(k.Secret, sg.ID, sg.LinkVersion, string(r.DisclosureSHA256))
		if stepup.Demonstrated(code, r.DemonstrationCode) {
			return nil
		}
	}
	return validate.Fail(field, "demonstration", "is not the code at the end of the disclosure's PDF")
}

// consents reports whether the signer's consent is to the disclosure in force: a new
// version asks for a new consent (15 USC 7001(c)(1)(D)). What was signed stays signed.
func (e *Engine) consents(sg *Signer) bool {
	_, inForce := e.disclosureOf(sg.DisclosureSHA256)
	return sg.Consented() && (inForce || sg.Status == SignerSigned)
}

// again is ErrConsents for a signer who has consented as often as allowed.
func again(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
	events, err := s.Events(ctx, env.ID, 0, 0)
	if err != nil {
		return err
	}
	n := 0
	for _, ev := range events {
		if ev.Type == event.EnvelopeConsented && ev.Actor == sg.actor() {
			n++
		}
	}
	if n >= maxConsents {
		return ErrConsents
	}
	return nil
}

// WithdrawRequest withdraws a consent; Reason has at most 2,000 characters.
type WithdrawRequest struct {
	Token, Reason string
	Client        Client
	Also          func(ctx context.Context, tx storage.Tx, r *SignerResult) error
}

// WithdrawConsent records a withdrawal: the signer cannot sign before a new consent. It voids
// nothing, and an earlier signature remains valid (15 USC 7001(c)(4)). ErrConsentRequired without a
// consent.
func (e *Engine) WithdrawConsent(ctx context.Context, r WithdrawRequest) (*SignerResult, error) {
	if err := checkReason(r.Reason, false); err != nil {
		return nil, err
	}
	return e.bySigner(ctx, r.Token, VerbWithdraw, r.Also, func(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
		if !sg.Consented() {
			return ErrConsentRequired
		}
		now := e.now()
		sg.WithdrawnAt = &now
		return e.saveSigner(ctx, s, env, sg, eventlog.Draft{
			Type: event.EnvelopeConsentWithdrawn, Detail: event.ReasonedDetail{Client: r.Client.detail(), Reason: r.Reason}, Data: event.ConsentWithdrawnData{
				SignerID: sg.ID, DisclosureSHA256: sg.DisclosureSHA256, AfterSignature: sg.Status == SignerSigned,
			},
		})
	})
}

// DeclineRequest ends the envelope; Reason is required, at most 2,000 characters.
type DeclineRequest struct {
	Token, Reason string
	Client        Client
	Also          func(ctx context.Context, tx storage.Tx, r *SignerResult) error
}

// Decline ends the envelope with the status declined; the other signers who
// were invited get a notice. ErrAlreadySigned for one who has signed.
func (e *Engine) Decline(ctx context.Context, r DeclineRequest) (*SignerResult, error) {
	if err := checkReason(r.Reason, true); err != nil {
		return nil, err
	}
	return e.bySigner(ctx, r.Token, "", r.Also, func(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
		if sg.Status == SignerSigned {
			return ErrAlreadySigned
		}
		to, err := env.Status.After(VerbDecline)
		if err != nil {
			return err
		}
		now := e.now()
		env.Status, sg.Status, sg.DeclinedAt, sg.DeclineReason = to, SignerDeclined, &now, r.Reason
		if err := e.notify(ctx, s, env, env.told(sg.ID), NoticeDeclined, "", now); err != nil {
			return err
		}
		return e.saveSigner(ctx, s, env, sg, eventlog.Draft{
			Type: event.EnvelopeDeclined, Detail: event.ReasonedDetail{Client: r.Client.detail(), Reason: r.Reason}, Data: event.DeclinedData{SignerID: sg.ID},
		})
	})
}

// bySigner runs fn for the signer of token in one transaction, if v is allowed
// ("" when fn asks the table itself).
func (e *Engine) bySigner(
	ctx context.Context, token string, v Verb, done func(context.Context, storage.Tx, *SignerResult) error,
	fn func(ctx context.Context, s Store, env *Envelope, sg *Signer) error,
) (*SignerResult, error) {
	var out *SignerResult
	err := e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, sg, err := e.open(ctx, s, token)
		if err != nil {
			return err
		}
		if v != "" {
			if _, err := env.Status.After(v); err != nil {
				return err
			}
		}
		if err := fn(ctx, s, env, sg); err != nil {
			return err
		}
		out = result(env, sg)
		return also(ctx, s, done, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// saveSigner writes a signer, the row and an event by that signer.
func (e *Engine) saveSigner(ctx context.Context, s Store, env *Envelope, sg *Signer, d eventlog.Draft) error {
	if err := s.UpdateSigners(ctx, env.ID, *sg); err != nil {
		return err
	}
	d.EnvelopeID, d.Actor = env.ID, sg.actor()
	_, err := e.save(ctx, s, env, d)
	return err
}
