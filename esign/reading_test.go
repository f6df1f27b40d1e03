package esign_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
)

// notViewed tries to sign and returns the pages that the refusal names.
func (b *bench) notViewed(r esign.SignRequest) []int {
	b.T.Helper()
	_, err := b.Sign(b.T.Context(), r)
	var unread *esign.NotViewedError
	if !errors.As(err, &unread) || !errors.Is(err, esign.ErrNotViewed) {
		b.T.Fatalf("sign: got %v, want a *NotViewedError", err)
	}
	return unread.Pages
}

func TestEveryPageIsShownBeforeTheSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *esign.Config) { c.Renderer = &drawer{} })
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	s, err := b.Session(t.Context(), token, client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Consent(t.Context(), esign.ConsentRequest{Token: token, DisclosureSHA256: s.DisclosureSHA256, Client: client}); err != nil {
		t.Fatal(err)
	}
	r := typed(token, "Ada Byron", s)
	page := func(n, width int) *esign.Handout {
		t.Helper()
		h, err := b.OpenPage(t.Context(), esign.PageRequest{Token: token, Page: n, Width: width, Client: client})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	handed := func(h *esign.Handout) {
		t.Helper()
		if err := h.HandedOut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	all := []int{1, 2, 3, 4}
	if got := b.notViewed(r); !slices.Equal(got, all) {
		t.Errorf("nothing was shown, missing %v", got)
	}
	page(1, 700) // never handed out
	if _, err := b.OpenDocument(t.Context(), token, client); err != nil {
		t.Fatal(err)
	}
	if h := page(2, esign.MinPageWidth); h.Counts() {
		t.Error("a picture that nobody can read counts")
	} else {
		handed(h)
	}
	if got := b.notViewed(r); !slices.Equal(got, all) || b.get(env.ID).Status != esign.StatusSent {
		t.Errorf("nothing was handed out, missing %v, status %s", got, b.get(env.ID).Status)
	}
	for _, n := range []int{4, 1, 1, 2} {
		handed(page(n, 700))
	}
	if got := b.notViewed(r); !slices.Equal(got, []int{3}) {
		t.Errorf("missing %v, want page 3", got)
	}
	if s, err = b.Session(t.Context(), token, client); err != nil || !slices.Equal(s.PagesShown, []int{1, 2, 4}) {
		t.Errorf("session: pages %v, %v", s.PagesShown, err)
	}
	if page(4, 700).Counts() || !page(3, 700).Counts() {
		t.Error("a page that was handed out counts again, or one that was not does not")
	}
	handed(page(3, 700))
	if got := b.get(env.ID); got.Status != esign.StatusViewed || got.Signers[0].ViewedAt == nil {
		t.Errorf("every page was shown: %s", got.Status)
	}
	if _, err := b.Sign(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.chain(env.ID) {
		if e.Type != event.EnvelopeViewed && e.Type != event.EnvelopeSigned {
			continue
		}
		var data struct {
			Pages []int `json:"pages_shown"`
		}
		var detail struct {
			At []string `json:"pages_shown_at"`
		}
		if json.Unmarshal(e.Data, &data) != nil || json.Unmarshal(e.Detail, &detail) != nil || !slices.Equal(data.Pages, all) || len(detail.At) != len(all) {
			t.Errorf("%s: data %s, detail %s", e.Type, e.Data, e.Detail)
		}
	}
}

// TestPresentedIsTheOldestStateShown: what was shown in pieces, while another
// signed, is presented as far as every page shows it.
func TestPresentedIsTheOldestStateShown(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *esign.Config) { c.Renderer = &drawer{} })
	env := b.create(func(r *esign.CreateRequest) {
		r.SigningOrder = esign.OrderParallel
		r.Signers = []esign.SignerSpec{{Email: "ada@example.com", Name: "Ada Byron", Role: "buyer"}, {Email: "lz@example.com", Name: "Lz", Role: "seller"}}
	})
	ada := b.link(env.ID, "ada@example.com")
	show := func(n int) {
		t.Helper()
		if _, err := b.PageImage(t.Context(), esign.PageRequest{Token: ada, Page: n, Width: 700}); err != nil {
			t.Fatal(err)
		}
	}
	presented := func() storage.Digest { return b.get(env.ID).Signers[0].PresentedSHA256 }
	show(1)
	b.sign(b.link(env.ID, "lz@example.com"), "Lz")
	first, second := env.Parts[0].SHA256, b.get(env.ID).Parts[1].SHA256
	for n := 2; n <= 4; n++ {
		show(n)
	}
	if presented() != first {
		t.Error("page 1 was shown as it was before the other's signature")
	}
	show(1)
	if presented() != second {
		t.Error("every page was shown with the other's signature")
	}
	b.sign(ada, "Ada Byron")
	if got := b.get(env.ID); got.Status != esign.StatusCompleted {
		t.Errorf("status %s", got.Status)
	}
}

// TestPagesShownAtOnce: pictures that a browser fetches side by side are all kept.
func TestPagesShownAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *esign.Config) { c.Renderer = &drawer{} })
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			if _, err := b.PageImage(t.Context(), esign.PageRequest{Token: token, Page: n%4 + 1, Width: 700}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	viewed := slices.DeleteFunc(types(b.chain(env.ID)), func(kind string) bool { return kind != event.EnvelopeViewed })
	if got := b.get(env.ID); got.Status != esign.StatusViewed || len(viewed) != 1 {
		t.Errorf("status %s, %d events of one view", got.Status, len(viewed))
	}
}

func TestPageRanges(t *testing.T) {
	t.Parallel()
	for want, pages := range map[string][]int{"": nil, "1": {1}, "1–3": {1, 2, 3}, "2, 4–5, 9": {2, 4, 5, 9}} {
		if got := esign.PageRanges(pages); got != want {
			t.Errorf("%v: got %q, want %q", pages, got, want)
		}
	}
}
