package vault_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// TestPagesAreVaultedOnce: of files whose pages hold the same the first is
// vaulted, whatever their bytes are.
func TestPagesAreVaultedOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		makes := func(text string) map[string][]byte {
			plain := testpdf.Simple(2, text)
			clean, err := pdfinspect.Normalize(t.Context(), plain, pdf.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			return map[string][]byte{
				"plain": plain, "clean": clean, "other": otherBytes(t, plain),
				"streams": testpdf.Structured(testpdf.ObjectStreams, 2, text), "twice": slices.Concat([]byte("%PDF-1.4\n"), clean),
			}
		}
		for first := range makes("") {
			files := makes("Paper " + first)
			r := w.paper("env_"+first, files[first])
			if first == "twice" {
				r.Source.Sealing = custody.Sealing{Mode: custody.SealingDetached, Reason: "damaged"}
			}
			w.deposit(r)
			for second, file := range files {
				if _, _, err := w.Deposit(t.Context(), w.paper("env_"+first+"_"+second, file)); !errors.Is(err, vault.ErrNotAnOriginal) {
					t.Errorf("%s, then %s: got %v, want ErrNotAnOriginal", first, second, err)
				}
			}
		}
		w.deposit(w.paper("env_different", testpdf.Simple(2, "Paper of another")))
	})
}

// The pages of a completed e-sign document are claimed too, but not where they
// are those of the blank: a download whose seal was taken off is no paper
// original.
func TestPagesOfESignAreClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blank := testpdf.Simple(2, "Contract")
	more, err := overlay.Place(t.Context(), blank, []overlay.Mark{{Page: 1, X: 0.1, Y: 0.8, W: 0.3, H: 0.1, Kind: overlay.MarkSignature, Text: "Ann"}}, overlay.PlaceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	signed := slices.Concat(blank, more)
	w.deposit(w.requestFor("env_a", blank, w.sealed(signed)))
	unsealed, err := pdfinspect.Normalize(t.Context(), signed, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Deposit(t.Context(), w.paper("env_b", unsealed)); !errors.Is(err, vault.ErrNotAnOriginal) {
		t.Errorf("signed pages without their seal: got %v, want ErrNotAnOriginal", err)
	}
	w.deposit(w.requestFor("env_c", blank, w.sealed(w.sealed(blank))))
	if got := string(w.Events("env_c")[0].Data); !strings.Contains(got, `"pages_unread":"signing left the pages`) {
		t.Errorf("the stored event does not say why nothing is compared: %s", got)
	}
	w.deposit(w.paper("env_d", blank))
}

// Empty pages are nobody's.
func TestEmptyPagesAreNotClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, env := range []string{"env_a", "env_b"} {
		empty := slices.Concat(testpdf.Build(testpdf.Classic, testpdf.Page{}), []byte("% "+env+"\n"))
		i := strings.Index(string(empty), "%\xE2")
		empty[i+1] = env[4] // no common beginning
		w.deposit(w.paper(env, empty))
		if got := string(w.Events(env)[0].Data); !strings.Contains(got, `"pages_unread":"the pages are empty"`) {
			t.Errorf("the stored event does not say so: %s", got)
		}
	}
}
