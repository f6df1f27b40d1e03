package pdf_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
)

// TestPasswordHashEnds: /U of a file by qpdf, encrypted by revision 6 without a user password, whose last byte ends
// algorithm 2.B one round earlier than a count from zero would.
func TestPasswordHashEnds(t *testing.T) {
	t.Parallel()
	u, err := hex.DecodeString(
		"0b66cfbf8dd43c8a6de476d077130db1213300a078e6dc21ab616d02cc7fda68438baa30f50a21a0175065fc2d8dfaf0",
	)
	if err != nil {
		t.Fatal(err)
	}
	if got := pdf.PasswordHash(u[32:40], 6); !bytes.Equal(got, u[:32]) {
		t.Errorf("got %x, want %x", got, u[:32])
	}
}
