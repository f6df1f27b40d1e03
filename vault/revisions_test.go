package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// paperWith is a paper document that holds a stream of other bytes.
func paperWith(text, inside string) []byte {
	plain := testpdf.Simple(1, text)
	at := bytes.LastIndex(plain, []byte("\nxref"))
	return slices.Concat(plain[:at], []byte("\n% "+strings.ReplaceAll(inside, "\n", "\n% ")), plain[at:])
}

// extended is raw after a save that appended an object.
func extended(t *testing.T, raw []byte) []byte {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := d.Update()
	if err != nil {
		t.Fatal(err)
	}
	u.Add(pdf.Dict{"Note": pdf.String("more")})
	more, err := u.Close()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(raw, more)
}

// TestPaperInAnyOrder: of the spellings of one paper document only the first is
// vaulted, whichever that is.
func TestPaperInAnyOrder(t *testing.T) {
	t.Parallel()
	comment := []byte("% more\n")
	spellings := func(d []byte) map[string][]byte {
		return map[string][]byte{
			"itself":              d,
			"a comment after":     slices.Concat(d, comment),
			"another after":       slices.Concat(d, []byte("% other\n")),
			"a comment before":    slices.Concat(comment, d),
			"no last line end":    bytes.TrimRight(d, "\r\n"),
			"two line ends":       slices.Concat(d, []byte("\r\n")),
			"saved once more":     extended(t, d),
			"both sides":          slices.Concat(comment, d, comment),
			"saved and commented": slices.Concat(extended(t, extended(t, d)), comment),
		}
	}
	for name, document := range map[string]func(string) []byte{
		"plain":             func(s string) []byte { return testpdf.Simple(1, s) },
		"600 ends inside":   func(s string) []byte { return paperWith(s, strings.Repeat("%%EOF\n", 600)) },
		"600 saves inside":  func(s string) []byte { return paperWith(s, strings.Repeat("startxref\n1\n%%EOF\n", 600)) },
		"line ends of CRLF": func(s string) []byte { return append(bytes.TrimRight(testpdf.Simple(1, s), "\n"), "\r\n"...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			firsts := []string{"itself", "a comment after", "a comment before", "no last line end", "saved and commented"}
			for i := 0; i < len(firsts); i += testenv.Step(2) {
				first := firsts[i]
				files := spellings(document("Paper " + first))
				r := w.paper("env_"+strings.ReplaceAll(first, " ", "_"), files[first])
				if first == "a comment before" {
					r.Source.Sealing = custody.Sealing{Mode: custody.SealingDetached, Reason: "damaged"}
				}
				w.deposit(r)
				for second, file := range files {
					r := w.paper(fmt.Sprintf("env_%s_%s", first, second), file)
					r.OrgID, r.OrgName = "org_other", "Other LLC"
					if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrNotAnOriginal) {
						t.Errorf("%s, then %s: got %v, want ErrNotAnOriginal", first, second, err)
					}
				}
			}
		})
	}
}

// A revision is claimed but neither handed in nor handed out.
func TestRevisionOfPaperIsUnknownToLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := testpdf.Simple(1, "Paper")
	w.deposit(w.paper("env_a", extended(t, d)))
	if s, err := w.Lookup(t.Context(), storage.Sum(d)); err != nil || s != vault.StateUnknown {
		t.Errorf("got %s, %v, want unknown", s, err)
	}
}

// Blanks from which e-sign documents are made stay free.
func TestUnsignedRevisionOfESignStaysFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blank, completion := w.completed("env_a")
	w.deposit(w.requestFor("env_a", nil, completion))
	w.deposit(w.requestFor("env_b", nil, w.sealed(blank)))
	w.deposit(w.paper("env_c", blank))
}

func TestTooManyRevisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := paperWith("Paper", strings.Repeat("startxref\n1\n%%EOF\n", 5000))
	var invalid *vault.InvalidError
	if _, _, err := w.Deposit(t.Context(), w.paper("env_a", many)); !errors.As(err, &invalid) || invalid.Fields[0].Rule != "revisions" {
		t.Errorf("got %v, want an InvalidError that names the revisions", err)
	}
	begin := time.Now()
	big := slices.Concat(testpdf.Simple(1, "Big"), bytes.Repeat([]byte("%%EOF\nstartxref\n"), 1<<20))
	if _, _, err := w.Deposit(t.Context(), w.paper("env_b", big)); !errors.As(err, &invalid) {
		t.Errorf("got %v, want an InvalidError", err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s to refuse a file of %d bytes", took, len(big))
	}
}
