package esign_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// sendCode asks for a one-time code and returns what the mail says.
func (b *bench) sendCode(token string) string {
	b.T.Helper()
	b.told()
	if _, err := b.SendCode(b.T.Context(), esign.CodeRequest{Token: token, Client: client}); err != nil {
		b.T.Fatal(err)
	}
	told := b.told()
	if len(told) != 1 || told[0].Kind != esign.NoticeCode || len(told[0].Code) != 6 || told[0].URL != "" || told[0].ExpiresAt == nil {
		b.T.Fatalf("told %+v", told)
	}
	return told[0].Code
}

func (b *bench) auth(token, code string) error {
	_, err := b.Authenticate(b.T.Context(), esign.AuthRequest{Token: token, Code: code, Client: client})
	return err
}

// TestEmailCode: until the code of the mail is shown the link shows nothing of the
// document and allows nothing; then for an hour everything; no row, event or log has
// the code.
func TestEmailCode(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		env := b.create(func(r *createRequest) { r.Signers[0].Auth = esign.AuthEmailCode })
		link := b.link(env.ID, "ada@example.com")
		shut := func(when string) {
			t.Helper()
			s, err := b.Session(t.Context(), link, client)
			if err != nil || !s.AuthRequired || s.AuthMethod != esign.AuthEmailCode || len(s.Pages) != 0 || len(s.Fields) != 0 || s.Message != "" {
				t.Errorf("%s: session %+v, %v", when, s, err)
			}
			for name, err := range b.everyVerb(link) {
				if !errors.Is(err, esign.ErrAuthRequired) {
					t.Errorf("%s, %s: got %v, want ErrAuthRequired", when, name, err)
				}
			}
		}
		shut("at first")
		if err := b.auth(link, "000000"); !errors.Is(err, esign.ErrCodeExpired) {
			t.Errorf("before a code was sent: got %v, want ErrCodeExpired", err)
		}
		first := b.sendCode(link)
		code := b.sendCode(link)
		if first != code {
			if err := b.auth(link, first); !errors.Is(err, esign.ErrWrongCode) {
				t.Errorf("the first of two codes: got %v, want ErrWrongCode", err)
			}
		}
		shut("before the code")
		if other := b.link(env.ID, "ada@example.com"); b.auth(other, code[:3]+"-"+code[3:]) != nil {
			t.Error("the right code was refused")
		}
		if err := b.auth(link, code); !errors.Is(err, esign.ErrNoCodeNeeded) {
			t.Errorf("again: got %v, want ErrNoCodeNeeded", err)
		}
		if s, err := b.Session(t.Context(), link, client); err != nil || s.AuthRequired || len(s.Pages) == 0 {
			t.Errorf("after the code: %+v, %v", s, err)
		}
		b.Clock.Advance(stepup.PassLife)
		shut("an hour later")
		if err := b.auth(link, code); !errors.Is(err, esign.ErrCodeExpired) {
			t.Errorf("the code of an hour before: got %v, want ErrCodeExpired", err)
		}
		if err := b.auth(link, b.sendCode(link)); err != nil {
			t.Fatal(err)
		}
		b.sign(link, "Ada Byron")
		for _, e := range b.chain(env.ID) {
			if raw, err := json.Marshal(e); err != nil || strings.Contains(string(raw), `"`+code+`"`) {
				t.Errorf("%s has the code, %v", e.Type, err)
			}
			if e.Type == event.EnvelopeSigned && event.DataOf[event.SignedData](e).Auth != esign.AuthEmailCode {
				t.Errorf("the signature names %q", event.DataOf[event.SignedData](e).Auth)
			}
		}
		b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
		b.certifies(env.ID, "aone-timecodesenttotheaddressabove")
	})
}

// everyVerb does everything that a link allows.
func (b *bench) everyVerb(link string) map[string]error {
	ctx := b.T.Context()
	errOf := func(_ any, err error) error { return err }
	digest := esign.DefaultDisclosure().SHA256()
	return map[string]error{
		"document": errOf(b.Document(ctx, link, client)),
		"readable": errOf(b.Readable(ctx, link)),
		"consent":  errOf(b.Consent(ctx, esign.ConsentRequest{Token: link, DisclosureSHA256: digest, Client: client})),
		"withdraw": errOf(b.WithdrawConsent(ctx, esign.WithdrawRequest{Token: link, Client: client})),
		"decline":  errOf(b.Decline(ctx, esign.DeclineRequest{Token: link, Reason: "no", Client: client})),
		"delegate": errOf(b.Delegate(ctx, esign.DelegateRequest{Token: link, Email: "g@example.com", Name: "G", Client: client})),
		"sign":     errOf(b.Sign(ctx, esign.SignRequest{Token: link, Signature: esign.Signature{Kind: "typed", Text: "Ada"}, Client: client})),
	}
}

