package esign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// How a signer is authenticated. With AuthEmailCode and AuthAccessCode the link shows
// nothing of the document until the signer has shown the code; then for an hour.
const (
	AuthLink       = "link"        // by the signing link alone
	AuthEmailCode  = "email_otp"   // and a one-time code, sent to the signer's address when the signer asks for it
	AuthAccessCode = "access_code" // and a code that sender and signer have agreed on otherwise
)

// method is what the signer must show now.
func (e *Engine) method(sg *Signer) string {
	if e.cfg.DisclosedLinks == LinksStepUp && sg.LinkDisclosedAt != nil && sg.Auth == AuthLink {
		return AuthEmailCode
	}
	return sg.Auth
}

// outstanding reports whether the signer must show a code first.
func (e *Engine) outstanding(sg *Signer) bool {
	return e.method(sg) != AuthLink && !sg.StepUp.Passed(e.now())
}

// open is admit for a link that opens the document now: ErrAuthRequired while a
// step-up is outstanding.
func (e *Engine) open(ctx context.Context, s Store, token string) (*Envelope, *Signer, error) {
	env, sg, err := e.admit(ctx, s, token)
	if err == nil && e.outstanding(sg) {
		return nil, nil, ErrAuthRequired
	}
	return env, sg, err
}

// CodeRequest asks for a one-time code.
type CodeRequest struct {
	Token  string
	Client Client
	Also   func(ctx context.Context, tx storage.Tx, c *CodeSent) error
}

// CodeSent says that a one-time code is on its way.
type CodeSent struct {
	OrgID, EnvelopeID, SignerID string
	Email                       string
	ExpiresAt                   time.Time
}

// SendCode sends a signer of AuthEmailCode a one-time code of six digits by the
// Notifier; the code before ceases to work. A code lives ten minutes and allows five
// wrong answers. Errors: those of Session, ErrNoCodeNeeded, ErrAuthLocked after five
// codes in a day, until the sender reminds the signer.
func (e *Engine) SendCode(ctx context.Context, r CodeRequest) (*CodeSent, error) {
	var out *CodeSent
	err := e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, sg, err := e.admit(ctx, s, r.Token)
		if err != nil {
			return err
		}
		if e.method(sg) != AuthEmailCode || !e.outstanding(sg) {
			return ErrNoCodeNeeded
		}
		now := e.now()
		if err := sg.StepUp.Send(e.cfg.LinkKeys[0].ID, e.cfg.Rand, now); err != nil {
			return authError(err)
		}
		if err := e.notify(ctx, s, env, []Signer{*sg}, NoticeCode, "", now); err != nil {
			return err
		}
		out = &CodeSent{OrgID: env.OrgID, EnvelopeID: env.ID, SignerID: sg.ID, Email: sg.Email, ExpiresAt: *sg.StepUp.CodeUntil(now)}
		if err := e.saveSigner(ctx, s, env, sg, eventlog.Draft{
			Type: event.EnvelopeCodeSent, Detail: r.Client.detail(), Data: event.AuthData{SignerID: sg.ID, Method: AuthEmailCode},
		}); err != nil {
			return err
		}
		return also(ctx, s, r.Also, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AuthRequest is what a signer shows.
type AuthRequest struct {
	Token  string
	Code   string
	Client Client
	Also   func(ctx context.Context, tx storage.Tx, r *SignerResult) error
}

// Authenticate judges a one-time code or an access code. A right one opens the link for
// an hour. Each answer is an event; none holds the code. Errors: those of Session,
// ErrNoCodeNeeded, ErrWrongCode, ErrCodeExpired, ErrAuthLocked.
func (e *Engine) Authenticate(ctx context.Context, r AuthRequest) (*SignerResult, error) {
	if len(r.Code) > 4*stepup.MaxAccess {
		return nil, ErrWrongCode
	}
	_, sg, err := e.admit(ctx, e.cfg.Store, r.Token)
	if err != nil {
		return nil, err
	}
	judged := sg.StepUp.Access
	right := false
	if e.method(sg) == AuthAccessCode && sg.StepUp.Tries < stepup.MaxTries {
		release, err := e.hashing.Acquire(ctx, "")
		if err != nil {
			return nil, err
		}
		right = stepup.SameAccess(judged, r.Code) // outside of the transaction: it takes its time
		release()
	}
	var out *SignerResult
	var refused error
	err = e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, sg, err := e.admit(ctx, s, r.Token)
		switch {
		case err != nil:
			return err
		case !e.outstanding(sg):
			return ErrNoCodeNeeded
		case sg.StepUp.Access != judged:
			return storage.ErrConflict
		}
		method := e.method(sg)
		if method == AuthEmailCode {
			right = e.isCode(sg, r.Code)
		}
		refused = authError(sg.StepUp.Answer(right, method == AuthEmailCode, e.now()))
		d := eventlog.Draft{Type: event.EnvelopeAuthenticated, Detail: r.Client.detail(), Data: event.AuthData{SignerID: sg.ID, Method: method}}
		switch {
		case errors.Is(refused, ErrWrongCode):
			d.Type = event.EnvelopeAuthFailed
		case refused != nil:
			return refused // nothing has changed
		}
		if err := e.saveSigner(ctx, s, env, sg, d); err != nil || refused != nil {
			return err
		}
		out = result(env, sg)
		return also(ctx, s, r.Also, out)
	})
	if err = errors.Join(err, refused); err != nil {
		return nil, err
	}
	return out, nil
}

