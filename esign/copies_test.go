package esign_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/storagetest"
)

// copyFor reads the document as a signer does.
func (b *bench) copyFor(token string) *esign.File {
	b.T.Helper()
	f, err := b.Document(b.T.Context(), token, client)
	if err != nil {
		b.T.Fatal(err)
	}
	return f
}

func (b *bench) copies(envelopeID string) []esign.SignerCopy {
	b.T.Helper()
	copies, err := b.SignerCopies(b.T.Context(), envelopeID)
	if err != nil {
		b.T.Fatal(err)
	}
	return copies
}

// TestOneCopyOfEachState: a state of the document has one copy, with the same
// bytes for every signer at any time, named by an event.
func TestOneCopyOfEachState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.SigningOrder = esign.OrderParallel })
	ada, lz := b.link(env.ID, "ada@example.com"), b.link(env.ID, "lz@example.com")
	first := b.copyFor(ada)
	time.Sleep(2 * time.Millisecond)
	for _, token := range []string{ada, lz, ada} {
		if f := b.copyFor(token); !bytes.Equal(f.Content, first.Content) || f.SHA256 != storage.Sum(f.Content) {
			t.Errorf("another read has the digest %s, the first %s", f.SHA256, first.SHA256)
		}
	}
	b.sign(lz, "Łukasz Żółć")
	second := b.copyFor(ada)
	b.sign(ada, "Ada Byron")
	third := b.copyFor(ada)
	if again := b.copyFor(lz); !bytes.Equal(third.Content, again.Content) {
		t.Error("the completed document has two copies")
	}
	copies := b.copies(env.ID)
	if len(copies) != 3 {
		t.Fatalf("got %d copies, want one for each of 3 states", len(copies))
	}
	events := types(b.chain(env.ID))
	n := 0
	for _, e := range b.chain(env.ID) {
		if e.Type != event.EnvelopeCopyMade {
			continue
		}
		c, f := copies[n], []*esign.File{first, second, third}[n]
		if e.ID != c.EventID || e.Actor != c.GivenTo || c.Object.SHA256 != f.SHA256 || !strings.Contains(string(e.Data), string(f.SHA256)) || !strings.Contains(string(e.Data), c.ID) {
			t.Errorf("copy %d: event %s, copy %+v, file %s", n+1, e.Data, c, f.SHA256)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d events of copies: %v", n, events)
	}
}

// Many readers at once are given one copy.
func TestCopiesRace(t *testing.T) {
	t.Parallel()
	testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
		f := &storagetest.Faults{}
		b := benchOn(t, testdb.Stores(t, open(t, f.Connector)))
		env := b.create(func(r *createRequest) { r.SigningOrder = esign.OrderParallel })
		tokens := []string{b.link(env.ID, "ada@example.com"), b.link(env.ID, "lz@example.com")}
		var wg sync.WaitGroup
		sums := make([]storage.Digest, 8)
		for i := range sums {
			wg.Go(func() {
				f, err := b.Engine.Document(t.Context(), tokens[i%2], client)
				if err != nil {
					t.Error(err)
					return
				}
				sums[i] = storage.Sum(f.Content)
			})
		}
		wg.Wait()
		for _, sum := range sums {
			if sum != sums[0] {
				t.Errorf("got copies %v", sums)
				break
			}
		}
		if n := len(b.copies(env.ID)); n != 1 {
			t.Errorf("%d copies are on record, want 1", n)
		}
	})
}

// A copy stays known whatever becomes of its envelope.
func TestCopiesAreKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	f := b.copyFor(b.link(env.ID, "ada@example.com"))
	known := func(sum storage.Digest) bool {
		ok, err := b.IsCopy(t.Context(), sum)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !known(f.SHA256) || known(storage.Sum(testpdf.Contract(1))) {
		t.Error("a copy of a document that is being signed is not told from other files")
	}
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Reason: "fell through"}); err != nil {
		t.Fatal(err)
	}
	if !known(f.SHA256) {
		t.Error("a copy of a voided document is unknown")
	}
}

