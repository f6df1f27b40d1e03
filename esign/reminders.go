package esign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage/event"
)

// ReminderSchedule says when signers who have not signed are reminded: first
// AfterDays days after their invitation, then every EveryDays days, at most Max
// times. The zero schedule sends no reminders.
type ReminderSchedule struct {
	AfterDays int // 1 to 365
	EveryDays int // 1 to 365; default: AfterDays
	Max       int // 1 to 20; default: 3
}

const (
	maxReminderDays = 365
	maxReminders    = 20
)

func (r *ReminderSchedule) setDefaults() {
	if *r == (ReminderSchedule{}) {
		return
	}
	if r.EveryDays == 0 {
		r.EveryDays = r.AfterDays
	}
	if r.Max == 0 {
		r.Max = 3
	}
}

func (r ReminderSchedule) check(p *validate.Problems) {
	if r == (ReminderSchedule{}) {
		return
	}
	for _, n := range []struct {
		name       string
		value, max int
	}{{"after_days", r.AfterDays, maxReminderDays}, {"every_days", r.EveryDays, maxReminderDays}, {"max", r.Max, maxReminders}} {
		if n.value < 1 || n.value > n.max {
			p.Add("reminders."+n.name, "range", "must be 1 to %d", n.max)
		}
	}
}

// startTurn gives the turn to s.
func (e *Envelope) startTurn(s *Signer, now time.Time) {
	s.Status, s.NotifiedAt, s.RemindersSent, s.RemindAt = SignerNotified, &now, 0, nil
	if e.Reminders.Max > 0 {
		first := now.AddDate(0, 0, e.Reminders.AfterDays)
		s.RemindAt = &first
	}
}

// RemindDue reminds signers by the schedules of their envelopes, of at most limit
// envelopes, and returns of how many. It does nothing without a Notifier.
func (e *Engine) RemindDue(ctx context.Context, limit int) (int, error) {
	if e.cfg.Notifier == nil {
		return 0, nil
	}
	ids, err := e.cfg.Store.RemindersDue(ctx, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("remind: %w", err)
	}
	for n, id := range ids {
		_, err := e.update(ctx, e.cfg.Store, id, e.remindByRule)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return n, fmt.Errorf("remind %s: %w", id, err)
		}
	}
	return len(ids), nil
}

// remindByRule reminds the signers of env who are due, and takes those from the
// schedule who are no longer to be reminded.
func (e *Engine) remindByRule(ctx context.Context, s Store, env *Envelope) error {
	now := e.now()
	_, ended := env.Status.After(VerbRemind)
	var changed, due []Signer
	for i := range env.Signers {
		sg := &env.Signers[i]
		if sg.RemindAt == nil || now.Before(*sg.RemindAt) {
			continue
		}
		sg.RemindAt = nil
		if ended == nil && (sg.Status == SignerNotified || sg.Status == SignerViewed) {
			sg.RemindedAt = &now
			sg.RemindersSent++
			if sg.RemindersSent < env.Reminders.Max {
				next := now.AddDate(0, 0, env.Reminders.EveryDays)
				sg.RemindAt = &next
			}
			due = append(due, *sg)
		}
		changed = append(changed, *sg)
	}
	if err := s.UpdateSigners(ctx, env.ID, changed...); err != nil || len(due) == 0 {
		return err
	}
	if err := e.notify(ctx, s, env, due, NoticeReminder, "", now); err != nil {
		return err
	}
	_, err := e.save(ctx, s, env, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeReminded, Actor: system, Data: event.RemindedData{SignerIDs: signerIDs(due)},
		Detail: event.RemindedDetail{},
	})
	return err
}