// isCode reports whether the one-time code of a signer is what was typed.
func (e *Engine) isCode(sg *Signer, typed string) bool {
	code, ok := e.code(sg)
	return ok && stepup.Same(code, typed)
}

// code is the one-time code in force of a signer, made again; false for none.
func (e *Engine) code(sg *Signer) (string, bool) {
	if sg.StepUp.CodeUntil(e.now()) == nil {
		return "", false
	}
	for _, k := range e.cfg.LinkKeys {
		if k.ID == sg.StepUp.KeyID {
			return sg.StepUp.Code(k.Secret, sg.ID, sg.LinkVersion), true
		}
	}
	return "", false
}

// authError is a refusal of the rules of step-up as the engine's.
func authError(err error) error {
	switch {
	case errors.Is(err, stepup.ErrWrong):
		return ErrWrongCode
	case errors.Is(err, stepup.ErrNone):
		return ErrCodeExpired
	case errors.Is(err, stepup.ErrLocked):
		return ErrAuthLocked
	}
	return err
}

// checkAuth judges how a signer of a request is to be authenticated.
func (s *SignerSpec) checkAuth(p *validate.Problems, at string) {
	switch s.Auth {
	case "", AuthLink, AuthEmailCode:
		if s.AccessCode != "" {
			p.Add(at+"access_code", "excluded", "is for the authentication access_code only")
		}
	case AuthAccessCode:
		if n := len([]rune(s.AccessCode)); n < stepup.MinAccess || n > stepup.MaxAccess {
			p.Add(at+"access_code", "length", "must have %d to %d characters", stepup.MinAccess, stepup.MaxAccess)
		}
		line(p, at+"access_code", s.AccessCode)
		if s.Delegate {
			p.Add(at+"delegate", "excluded", "cannot go with an access code, which the other person would not know")
		}
	default:
		p.Add(at+"auth", "oneof", "must be link, email_otp or access_code")
	}
}

// stepUps hashes the access codes of a request, by signer.
func (e *Engine) stepUps(ctx context.Context, signers []SignerSpec) ([]stepup.State, error) {
	out := make([]stepup.State, len(signers))
	for i, s := range signers {
		switch {
		case s.Auth == AuthEmailCode && e.cfg.Notifier == nil:
			return nil, validate.Fail(fmt.Sprintf("signers[%d].auth", i), ruleNotSupported, "email_otp needs a Notifier, and this installation has none")
		case s.Auth != AuthAccessCode:
			continue
		}
		release, err := e.hashing.Acquire(ctx, "")
		if err != nil {
			return nil, err
		}
		out[i].Access, err = stepup.HashAccess(s.AccessCode, e.cfg.Rand)
		release()
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
