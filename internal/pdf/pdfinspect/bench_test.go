package pdfinspect_test

import (
	"context"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
)

func BenchmarkInspect(b *testing.B) {
	for _, f := range pdftest.Sizes() {
		b.Run(f.Name, func(b *testing.B) {
			pdftest.Against(b, f.Raw, func() error {
				_, err := pdfinspect.Inspect(context.Background(), f.Raw, pdf.Limits{})
				return err
			}, pdftest.SHA(f.Raw))
		})
	}
}
