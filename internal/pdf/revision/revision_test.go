package revision_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdftest"
	"github.com/evaultlib/evault/internal/pdf/revision"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestChangesSinceWithDamagedPageTree(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{Objects: map[int]string{2: "<</Type/Pages/Count 3/Kids[5 0 R 7 0 R 5 0 R]>>"}})
	old := pdftest.Open(t, raw)
	for name, tc := range map[string]struct {
		change func(*pdf.Update)
		ok     bool
	}{
		"validation material": {func(u *pdf.Update) {
			if _, err := signing.AddValidationMaterial(
				u, signing.Material{ValidationMaterial: signing.ValidationMaterial{Certificates: [][]byte{{1}}}},
			); err != nil {
				t.Fatal(err)
			}
		}, true},
		"first page":  {func(u *pdf.Update) { u.Put(pdf.Ref{Num: 5}, pdf.Dict{}) }, false},
		"second page": {func(u *pdf.Update) { u.Put(pdf.Ref{Num: 7}, pdf.Dict{}) }, false},
	} {
		changes, err := revision.ChangesSince(pdftest.Extend(t, raw, tc.change), old)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ok := true
		for _, c := range changes {
			ok = ok && c.Kind == revision.ChangePermitted
		}
		if ok != tc.ok {
			t.Errorf("%s: permitted is %v, want %v: %v", name, ok, tc.ok, changes)
		}
	}
}
