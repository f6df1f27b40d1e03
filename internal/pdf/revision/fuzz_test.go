package revision_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/revision"
	"github.com/evaultlib/evault/internal/testpdf"
)

// FuzzChangesSince compares a fixed revision with whatever is appended to it.
func FuzzChangesSince(f *testing.F) {
	raw := testpdf.New(testpdf.Options{Pages: 1, Catalog: "/DSS<<>>"})
	old, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	u, err := old.Update()
	if err != nil {
		f.Fatal(err)
	}
	u.Add(pdf.Dict{})
	appended, err := u.Close()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(appended)
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, tail []byte) {
		old, err := pdf.Open(raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		now, err := pdf.Open(append(bytes.Clone(raw), tail...), pdf.Limits{Decoded: 1 << 20})
		if err != nil {
			return
		}
		changes, err := revision.ChangesSince(now, old)
		if err != nil {
			return
		}
		for _, c := range changes {
			if c.Kind != revision.ChangePermitted {
				return
			}
		}
		// Whatever was let through must show the same pages.
		before, _ := old.Pages()
		after, err := now.Pages()
		if err != nil || len(after) != len(before) {
			t.Fatalf("pages changed unnoticed: %v", err)
		}
		for i := range before {
			a, errA := contentstream.Content(old, before[i])
			b, errB := contentstream.Content(now, after[i])
			if (errA == nil) != (errB == nil) || !bytes.Equal(a, b) {
				t.Fatal("the content of a page changed unnoticed")
			}
		}
	})
}
