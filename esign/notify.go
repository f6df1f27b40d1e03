package esign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// Kinds of notices.
const (
	NoticeSign      = "sign"      // it is your turn
	NoticeReminder  = "reminder"  // it still is
	NoticeVoided    = "voided"    // it no longer is; Message has the reason
	NoticeDeclined  = "declined"  // another signer declined
	NoticeExpired   = "expired"   // the time to sign has passed
	NoticeCompleted = "completed" // all have signed; the link opens a copy
	NoticeCode      = "code"      // Code is the one-time code that the signer asked for
)

// Notice is a message to a signer.
type Notice struct {
	ID                              string // the same at every try
	Kind                            string
	OrgID, EnvelopeID, EnvelopeName string
	SignerID, Email, Name           string
	Sender                          Sender // as Config.Sender gives it
	Language                        string // BCP 47, in which the signer read the disclosure; "" before
	Message                         string
	URL                             string     // the signing link, a secret; "" if it is no longer valid
	Code                            string     // a secret; NoticeCode only
	ExpiresAt                       *time.Time // of the link, in the signer's time zone: for signing, and once completed for the copy; of Code
}

// LogValue omits names, addresses, the link and the code, which must not be logged.
func (n Notice) LogValue() slog.Value {
	return slog.GroupValue(slog.String("notice_id", n.ID), slog.String("kind", n.Kind), slog.String("envelope_id", n.EnvelopeID))
}

// Notifier sends notices to signers. After an error the notice is sent again
// later, except after an *UndeliverableError, which marks the signer
// undeliverable. Errors are logged and must contain neither address nor link.
type Notifier interface {
	Notify(ctx context.Context, n Notice) error
}

// notify queues a notice to each of signers, in the transaction of s.
func (e *Engine) notify(ctx context.Context, s Store, env *Envelope, signers []Signer, kind, message string, now time.Time) error {
	if e.cfg.Notifier == nil || len(signers) == 0 {
		return nil
	}
	queue := make([]QueuedNotice, len(signers))
	for i, sg := range signers {
		queue[i] = QueuedNotice{
			ID: e.cfg.NewID("ntc"), EnvelopeID: env.ID, SignerID: sg.ID, Kind: kind, Message: message, CreatedAt: now, NextTry: now,
		}
	}
	return s.AddNotices(ctx, queue...)
}

// NotifyDue passes queued notices to the Notifier, at most limit, and returns
// how many were accepted. Each notice is delivered to the Notifier at least
// once. A failed notice is tried again after 1 min, doubling to 12 h, 12 times;
// then the signer is marked undeliverable with the status 4.4.7.
func (e *Engine) NotifyDue(ctx context.Context, limit int) (int, error) {
	if e.cfg.Notifier == nil {
		return 0, nil
	}
	n := 0
	for ; n < limit; n++ {
		now := e.now()
		due, err := e.cfg.Store.TakeNotices(ctx, now, now.Add(noticeLease), 1)
		if err != nil {
			return n, fmt.Errorf("notices: %w", err)
		}
		if len(due) == 0 {
			return n, nil
		}
		if err := e.deliver(ctx, due[0]); err != nil {
			return n, fmt.Errorf("notice %s: %w", due[0].ID, err)
		}
	}
	return n, nil
}

func (e *Engine) deliver(ctx context.Context, q QueuedNotice) error {
	env, err := e.cfg.Store.Envelope(ctx, q.EnvelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return e.cfg.Store.CloseNotice(ctx, q.ID)
	}
	if err != nil {
		return err
	}
	env.judge(e.now())
	sg := env.signer(q.SignerID)
	if sg == nil || !env.stillTrue(q.Kind, sg) {
		return e.cfg.Store.CloseNotice(ctx, q.ID)
	}
	code, inForce := e.code(sg)
	if q.Kind == NoticeCode && !inForce {
		return e.cfg.Store.CloseNotice(ctx, q.ID)
	}
	n := Notice{
		ID: q.ID, Kind: q.Kind, OrgID: env.OrgID, EnvelopeID: env.ID, EnvelopeName: env.Name,
		SignerID: sg.ID, Email: sg.Email, Name: sg.Name, Message: q.Message, Language: sg.DisclosureLocale,
	}
	if n.Sender, err = e.Sender(ctx, env.OrgID); err != nil {
		return err
	}
	if q.Kind == NoticeCode {
		until := sg.StepUp.CodeUntil(e.now()).In(env.ZoneOf(sg))
		n.Code, n.ExpiresAt = code, &until
	}
	if linked(q.Kind) {
		n.URL, n.ExpiresAt = e.cfg.SigningURL(e.token(sg)), env.ExpiresAt
		if q.Kind == NoticeCompleted {
			n.ExpiresAt = env.readableUntil(sg)
		}
		if n.ExpiresAt != nil {
			local := n.ExpiresAt.In(env.ZoneOf(sg))
			n.ExpiresAt = &local
		}
	}
	return e.delivered(ctx, q, sg, e.cfg.Notifier.Notify(ctx, n))
}

// linked reports whether a kind of notice has a link, which the others have no use for.
func linked(kind string) bool {
	return kind == NoticeSign || kind == NoticeReminder || kind == NoticeCompleted
}