// TestCodeGuesses: five wrong answers to a code, five codes; then a reminder unlocks.
func TestCodeGuesses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.Signers[0].Auth = esign.AuthEmailCode })
	link := b.link(env.ID, "ada@example.com")
	for n := range stepup.MaxCodes {
		code := b.sendCode(link)
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		for range stepup.MaxTries {
			if err := b.auth(link, wrong); !errors.Is(err, esign.ErrWrongCode) {
				t.Fatalf("code %d: got %v, want ErrWrongCode", n, err)
			}
		}
		if err := b.auth(link, code); !errors.Is(err, esign.ErrAuthLocked) {
			t.Fatalf("code %d, the right one after five wrong ones: got %v, want ErrAuthLocked", n, err)
		}
	}
	if _, err := b.SendCode(t.Context(), esign.CodeRequest{Token: link}); !errors.Is(err, esign.ErrAuthLocked) {
		t.Errorf("a sixth code: got %v, want ErrAuthLocked", err)
	}
	failed := 0
	for _, e := range b.chain(env.ID) {
		if e.Type == event.EnvelopeAuthFailed {
			failed++
		}
	}
	if failed != stepup.MaxTries*stepup.MaxCodes {
		t.Errorf("%d events of wrong codes", failed)
	}
	b.Clock.Advance(2 * time.Hour)
	if _, err := b.Remind(t.Context(), esign.RemindRequest{OrgID: env.OrgID, EnvelopeID: env.ID, Actor: key}); err != nil {
		t.Fatal(err)
	}
	if err := b.auth(link, b.sendCode(link)); err != nil {
		t.Errorf("after a reminder: got %v", err)
	}
}

// TestRacingCodes: of many answers with the right code at once one counts, and wrong
// ones at once are each counted.
func TestRacingCodes(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		env := b.create(func(r *createRequest) { r.Signers[0].Auth = esign.AuthEmailCode })
		link := b.link(env.ID, "ada@example.com")
		atOnce := func(code string) (errs []error) {
			errs = make([]error, 8)
			var wg sync.WaitGroup
			for n := range errs {
				wg.Go(func() { errs[n] = b.auth(link, code) })
			}
			wg.Wait()
			return errs
		}
		code := b.sendCode(link)
		wrong := map[bool]string{true: "111111", false: "000000"}[code == "000000"]
		counts := map[string]int{}
		for _, err := range atOnce(wrong) {
			switch {
			case errors.Is(err, esign.ErrWrongCode):
				counts["wrong"]++
			case errors.Is(err, esign.ErrAuthLocked):
				counts["locked"]++
			default:
				t.Errorf("got %v", err)
			}
		}
		if counts["wrong"] != stepup.MaxTries || counts["locked"] != 3 {
			t.Errorf("got %v", counts)
		}
		passed := 0
		for _, err := range atOnce(b.sendCode(link)) {
			if err == nil {
				passed++
			} else if !errors.Is(err, esign.ErrNoCodeNeeded) {
				t.Errorf("got %v", err)
			}
		}
		if passed != 1 {
			t.Errorf("%d passed, want 1", passed)
		}
	})
}

// TestAccessCode: what the sender agreed on opens the link; it is another person's
// after a correction of the name, and stays the same.
func TestAccessCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) {
		r.Signers[0].Auth, r.Signers[0].AccessCode = esign.AuthAccessCode, "Maple 42"
	})
	link := b.link(env.ID, "ada@example.com")
	if _, err := b.SendCode(t.Context(), esign.CodeRequest{Token: link}); !errors.Is(err, esign.ErrNoCodeNeeded) {
		t.Errorf("a one-time code: got %v, want ErrNoCodeNeeded", err)
	}
	for range stepup.MaxTries {
		if err := b.auth(link, "maple 42"); !errors.Is(err, esign.ErrWrongCode) {
			t.Errorf("wrong: got %v, want ErrWrongCode", err)
		}
	}
	if err := b.auth(link, "Maple 42"); !errors.Is(err, esign.ErrAuthLocked) {
		t.Errorf("after five wrong ones: got %v, want ErrAuthLocked", err)
	}
	b.Clock.Advance(2 * time.Hour)
	if _, err := b.Remind(t.Context(), esign.RemindRequest{OrgID: env.OrgID, EnvelopeID: env.ID, Actor: key}); err != nil {
		t.Fatal(err)
	}
	if err := b.auth(link, " Maple 42 "); err != nil {
		t.Fatal(err)
	}
	name := "Ada King"
	if _, err := b.CorrectSigner(t.Context(), esign.CorrectRequest{OrgID: env.OrgID, EnvelopeID: env.ID, SignerID: env.Signers[0].ID, Name: &name, Actor: key}); err != nil {
		t.Fatal(err)
	}
	link = b.link(env.ID, "ada@example.com")
	if s, err := b.Session(t.Context(), link, client); err != nil || !s.AuthRequired {
		t.Errorf("after the correction: %+v, %v", s, err)
	}
	if err := b.auth(link, "Maple 42"); err != nil {
		t.Error(err)
	}
	b.sign(link, name)
	b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
	b.certifies(env.ID, "anaccesscodeagreedwiththesender")
}
