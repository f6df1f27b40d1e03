package typeset_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/pdf/typeset"
)

func BenchmarkReport(b *testing.B) {
	for _, events := range []int{20, 400} {
		b.Run(fmt.Sprintf("%d_events", events), func(b *testing.B) {
			r := pdftest.Certificate(3, events)
			pdftest.Against(b, nil, func() error { _, err := typeset.PDF(context.Background(), r); return err }, nil)
		})
	}
}
