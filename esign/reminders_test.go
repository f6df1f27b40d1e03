package esign_test

import (
	"slices"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage/event"
)

// TestRemindersBySchedule: whose turn it is is reminded when it is due, as often as the
// sender said; who has signed, or waits, is not.
func TestRemindersBySchedule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.Reminders = esign.ReminderSchedule{AfterDays: 3, EveryDays: 2, Max: 2} })
	b.told()
	due := func(hours int) []string {
		t.Helper()
		b.Clock.Advance(time.Duration(hours) * time.Hour)
		if _, err := b.RemindDue(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		var who []string
		for _, n := range b.told() {
			who = append(who, n.Kind+" "+n.Email)
		}
		return who
	}
	ada := []string{"reminder ada@example.com"}
	for _, c := range []struct {
		hours int
		want  []string
	}{{71, nil}, {1, ada}, {0, nil}, {47, nil}, {1, ada}, {24 * 5, nil}} {
		if got := due(c.hours); !slices.Equal(got, c.want) {
			t.Errorf("after %d hours more: told %q, want %q", c.hours, got, c.want)
		}
	}
	if idle, err := b.Idle(t.Context()); err != nil || !idle {
		t.Errorf("idle %t, %v", idle, err)
	}
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	b.told()
	if got, want := due(72), []string{"reminder lz@example.com"}; !slices.Equal(got, want) {
		t.Errorf("the second signer: told %q, want %q", got, want)
	}
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Actor: key, Reason: "r"}); err != nil {
		t.Fatal(err)
	}
	b.told()
	if got := due(48); len(got) != 0 {
		t.Errorf("voided: told %q", got)
	}
	if left, err := b.DB.ESign().RemindersDue(t.Context(), b.Clock.Now(), 10); err != nil || len(left) != 0 {
		t.Errorf("what has ended stays due: %v, %v", left, err)
	}
	n := 0
	for _, e := range b.chain(env.ID) {
		if e.Type == event.EnvelopeReminded && e.Actor.Kind == "system" {
			n++
		}
	}
	if n != 3 {
		t.Errorf("%d events of reminders, want 3", n)
	}
}

// TestReminderSchedule: what is refused, and what it is when it is not said.
func TestReminderSchedule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, c := range []struct {
		schedule esign.ReminderSchedule
		want     []string
	}{
		{esign.ReminderSchedule{EveryDays: 1}, []string{"reminders.after_days range"}},
		{esign.ReminderSchedule{AfterDays: 366, EveryDays: 1}, []string{"reminders.after_days range"}},
		{esign.ReminderSchedule{AfterDays: 1, EveryDays: -1, Max: 21}, []string{"reminders.every_days range", "reminders.max range"}},
	} {
		r := request()
		r.Reminders = c.schedule
		if _, err := b.Create(t.Context(), r); !slices.Equal(invalid(err), c.want) {
			t.Errorf("%+v: got %v", c.schedule, err)
		}
	}
	env := b.create(func(r *createRequest) { r.Reminders.AfterDays = 7 })
	if want := (esign.ReminderSchedule{AfterDays: 7, EveryDays: 7, Max: 3}); b.get(env.ID).Reminders != want {
		t.Errorf("got %+v, want %+v", b.get(env.ID).Reminders, want)
	}
}
