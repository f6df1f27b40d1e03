package vault_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/vault"
)

// otherBytes changes a byte of a comment near the beginning: every digest of the
// file and of its revisions is another, and pages and objects are the same.
func otherBytes(t *testing.T, raw []byte) []byte {
	t.Helper()
	out := bytes.Clone(raw)
	i := bytes.IndexByte(raw, '\n')
	if i < 0 || raw[i+1] != '%' {
		t.Fatal("the file does not begin with header and comment")
	}
	out[i+3] ^= 1
	return out
}

// TestOwnMarksAreNoOriginals: a copy, a version, a report and a draft are told
// by what they say of themselves, though nobody knows their bytes.
func TestOwnMarksAreNoOriginals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	esign, paper := w.deposit(w.request("env_a")), w.deposit(w.paper("env_p", testpdf.Simple(2, "Paper")))
	draft, _, err := overlay.Prepare(t.Context(), testpdf.Contract(2), overlay.Preparation{Legend: copymark.LegendStart + "."})
	if err != nil {
		t.Fatal(err)
	}
	record, err := typeset.PDF(t.Context(), typeset.Report{Title: "Custody record"})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := pdfinspect.Normalize(t.Context(), w.Bytes(esign.Marked.Object), pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Release(t.Context(), release("env_p")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file    []byte
		mark    string
		asESign error
	}{
		"copy, saved again":     {copied, copymark.OwnCopy, vault.ErrNotAnOriginal},
		"copy of paper":         {otherBytes(t, w.Bytes(paper.Marked.Object)), copymark.OwnCopy, vault.ErrNotAnOriginal},
		"version of e-sign":     {otherBytes(t, w.Bytes(w.versions("env_a")[0].Object)), copymark.OwnVaultSeal, vault.ErrNotAnOriginal},
		"version of paper":      {otherBytes(t, w.Bytes(w.versions("env_p")[0].Object)), copymark.OwnVaultSeal, vault.ErrNotAnOriginal},
		"release version":       {otherBytes(t, w.Bytes(w.versions("env_p")[1].Object)), copymark.OwnVaultSeal, vault.ErrNotAnOriginal},
		"draft with the legend": {draft, copymark.OwnLegend, nil}, // esign's own documents bear it
		"custody record":        {record, copymark.OwnRecord, nil},
	} {
		id := strings.NewReplacer(" ", "_", ",", "").Replace(name)
		r := w.paper("env_paper_"+id, c.file)
		if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrNotAnOriginal) {
			t.Errorf("%s as paper: got %v, want ErrNotAnOriginal", name, err)
			continue
		}
		events := w.Events(r.EnvelopeID)
		if len(events) != 1 || events[0].Type != "vault.duplicate_refused" || !strings.Contains(string(events[0].Data), `"`+c.mark+`"`) {
			t.Errorf("%s: got events %v, want the mark %s in one refusal", name, w.Types(r.EnvelopeID), c.mark)
		}
		if _, _, err := w.Deposit(t.Context(), w.requestFor("env_esign_"+id, nil, c.file)); !errors.Is(err, c.asESign) {
			t.Errorf("%s as e-sign: got %v, want %v", name, err, c.asESign)
		}
	}
}

func TestHostMayAllowAMark(t *testing.T) {
	t.Parallel()
	var heard []vault.Duplicate
	w := newWorld(t, func(c *vault.Config) {
		c.OnDuplicate = func(_ context.Context, d vault.Duplicate) bool {
			heard = append(heard, d)
			return true
		}
	})
	draft, _, err := overlay.Prepare(t.Context(), testpdf.Contract(2), overlay.Preparation{Legend: copymark.LegendStart + "."})
	if err != nil {
		t.Fatal(err)
	}
	w.deposit(w.paper("env_a", draft))
	if len(heard) != 1 || len(heard[0].Claims) != 0 || len(heard[0].Marks) != 1 || heard[0].Marks[0] != copymark.OwnLegend {
		t.Errorf("the host heard %+v", heard)
	}
	if got := string(w.Events("env_a")[0].Data); !strings.Contains(got, `"marks_allowed":["legend"]`) {
		t.Errorf("the stored event does not say so: %s", got)
	}
}

// What could not be searched is deposited, and the event says so.
func TestMarksUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := testpdf.Page{Content: "BT /F1 12 Tf 72 700 Td (Drawing) Tj ET " + strings.Repeat("0 0 m ", 3<<20)}
	w.deposit(w.paper("env_a", testpdf.Build(testpdf.Classic, page)))
	if got := string(w.Events("env_a")[0].Data); !strings.Contains(got, `"marks_unread":"page 1`) {
		t.Errorf("the stored event does not say so: %s", got)
	}
}
