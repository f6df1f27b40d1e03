package overlay_test

import (
	"context"
	"testing"

	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
)

func BenchmarkPlace(b *testing.B) {
	for _, f := range pdftest.Sizes() {
		b.Run(f.Name, func(b *testing.B) {
			pdftest.Against(b, f.Raw, func() error {
				_, err := overlay.Place(context.Background(), f.Raw, pdftest.SignerMarks(1), overlay.PlaceOptions{})
				return err
			}, pdftest.SHA(f.Raw))
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	for _, f := range pdftest.Sizes() {
		b.Run(f.Name, func(b *testing.B) {
			pdftest.Against(b, f.Raw, func() error {
				_, _, err := overlay.Prepare(
					context.Background(), f.Raw, overlay.Preparation{Legend: pdftest.Legend, SignaturePage: pdftest.Signatories(2)},
				)
				return err
			}, pdftest.SHA(f.Raw))
		})
	}
}
