package esign_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// TestDemonstratedConsent: without the code that stands in the signer's own PDF there is
// no consent, and no row and no event has the code.
func TestDemonstratedConsent(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		env := b.create(func(r *createRequest) { r.Consent = esign.ConsentDemonstrated })
		link := b.link(env.ID, "ada@example.com")
		s, err := b.Session(t.Context(), link, client)
		if err != nil || s.ConsentMode != esign.ConsentDemonstrated {
			t.Fatalf("session %+v, %v", s, err)
		}
		f, err := b.DisclosurePDF(t.Context(), link, nil)
		if err != nil {
			t.Fatal(err)
		}
		code := testworld.DemonstrationCode(t, f.Content)
		if bytes.Contains(f.Content, []byte(code)) {
			t.Error("the code can be read without opening the file")
		}
		consent := func(sum storage.Digest, code string) error {
			_, err := b.Consent(t.Context(), esign.ConsentRequest{Token: link, DisclosureSHA256: sum, DemonstrationCode: code, Client: client})
			return err
		}
		for typed, rule := range map[string]string{"": "required", " ": "required", "AAAA-AAAA": "demonstration", code[:8]: "demonstration"} {
			if got := invalid(consent(s.DisclosureSHA256, typed)); !slices.Equal(got, []string{"demonstration_code " + rule}) {
				t.Errorf("%q: got %v, want %s", typed, got, rule)
			}
		}
		if got := invalid(consent(esign.SpanishDisclosure().SHA256(), code)); !slices.Equal(got, []string{"demonstration_code demonstration"}) {
			t.Errorf("the code of another disclosure: got %v", got)
		}
		if n := slices.Index(b.Types(env.ID), event.EnvelopeConsented); n >= 0 {
			t.Error("a refused consent is an event")
		}
		if err := consent(s.DisclosureSHA256, strings.ToLower(code)); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Base.Events(env.ID) {
			if e.Type == event.EnvelopeConsented {
				if d := event.DataOf[event.ConsentedData](e); d.Mode != esign.ConsentDemonstrated {
					t.Errorf("the event says %q", d.Mode)
				}
			}
		}
		all, err := json.Marshal(b.Base.Events(env.ID))
		if err != nil || bytes.Contains(all, []byte(code)) || bytes.Contains(all, []byte(strings.ReplaceAll(code, "-", ""))) {
			t.Errorf("an event has the code, or %v", err)
		}
	})
}

// TestCodeWithoutDemonstration: a click asks for no code and takes none.
func TestCodeWithoutDemonstration(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	link := b.link(env.ID, "ada@example.com")
	_, err := b.Consent(t.Context(), esign.ConsentRequest{
		Token: link, DisclosureSHA256: esign.DefaultDisclosure().SHA256(), DemonstrationCode: "K7QM-2XTR", Client: client,
	})
	if got := invalid(err); !slices.Equal(got, []string{"demonstration_code excluded"}) {
		t.Errorf("got %v, want it excluded", got)
	}
}

// TestNewDisclosureAsksAgain: a consent to an earlier version is none, and a signature
// that was given under it stays (15 USC 7001(c)(1)(D), (c)(4)).
func TestNewDisclosureAsksAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	ada := b.link(env.ID, "ada@example.com")
	b.sign(ada, "Ada Byron")
	next := b.link(env.ID, "lz@example.com")
	session := b.read(next)

	newer := b.reopen(func(c *esign.Config) {
		c.Disclosure = esign.Disclosure{Version: "2", Locale: "en-US", Title: "Consent", Text: "Newer words."}
	})
	if s, err := newer.Session(t.Context(), next, client); err != nil || s.ConsentedAt != nil {
		t.Errorf("consent to the earlier version: %+v, %v", s, err)
	}
	if _, err := newer.Sign(t.Context(), typed(next, "Łukasz Żółć", session)); !errors.Is(err, esign.ErrConsentRequired) {
		t.Errorf("got %v, want ErrConsentRequired", err)
	}
	if s, err := newer.Session(t.Context(), ada, client); err != nil || s.ConsentedAt == nil {
		t.Errorf("the consent of who has signed: %+v, %v", s, err)
	}
	newer.sign(next, "Łukasz Żółć")
	if got := newer.get(env.ID); got.Status != esign.StatusCompleted && got.Status != esign.StatusSigned {
		t.Errorf("got %s after the last signature", got.Status)
	}
}