// What nobody asked for is made before the vault is told of the copies.
func TestCopyOfCompletedDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.complete(env.ID)
	copies := b.copies(env.ID)
	last := copies[len(copies)-1]
	if done := b.get(env.ID).Sealed; last.Of != done.Object.SHA256 || last.GivenTo.Kind != "system" {
		t.Errorf("got %+v, want a copy of %s", last, done.Object.SHA256)
	}
	if again := b.copies(env.ID); len(again) != len(copies) {
		t.Errorf("%d copies, then %d", len(copies), len(again))
	}
	if f := b.copyFor(b.link(env.ID, "ada@example.com")); f.SHA256 != last.Object.SHA256 {
		t.Errorf("the signer got %s, on record is %s", f.SHA256, last.Object.SHA256)
	}
}

// A copy whose bytes are lost is made again, the same byte for byte.
func TestLostCopyIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	first := b.copyFor(token)
	lost := b.copies(env.ID)[0].Object
	if err := b.Objects.Blobs.Delete(t.Context(), lost.Name); err != nil {
		t.Fatal(err)
	}
	if again := b.copyFor(token); !bytes.Equal(first.Content, again.Content) {
		t.Error("it was made again with other bytes")
	}
	if _, err := b.SignerCopies(t.Context(), "env_absent"); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("of no envelope: got %v, want ErrNotFound", err)
	}
}

// TestWhoSignedReadsAfterTheEnd: who signed an envelope that ended without
// completion reads a copy of what they signed for 30 days; who did not sign reads
// nothing, and nothing else opens.
func TestWhoSignedReadsAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bench, env *esign.Envelope, second string) error{
		"declined": func(b *bench, _ *esign.Envelope, second string) error {
			_, err := b.Decline(t.Context(), esign.DeclineRequest{Token: second, Reason: "Too dear"})
			return err
		},
		"voided": func(b *bench, env *esign.Envelope, _ string) error {
			_, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Reason: "Fell through", Actor: key})
			return err
		},
		"expired": func(b *bench, env *esign.Envelope, _ string) error {
			b.Clock.Advance(31 * 24 * time.Hour)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			env := b.create()
			first := b.link(env.ID, "ada@example.com")
			b.sign(first, "Ada Byron")
			second := b.link(env.ID, "lz@example.com")
			if err := end(b, env, second); err != nil {
				t.Fatal(err)
			}
			one, err := b.Document(t.Context(), first, esign.Client{})
			if err != nil {
				t.Fatal(err)
			}
			two, err := b.Document(t.Context(), first, esign.Client{})
			if err != nil || !bytes.Equal(one.Content, two.Content) {
				t.Errorf("the copy changes, %v", err)
			}
			pages, err := extract.PageTexts(one.Content)
			if err != nil || !strings.Contains(strings.Join(pages, ""), "AdaByron") {
				t.Errorf("the copy does not show the signature: %v", err)
			}
			if is, err := b.IsCopy(t.Context(), one.SHA256); err != nil || !is {
				t.Errorf("the copy is registered: %t, %v", is, err)
			}
			if _, err := b.Document(t.Context(), second, esign.Client{}); !errors.Is(err, esign.ErrLinkGone) {
				t.Errorf("who did not sign: got %v, want ErrLinkGone", err)
			}
			if _, err := b.Session(t.Context(), first, esign.Client{}); !errors.Is(err, esign.ErrLinkGone) {
				t.Errorf("the session: got %v, want ErrLinkGone", err)
			}
			b.Clock.Advance(30*24*time.Hour + time.Minute)
			if _, err := b.Document(t.Context(), first, esign.Client{}); !errors.Is(err, esign.ErrLinkGone) {
				t.Errorf("after 30 days: got %v, want ErrLinkGone", err)
			}
		})
	}
}
