package esign

import (
	"context"
	"errors"
	"regexp"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// UndeliverableError is what a Notifier returns, alone or wrapped, when a signer's
// address cannot be reached for good: the notice is not tried again.
type UndeliverableError struct {
	// Status is an enhanced mail system status code (RFC 3463), such as 5.1.1 for a
	// mailbox that does not exist; "" where none is known.
	Status string
}

func (e *UndeliverableError) Error() string {
	if e.Status == "" {
		return "esign: the signer's address is undeliverable"
	}
	return "esign: the signer's address is undeliverable: " + e.Status
}

// statusTooLate is the status of an address that took no mail in all the time that a
// notice is tried (RFC 3463, section 3.5).
const statusTooLate = "4.4.7"

// Undeliverable says that mail does not reach a signer.
type Undeliverable struct {
	SignerID string
	Email    string // the address that was not reached; "" is the signer's
	Status   string // RFC 3463, such as 5.1.1; "" where none is known
	Actor    Actor
}

var statusCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// MarkUndeliverable records that mail does not reach a signer, for a host whose mail
// provider reports a message that came back: an event, and Signer.UndeliverableAt
// until the address is corrected or the Notifier takes a later notice. A repeat, and
// a report about an address that is no longer the signer's, change nothing.
// *InvalidError; ErrSignerNotFound; *StateError before the envelope is sent and after
// it ended without completion.
func (e *Engine) MarkUndeliverable(ctx context.Context, u Undeliverable) (*Envelope, error) {
	var p validate.Problems
	if u.Status != "" && !statusCode.MatchString(u.Status) {
		p.Add("status", "status", "must be an enhanced mail system status code, such as 5.1.1")
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return e.markSigner(ctx, u.SignerID, func(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
		if sg.UndeliverableAt != nil || u.Email != "" && !SameAddress(u.Email, sg.Email) {
			return nil
		}
		if _, err := env.Status.After(VerbMark); err != nil {
			return err
		}
		now := e.now()
		sg.UndeliverableAt, sg.UndeliverableStatus = &now, u.Status
		if err := s.UpdateSigners(ctx, env.ID, *sg); err != nil {
			return err
		}
		_, err := e.save(ctx, s, env, eventlog.Draft{
			EnvelopeID: env.ID, Type: event.EnvelopeUndeliverable, Actor: u.Actor,
			Data:   event.UndeliverableData{SignerID: sg.ID, Status: u.Status},
			Detail: event.UndeliverableDetail{Email: sg.Email},
		})
		return err
	})
}

// unreached marks a signer whom the Notifier could not reach, unless the envelope
// has ended meanwhile.
func (e *Engine) unreached(ctx context.Context, sg *Signer, status string) error {
	if !statusCode.MatchString(status) {
		status = ""
	}
	_, err := e.MarkUndeliverable(ctx, Undeliverable{SignerID: sg.ID, Email: sg.Email, Status: status, Actor: system})
	if errors.Is(err, ErrState) {
		return nil
	}
	return err
}

// reached takes the mark away that a signer had before the Notifier took a notice.
func (e *Engine) reached(ctx context.Context, before *Signer) error {
	if before.UndeliverableAt == nil {
		return nil
	}
	_, err := e.markSigner(ctx, before.ID, func(ctx context.Context, s Store, env *Envelope, sg *Signer) error {
		if sg.UndeliverableAt == nil || !sg.UndeliverableAt.Equal(*before.UndeliverableAt) {
			return nil
		}
		sg.UndeliverableAt, sg.UndeliverableStatus = nil, ""
		if err := s.UpdateSigners(ctx, env.ID, *sg); err != nil {
			return err
		}
		return env.write(ctx, s, e.now())
	})
	return err
}

// marking changes a signer in the transaction of s.
type marking func(ctx context.Context, s Store, env *Envelope, sg *Signer) error

func (e *Engine) markSigner(ctx context.Context, signerID string, mark marking) (*Envelope, error) {
	env, err := e.cfg.Store.EnvelopeOfSigner(ctx, signerID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrSignerNotFound
	}
	if err != nil {
		return nil, err
	}
	return e.update(ctx, e.cfg.Store, env.ID, func(ctx context.Context, s Store, env *Envelope) error {
		sg := env.signer(signerID)
		if sg == nil {
			return ErrSignerNotFound
		}
		return mark(ctx, s, env, sg)
	})
}
