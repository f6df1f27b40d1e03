package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/render"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestText(t *testing.T) {
	t.Parallel()
	pages, err := shared().Text(t.Context(), testpdf.Contract(3))
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != 3 || !strings.Contains(pages[0], "RETAIL INSTALLMENT SALE CONTRACT") || !strings.Contains(pages[2], "NOTICE TO BUYER") {
		t.Errorf("%d pages: %q", len(pages), pages)
	}
	if strings.ContainsAny(strings.Join(pages, ""), "\r\x00\ufffe") {
		t.Errorf("control characters: %q", pages)
	}
	if _, err := shared().Text(t.Context(), []byte("%PDF-1.7 nothing")); !errors.Is(err, render.ErrDocument) {
		t.Errorf("got %v, want ErrDocument", err)
	}
}