// delivered records how the Notifier fared with a notice to sg, as sg was before.
func (e *Engine) delivered(ctx context.Context, q QueuedNotice, sg *Signer, err error) error {
	var refused *UndeliverableError
	switch {
	case err == nil:
		err = e.reached(ctx, sg)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refused):
		err = e.unreached(ctx, sg, refused.Status)
	case q.Tries >= noticeTries:
		e.log.ErrorContext(ctx, "esign: notice given up", "notice_id", q.ID, "envelope_id", q.EnvelopeID, "error", err)
		err = e.unreached(ctx, sg, statusTooLate)
	default:
		return e.postpone(ctx, q, err)
	}
	if err != nil {
		return err
	}
	return e.cfg.Store.CloseNotice(ctx, q.ID)
}

func (e *Engine) postpone(ctx context.Context, q QueuedNotice, err error) error {
	e.log.WarnContext(ctx, "esign: notice failed", "notice_id", q.ID, "envelope_id", q.EnvelopeID, "tries", q.Tries, "error", err)
	pause := min(time.Minute<<(q.Tries-1), 12*time.Hour)
	return e.cfg.Store.PostponeNotice(ctx, q.ID, e.now().Add(pause))
}

// stillTrue reports whether a queued notice would still tell s the truth.
func (e *Envelope) stillTrue(kind string, s *Signer) bool {
	if kind != NoticeSign && kind != NoticeReminder {
		return true
	}
	_, err := e.Status.After(VerbRemind)
	return err == nil && s.Status != SignerSigned && s.Status != SignerWaiting
}

// RemindRequest reminds SignerID, or with "" all whose turn it is. Message is
// plain text, at most 2,000 characters.
type RemindRequest struct {
	OrgID, EnvelopeID string
	Actor             Actor
	SignerID, Message string
	IfMatch           string // an ETag; "" for any
	Also              func(ctx context.Context, tx storage.Tx, r *Reminders) error
}

// Reminder is one signer reminded, or skipped for a reason: not_your_turn,
// already_signed, too_soon.
type Reminder struct {
	SignerID, Email string
	At              time.Time
	Reason          string
	RetryAt         *time.Time // when one skipped too_soon can be reminded; nil otherwise
}

// Reminders lists the signers who were reminded and those who were not.
type Reminders struct{ Reminded, Skipped []Reminder }

// Remind queues reminders, at most one for each signer in Config.RemindInterval.
// ErrPrecondition; ErrSignerNotFound; *StateError unless the envelope is sent or
// viewed.
func (e *Engine) Remind(ctx context.Context, r RemindRequest) (*Reminders, error) {
	return e.own().Remind(ctx, r)
}

// Remind is [Engine.Remind].
func (j *Joined) Remind(ctx context.Context, r RemindRequest) (*Reminders, error) {
	var p validate.Problems
	if text(&p, "message", r.Message); len([]rune(r.Message)) > 2000 {
		p.Add("message", "max", "must be at most 2000 characters")
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	var out *Reminders
	_, err := j.engine.update(ctx, j.store, r.EnvelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if err := env.allow(r.OrgID, r.IfMatch, VerbRemind); err != nil {
			return err
		}
		if r.SignerID != "" && env.signer(r.SignerID) == nil {
			return ErrSignerNotFound
		}
		var due []Signer
		out, due = env.remindable(r.SignerID, j.engine.now(), j.engine.cfg.RemindInterval)
		if err := j.engine.remind(ctx, s, env, due, r); err != nil {
			return err
		}
		return also(ctx, s, r.Also, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (e *Envelope) remindable(only string, now time.Time, every time.Duration) (*Reminders, []Signer) {
	out, due := &Reminders{}, []Signer(nil)
	for i := range e.Signers {
		s := &e.Signers[i]
		if only != "" && s.ID != only {
			continue
		}
		skip := func(reason string) {
			out.Skipped = append(out.Skipped, Reminder{SignerID: s.ID, Email: s.Email, Reason: reason})
		}
		switch {
		case s.Status == SignerSigned:
			skip("already_signed")
		case s.Status == SignerWaiting:
			skip("not_your_turn")
		case s.RemindedAt != nil && now.Before(s.RemindedAt.Add(every)):
			skip("too_soon")
			again := s.RemindedAt.Add(every)
			out.Skipped[len(out.Skipped)-1].RetryAt = &again
		default:
			s.RemindedAt = &now
			s.StepUp.Unlock()
			due = append(due, *s)
			out.Reminded = append(out.Reminded, Reminder{SignerID: s.ID, Email: s.Email, At: now})
		}
	}
	return out, due
}

func (e *Engine) remind(ctx context.Context, s Store, env *Envelope, due []Signer, r RemindRequest) error {
	if len(due) == 0 {
		return nil
	}
	if err := s.UpdateSigners(ctx, env.ID, due...); err != nil {
		return err
	}
	if err := e.notify(ctx, s, env, due, NoticeReminder, r.Message, e.now()); err != nil {
		return err
	}
	_, err := e.save(ctx, s, env, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeReminded, Actor: r.Actor, Data: event.RemindedData{SignerIDs: signerIDs(due)},
		Detail: event.RemindedDetail{Message: r.Message},
	})
	return err
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
