package esign_test

import (
	"context"
	"errors"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
)

// drawer is a host's renderer that keeps what it was asked to draw.
type drawer struct {
	raw []byte
	err error
}

func (d *drawer) PNG(_ context.Context, raw []byte, _, _ int) ([]byte, error) {
	d.raw = raw
	return []byte("a picture"), d.err
}

func TestPageImage(t *testing.T) {
	t.Parallel()
	without := newBench(t)
	token := without.link(without.create().ID, "ada@example.com")
	if _, err := without.PageImage(t.Context(), esign.PageRequest{Token: token, Page: 1, Width: 100}); !errors.Is(err, esign.ErrNoRenderer) {
		t.Errorf("without a renderer: %v", err)
	}
	d := &drawer{}
	b := newBench(t, func(c *esign.Config) { c.Renderer = d })
	env := b.create()
	token = b.link(env.ID, "ada@example.com")
	for _, r := range []struct {
		page, width int
		want        error
	}{{0, 100, esign.ErrNoPage}, {-1, 100, esign.ErrNoPage}, {5, 100, esign.ErrNoPage}} {
		if _, err := b.PageImage(t.Context(), esign.PageRequest{Token: token, Page: r.page, Width: r.width}); !errors.Is(err, r.want) {
			t.Errorf("page %d: got %v, want %v", r.page, err, r.want)
		}
	}
	for _, width := range []int{0, esign.MinPageWidth - 1, esign.MaxPageWidth + 1} {
		if _, err := b.PageImage(t.Context(), esign.PageRequest{Token: token, Page: 1, Width: width}); invalid(err) == nil {
			t.Errorf("width %d: %v", width, err)
		}
	}
	d.err = errors.New("no ink")
	if _, err := b.PageImage(t.Context(), esign.PageRequest{Token: token, Page: 1, Width: 100}); !errors.Is(err, esign.ErrNotDrawn) || !errors.Is(err, d.err) {
		t.Errorf("a renderer that fails: %v", err)
	}
	if got := b.get(env.ID); got.Status != esign.StatusSent {
		t.Errorf("what was not drawn was read: %s", got.Status)
	}
	d.err = nil
	for n := 1; n < 4; n++ {
		if _, err := b.PageImage(t.Context(), esign.PageRequest{Token: token, Page: n, Width: 100, Client: client}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := b.PageImage(t.Context(), esign.PageRequest{Token: token, Page: 4, Width: 100, Client: client})
	if err != nil || string(f.Content) != "a picture" || f.SHA256 != storage.Sum(f.Content) {
		t.Fatalf("%+v %v", f, err)
	}
	if got := b.get(env.ID); got.Status != esign.StatusViewed || got.Signers[0].PresentedSHA256 != storage.Sum(d.raw) {
		t.Errorf("%s, presented %s, drawn %s", got.Status, got.Signers[0].PresentedSHA256, storage.Sum(d.raw))
	}
}

// TestWhatCannotBeSealedIsSaidAtCreate: a form that is no dictionary is no form; the original is rewritten without it, and
// the seal finds room.
func TestWhatCannotBeSealedIsSaidAtCreate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *esign.CreateRequest) {
		r.Document, r.Signers, r.Fields = testpdf.New(testpdf.Options{Catalog: "/AcroForm[4 0 R]"}), r.Signers[:1], nil
	})
	if !env.Document.Normalized {
		t.Error("the original was taken as it is")
	}
	token := b.link(env.ID, "ada@example.com")
	out, err := b.Sign(t.Context(), typed(token, "Ada Byron", b.read(token)))
	if err != nil || out.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("%+v %v", out, err)
	}
}
