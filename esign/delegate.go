package esign

import (
	"context"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// DelegateRequest delegates signing to another person.
type DelegateRequest struct {
	Token       string
	Email, Name string // of the other person
	Client      Client
	Also        func(ctx context.Context, tx storage.Tx, r *SignerResult) error
}

// Delegate replaces a signer created with SignerSpec.Delegate by another person, who cannot
// delegate again. The link becomes invalid, and the other person is invited with a new link and
// must read and consent. A signature page keeps the printed name, as with CorrectSigner. Errors:
// those of Session, *InvalidError, ErrAlreadySigned, ErrDelegation, *StateError.
func (e *Engine) Delegate(ctx context.Context, r DelegateRequest) (*SignerResult, error) {
	if err := (person{r.Email, r.Name}).check(); err != nil {
		return nil, err
	}
	return e.bySigner(ctx, r.Token, "", r.Also, func(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
		if sg.Status == SignerSigned {
			return ErrAlreadySigned
		}
		if _, err := env.Status.After(VerbDelegate); err != nil {
			return err
		}
		switch {
		case !sg.Delegate:
			return ErrDelegation
		case SameAddress(r.Email, sg.Email) && r.Name == sg.Name:
			return validate.Fail("email", "same", "must belong to another person")
		}
		was, now := *sg, e.now()
		sg.Email, sg.Name, sg.TimeZone, sg.Delegate = r.Email, r.Name, "", false
		sg.startAnew()
		env.startTurn(sg, now)
		if err := s.ForgetShowings(ctx, sg.ID); err != nil {
			return err
		}
		if err := e.notify(ctx, s, env, []Signer{*sg}, NoticeSign, env.Message, now); err != nil {
			return err
		}
		return e.saveSigner(ctx, s, env, sg, eventlog.Draft{
			Type: event.EnvelopeDelegated, Data: event.DelegatedData{SignerID: sg.ID}, Detail: event.DelegatedDetail{
				Client: r.Client.detail(),
				Change: event.Change{Email: sg.Email, Name: sg.Name, EmailBefore: was.Email, NameBefore: was.Name},
			},
		})
	})
}
