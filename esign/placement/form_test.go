package placement_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/evaultlib/evault/esign/intake"
	"github.com/evaultlib/evault/esign/placement"
	"github.com/evaultlib/evault/internal/testpdf"
)

func TestReadForm(t *testing.T) {
	t.Parallel()
	form, err := placement.ReadForm(t.Context(), testpdf.Application(), placement.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range form.Fields {
		got = append(got, fmt.Sprintf("%s %s %q %v %q required=%t readonly=%t at %.0f %.0f, %.0f by %.0f", f.Name, f.Kind, f.Label, f.Options, f.Value,
			f.Required, f.ReadOnly, f.Box.X*612, f.Box.Y*792, f.Box.W*612, f.Box.H*792))
	}
	want := []string{
		`buyer.name text "Name of the buyer" [] "" required=true readonly=false at 72 172, 200 by 20`,
		`buyer.sign signature "" [] "" required=true readonly=false at 72 352, 200 by 40`,
		`state dropdown "" [New York Ohio] "Ohio" required=false readonly=false at 300 172, 200 by 20`,
		`insured checkbox "" [] "" required=false readonly=false at 72 220, 12 by 12`,
		`number text "" [] "2026-0417" required=false readonly=true at 300 212, 200 by 20`,
		`plan radio "" [monthly yearly] "yearly" required=false readonly=false at 72 260, 150 by 16`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	skipped := []string{
		`form field "send" is a push button`, `form field "pin" is a password field`, `form field "office" is read-only and empty`,
		`form field "trap" is not on a page, or is hidden`, `form field "nowhere" is not on a page, or is hidden`,
	}
	if !slices.Equal(form.Skipped, skipped) {
		t.Errorf("skipped %q, want %q", form.Skipped, skipped)
	}
}

// TestHostile: whatever the file, reading ends, and an error is a refusal.
func TestHostile(t *testing.T) {
	t.Parallel()
	files := testpdf.Hostile()
	for name, raw := range files {
		_, err := placement.Locate(t.Context(), raw, placement.Search{Tags: true, Anchors: []placement.Anchor{{Text: "x"}}}, placement.Limits{})
		_, formErr := placement.ReadForm(t.Context(), raw, placement.Limits{})
		for _, err := range []error{err, formErr} {
			var r *intake.Refusal
			if err != nil && !errors.As(err, &r) {
				t.Errorf("%s: got %v, want a refusal", name, err)
			}
		}
	}
	if len(files) < 5 {
		t.Errorf("tried %d files, want 5 or more", len(files))
	}
}

func FuzzLocate(f *testing.F) {
	f.Add(testpdf.Application())
	f.Add(testpdf.Simple(1, "{{buyer:text;options=a|b}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		limits := placement.Limits{Decoded: 1 << 20, Objects: 10_000}
		found, err := placement.Locate(t.Context(), raw, placement.Search{Tags: true}, limits)
		if err == nil {
			for _, tag := range found.Tags {
				if b := tag.Box; !(b.X >= 0 && b.Y >= 0 && b.X+b.W <= 1+1e-9 && b.Y+b.H <= 1+1e-9) || b.Page < 1 {
					t.Errorf("a tag is at %v", b)
				}
			}
		}
		form, err := placement.ReadForm(t.Context(), raw, limits)
		if err == nil {
			for _, field := range form.Fields {
				if b := field.Box; !(b.X >= 0 && b.Y >= 0 && b.X+b.W <= 1+1e-9 && b.Y+b.H <= 1+1e-9) || b.Page < 1 {
					t.Errorf("a form field is at %v", b)
				}
			}
		}
	})
}
