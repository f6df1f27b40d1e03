package copymark_test

import (
	"context"
	"testing"

	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
)

func BenchmarkMarkCopy(b *testing.B) {
	for _, f := range pdftest.Sizes() {
		b.Run(f.Name, func(b *testing.B) {
			pdftest.Against(b, f.Raw, func() error {
				_, err := copymark.MarkCopy(context.Background(), f.Raw, pdftest.CopyMark())
				return err
			}, pdftest.SHA(f.Raw))
		})
	}
}

func BenchmarkCheckCopy(b *testing.B) {
	for _, f := range pdftest.Sizes() {
		marked, err := copymark.MarkCopy(context.Background(), f.Raw, pdftest.CopyMark())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(f.Name, func(b *testing.B) {
			pdftest.Against(b, marked, func() error {
				return copymark.CheckCopy(marked, copymark.DefaultText)
			}, pdftest.SHA(marked))
		})
	}
}
