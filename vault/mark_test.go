package vault_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/vault"
)

// TestMarkedCopyIsThatOfTheVersion: the marked copy is made while the deposited file is parsed, before the version is
// written. Marking the version itself gives the same bytes, but for names within it, which follow from the number of
// objects in the file, and for its identifier.
func TestMarkedCopyIsThatOfTheVersion(t *testing.T) {
	t.Parallel()
	w, names := newWorld(t), regexp.MustCompile(`/Ev\d+|/ID \[[^]]*\]`)
	seen, err := w.Sealer.Seal(t.Context(), pades.SealRequest{
		PDF: testpdf.Contract(3), At: w.Clock.Now(), Appearance: &pades.Appearance{Page: 1, W: 0.5, H: 0.1, Lines: []string{"Sealed"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []vault.DepositRequest{
		w.request("env_esign"), w.paper("env_paper", testpdf.Simple(2, "Paper")),
		w.paper("env_signed", slices.Concat(testpdf.Contract(3), seen.Appended)),
	} {
		c := w.deposit(r)
		version := w.versions(c.EnvelopeID)[0].Object
		want, err := copymark.MarkCopy(t.Context(), w.Bytes(version), copymark.Mark{
			Text: vault.CopyText, EnvelopeID: c.EnvelopeID, CopyID: c.Marked.ID, Version: 1, SHA256: string(version.SHA256),
			At: c.Marked.MadeAt, Limits: pdf.Limits{Bytes: version.Size},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Bytes(c.Marked.Object); !bytes.Equal(names.ReplaceAll(got, nil), names.ReplaceAll(want, nil)) {
			t.Errorf("%s: the marked copy is not that of version 1", c.EnvelopeID)
		}
	}
}
