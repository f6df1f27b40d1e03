package esign_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestFieldsFromTheDocument: fields stand where an anchor, a tag or the document's form says.
func TestFieldsFromTheDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		change func(*esign.CreateRequest)
		want   []string
	}{
		"anchor": {func(r *esign.CreateRequest) {
			r.Document = testpdf.Simple(2, "Buyer signs")
			r.Fields = []esign.FieldSpec{{Kind: esign.FieldSignature, Role: "buyer", Anchor: &esign.Anchor{Text: "Buyer signs", Nth: 2}}}
		}, []string{"signature on 2 at 72"}},
		"tag": {func(r *esign.CreateRequest) {
			r.Document, r.FieldsFromTags, r.Fields = testpdf.Simple(1, "{{buyer:signature;w=200}}"), true, nil
		}, []string{"signature on 1 at 72"}},
		"form": {func(r *esign.CreateRequest) {
			r.Document, r.FieldsFromForm, r.Fields = testpdf.Application(), true, nil
		}, []string{
			"text on 1 at 72", "signature on 1 at 72", "dropdown on 1 at 300", "checkbox on 1 at 72", "text on 1 at 300", "radio on 1 at 72",
		}},
	} {
		env := b.create(func(r *esign.CreateRequest) { r.Signers = r.Signers[:1]; c.change(r) })
		var got []string
		for _, f := range env.Fields {
			got = append(got, fmt.Sprintf("%s on %d at %.0f", f.Kind, f.Page, math.Round(f.X*612)))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	r := request()
	r.Signers = r.Signers[:1]
	r.Document, r.FieldsFromTags = testpdf.Simple(1, "{{buyer:stamp}}"), true
	r.Fields = []esign.FieldSpec{{Kind: esign.FieldSignature, Role: "buyer", Anchor: &esign.Anchor{Text: "Nowhere"}}}
	_, err := b.Create(t.Context(), r)
	if got, want := invalid(err), []string{"fields[0].anchor.text anchor", "document tag"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
