package pdf_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpki"
)

// sealed returns raw with two seals on it.
func sealed(t *testing.T, raw []byte) []byte {
	t.Helper()
	id, err := testpki.SelfSigned("Vault seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := pades.New(pades.Config{Signer: id.Key, Chain: id.Chain})
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(raw)
	for range 2 {
		seal, err := s.Seal(t.Context(), pades.SealRequest{PDF: out, Reason: "Test"})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, seal.Appended...)
	}
	return out
}
