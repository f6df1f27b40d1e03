package esign_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/mail"
	"github.com/evaultlib/evault/internal/testsmtp"
	"github.com/evaultlib/evault/storage/event"
)

// answers is a Notifier that gives one answer after the other, then success.
type answers []error

func (a *answers) Notify(context.Context, esign.Notice) error {
	if len(*a) == 0 {
		return nil
	}
	err := (*a)[0]
	*a = (*a)[1:]
	return err
}

// tell lets all that wait be told.
func (b *bench) tell() {
	b.T.Helper()
	if _, err := b.NotifyDue(b.T.Context(), 100); err != nil {
		b.T.Fatal(err)
	}
}

// undeliverable counts the events, and reads the state of the first signer.
func (b *bench) undeliverable(envelopeID string) (events int, status string, marked bool) {
	b.T.Helper()
	for _, e := range b.chain(envelopeID) {
		if e.Type == event.EnvelopeUndeliverable {
			events++
		}
	}
	sg := b.get(envelopeID).Signers[0]
	return events, sg.UndeliverableStatus, sg.UndeliverableAt != nil
}

// TestRefusedAddressIsMarked: an address that is refused for good is not tried
// again, is an event, and is marked until a later notice is taken.
func TestRefusedAddressIsMarked(t *testing.T) {
	t.Parallel()
	notifier := &answers{errors.New("down"), fmt.Errorf("relay: %w", &esign.UndeliverableError{Status: "5.1.1"})}
	b := newBench(t, func(c *esign.Config) { c.Notifier = notifier })
	env := b.create()
	b.tell()
	if n, _, marked := b.undeliverable(env.ID); n != 0 || marked {
		t.Fatalf("a failure that may pass: %d events, marked %v", n, marked)
	}
	b.Clock.Advance(time.Minute)
	tag := b.get(env.ID).ETag()
	b.tell()
	if n, status, marked := b.undeliverable(env.ID); n != 1 || status != "5.1.1" || !marked || b.get(env.ID).ETag() == tag {
		t.Fatalf("refused: %d events, %q, marked %v", n, status, marked)
	}
	last := b.chain(env.ID)[len(b.chain(env.ID))-1]
	if detail, ok := event.DetailOf[event.UndeliverableDetail](last); !ok || detail.Email != "ada@example.com" ||
		event.DataOf[event.UndeliverableData](last) != (event.UndeliverableData{SignerID: env.Signers[0].ID, Status: "5.1.1"}) {
		t.Errorf("event %s %s", last.Data, last.Detail)
	}
	b.Clock.Advance(24 * time.Hour)
	if n, err := b.NotifyDue(t.Context(), 100); n != 0 || err != nil {
		t.Errorf("%d notices are tried again, %v", n, err)
	}
	remind := func() {
		t.Helper()
		if _, err := b.Remind(t.Context(), esign.RemindRequest{OrgID: org, EnvelopeID: env.ID, Actor: key}); err != nil {
			t.Fatal(err)
		}
		b.tell()
	}
	*notifier = answers{&esign.UndeliverableError{Status: "no code"}}
	remind()
	if n, status, _ := b.undeliverable(env.ID); n != 1 || status != "5.1.1" {
		t.Errorf("refused again: %d events, %q", n, status)
	}
	b.Clock.Advance(2 * time.Hour)
	tag = b.get(env.ID).ETag()
	remind()
	if n, status, marked := b.undeliverable(env.ID); n != 1 || status != "" || marked || b.get(env.ID).ETag() == tag {
		t.Errorf("reached: %d events, %q, marked %v", n, status, marked)
	}
}

// TestAddressThatNeverAnswersIsMarked: what is given up after all tries is told to
// the sender.
func TestAddressThatNeverAnswersIsMarked(t *testing.T) {
	t.Parallel()
	never := make(answers, 20)
	for i := range never {
		never[i] = errors.New("down")
	}
	b := newBench(t, func(c *esign.Config) { c.Notifier = &never })
	env := b.create()
	for range 12 {
		b.tell()
		b.Clock.Advance(12 * time.Hour)
	}
	if n, status, marked := b.undeliverable(env.ID); n != 1 || status != "4.4.7" || !marked || len(never) != 8 {
		t.Errorf("%d events, %q, marked %v after %d tries", n, status, marked, 20-len(never))
	}
}

