package esign

import (
	"context"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// CorrectRequest corrects a signer who has not signed. Nil fields stay unchanged.
type CorrectRequest struct {
	OrgID, EnvelopeID, SignerID string
	Actor                       Actor
	Email, Name                 *string
	Order                       *int   // 1 to 1,000; the lowest signs first where the signing order is sequential
	IfMatch                     string // an ETag; "" for any
	Also                        func(ctx context.Context, tx storage.Tx, env *Envelope) error
}

// person is what a correction validates.
type person struct {
	Email string `validate:"required,email,max=254"`
	Name  string `validate:"required,max=200"`
}

func (p person) check() error {
	var bad validate.Problems
	bad.Struct(&p)
	line(&bad, "name", p.Name)
	return bad.Err()
}

// CorrectSigner changes the address, the name or the order of a signer who has not signed, without
// voiding the envelope. A new address together with a new name replaces the signer by another
// person. A new address or name invalidates the old link and resets consent and reading, because
// they do not count for another person. The signer is invited again if it is that signer's turn. A
// new order changes whose turn it is; the link of a signer who must wait again opens later. A
// request that changes nothing records no event. A signature page that was added at create keeps
// the printed name; the signature on it and the certificate of completion say who signed.
// *InvalidError; ErrNotFound; ErrSignerNotFound; ErrPrecondition; ErrAlreadySigned; *StateError
// unless the envelope is preparing, sent or viewed.
func (e *Engine) CorrectSigner(ctx context.Context, r CorrectRequest) (*Envelope, error) {
	return e.own().CorrectSigner(ctx, r)
}

// CorrectSigner is [Engine.CorrectSigner].
func (j *Joined) CorrectSigner(ctx context.Context, r CorrectRequest) (*Envelope, error) {
	e := j.engine
	if r.Order != nil && (*r.Order < 1 || *r.Order > maxOrder) {
		return nil, validate.Fail("order", "range", "must be 1 to %d", maxOrder)
	}
	return e.update(ctx, j.store, r.EnvelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if err := env.manageable(r.OrgID, r.IfMatch); err != nil {
			return err
		}
		sg := env.signer(r.SignerID)
		if sg == nil {
			return ErrSignerNotFound
		}
		if sg.Status == SignerSigned {
			return ErrAlreadySigned
		}
		if _, err := env.Status.After(VerbCorrect); err != nil {
			return err
		}
		was := *sg
		assign(&sg.Email, r.Email)
		assign(&sg.Name, r.Name)
		if err := (person{sg.Email, sg.Name}).check(); err != nil {
			return err
		}
		if r.Order != nil {
			sg.Order = *r.Order
		}
		if sg.Email != was.Email || sg.Name != was.Name || sg.Order != was.Order {
			if err := e.correct(ctx, s, env, was, r.Actor); err != nil {
				return err
			}
		}
		return also(ctx, s, r.Also, env)
	})
}

func assign[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// correct records the change of a signer from was to its state in env.
func (e *Engine) correct(ctx context.Context, s Store, env *Envelope, was Signer, actor Actor) error {
	sg, now := env.signer(was.ID), e.now()
	person := sg.Email != was.Email || sg.Name != was.Name
	if person {
		sg.startAnew()
		if err := s.ForgetShowings(ctx, sg.ID); err != nil {
			return err
		}
	}
	turn := env.turnsAfterCorrection(now)
	if err := s.UpdateSigners(ctx, env.ID, env.Signers...); err != nil {
		return err
	}
	data := event.SignerCorrectedData{SignerID: was.ID, Replaced: person, Notified: signerIDs(turn)}
	if sg = env.signer(was.ID); sg.Order != was.Order {
		data.Order, data.OrderBefore = sg.Order, was.Order
	}
	if err := e.notify(ctx, s, env, turn, NoticeSign, env.Message, now); err != nil {
		return err
	}
	_, err := e.save(ctx, s, env, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeSignerCorrected, Actor: actor, Data: data, Detail: event.Change{
			Email: sg.Email, Name: sg.Name, EmailBefore: was.Email, NameBefore: was.Name,
		},
	})
	return err
}

// startAnew makes the links that a signer had dead, and takes away what was read and
// agreed to by them. Its turn, if it had come, is to be given again.
func (s *Signer) startAnew() {
	s.LinkVersion++
	s.Status = SignerWaiting
	s.NotifiedAt, s.ViewedAt, s.ConsentedAt, s.WithdrawnAt, s.RemindedAt, s.UndeliverableAt = nil, nil, nil, nil, nil, nil
	s.RemindAt = nil
	s.StepUp.Reset()
	s.DisclosureSHA256, s.DisclosureLocale, s.PresentedSHA256, s.UndeliverableStatus = "", "", "", ""
}

// turnsAfterCorrection takes the turn from signers who must wait now, gives it to those
// whose turn it is, and returns the latter. Before the envelope is sent it is nobody's.
func (e *Envelope) turnsAfterCorrection(now time.Time) []Signer {
	sortSigners(e.Signers)
	if e.Status == StatusPreparing {
		return nil
	}
	if i := slices.IndexFunc(e.Signers, func(s Signer) bool { return s.Status != SignerSigned }); i >= 0 && e.SigningOrder == OrderSequential {
		for j := range e.Signers {
			if s := &e.Signers[j]; s.Status != SignerSigned && s.Order > e.Signers[i].Order {
				s.Status = SignerWaiting
			}
		}
	}
	return e.nextTurn(now)
}