// TestMarkUndeliverable: a host reports what came back.
func TestMarkUndeliverable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	operator := esign.Actor{Kind: "operator", ID: "bounces"}
	mark := func(u esign.Undeliverable) error {
		u.Actor = operator
		_, err := b.MarkUndeliverable(t.Context(), u)
		return err
	}
	id := env.Signers[0].ID
	if err := mark(esign.Undeliverable{SignerID: "sgn_none"}); !errors.Is(err, esign.ErrSignerNotFound) {
		t.Errorf("unknown signer: %v", err)
	}
	if err := mark(esign.Undeliverable{SignerID: id, Status: "gone"}); !slices.Equal(invalid(err), []string{"status status"}) {
		t.Errorf("odd status: %v", err)
	}
	if err := mark(esign.Undeliverable{SignerID: id, Email: "old@example.com"}); err != nil {
		t.Error(err)
	}
	if n, _, marked := b.undeliverable(env.ID); n != 0 || marked {
		t.Errorf("another address: %d events, marked %v", n, marked)
	}
	for range 2 {
		if err := mark(esign.Undeliverable{SignerID: id, Email: "ADA@example.com", Status: "5.2.1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n, status, marked := b.undeliverable(env.ID); n != 1 || status != "5.2.1" || !marked {
		t.Errorf("twice: %d events, %q, marked %v", n, status, marked)
	}
	if last := b.chain(env.ID)[len(b.chain(env.ID))-1]; last.Actor != operator {
		t.Errorf("actor %v", last.Actor)
	}
	b.complete(env.ID)
	if err := mark(esign.Undeliverable{SignerID: env.Signers[1].ID}); err != nil {
		t.Errorf("completed: %v", err)
	}
	draft := b.create(func(r *createRequest) { r.Send = false })
	if err := mark(esign.Undeliverable{SignerID: draft.Signers[0].ID}); !errors.Is(err, esign.ErrState) {
		t.Errorf("draft: got %v, want ErrState", err)
	}
}

// TestMailFailuresTellNoSecret: a mail server that repeats addresses and links in
// its refusals puts none into the log, an event or a row.
func TestMailFailuresTellNoSecret(t *testing.T) {
	t.Parallel()
	replies := []string{"451 4.3.0 %s", "hangup", "550 5.7.1 %s", "550 5.1.1 %s"}
	s := testsmtp.Start(t, testsmtp.Options{Answer: func(verb, line string) string {
		if verb != "RCPT" || len(replies) == 0 {
			return ""
		}
		reply := replies[0]
		replies = replies[1:]
		return strings.ReplaceAll(reply, "%s", line+" https://sign.example.com/AQ")
	}})
	n, err := mail.New(mail.Config{Addr: s.Addr, From: netmail.Address{Address: "sign@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b := newBench(t, func(c *esign.Config) {
		c.Notifier, c.Logger = n, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	env := b.create()
	for range 4 {
		b.tell()
		b.Clock.Advance(12 * time.Hour)
	}
	if n, status, _ := b.undeliverable(env.ID); n != 1 || status != "5.1.1" || strings.Count(log.String(), "notice failed") != 3 {
		t.Fatalf("%d events, %q:\n%s", n, status, log.String())
	}
	token := b.link(env.ID, "ada@example.com")
	for _, secret := range []string{"ada@", "https://", token[:20], "Ada Byron"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, log.String())
		}
	}
	for _, e := range b.chain(env.ID) {
		if bytes.Contains(e.Data, []byte("ada@")) || bytes.Contains(e.Detail, []byte("https://")) || bytes.Contains(e.Detail, []byte(token)) {
			t.Errorf("%s holds a secret: %s %s", e.Type, e.Data, e.Detail)
		}
	}
	slog.New(slog.NewTextHandler(&log, nil)).Info("a host logs it", "notice", esign.Notice{ID: "ntc_1", URL: "https://secret", Email: "ada@example.com"})
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "ada@") || !strings.Contains(log.String(), "ntc_1") {
		t.Errorf("a notice is logged with its link: %s", log.String())
	}
}

// TestExpiryIsTold: to those whose turn had come, once, without a link.
func TestExpiryIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.tell()
	b.Clock.Advance(31 * 24 * time.Hour)
	for range 2 {
		if _, err := b.ExpireDue(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		b.tell()
	}
	var told []esign.Notice
	for _, n := range b.inbox.notices {
		if n.Kind == esign.NoticeExpired {
			told = append(told, n)
		}
	}
	if len(told) != 1 || told[0].Email != "ada@example.com" || told[0].URL != "" || told[0].EnvelopeID != env.ID {
		t.Errorf("told %+v", told)
	}
}
