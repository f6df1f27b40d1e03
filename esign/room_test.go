package esign_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestOptionalSignaturesNeedABlock: who may leave out every signature field
// signs in a block on the signature page.
func TestOptionalSignaturesNeedABlock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *esign.CreateRequest) {
		r.Signers = r.Signers[:1]
		r.Fields = []esign.FieldSpec{{Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.1, Y: 0.8, W: 0.3, H: 0.05, Optional: true}}
	})
	block := slices.IndexFunc(env.Fields, func(f esign.Field) bool { return f.Kind == esign.FieldSignature && f.Required })
	if block < 0 || env.Fields[block].Page != 4 {
		t.Fatalf("no required signature: %+v", env.Fields)
	}
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	if got := b.get(env.ID).Fields[block].Value; got != "Ada Byron" {
		t.Errorf("the block holds %q", got)
	}
}

func TestFieldsHaveRoom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	field := func(kind, role string, x, y, w, h float64) esign.FieldSpec {
		return esign.FieldSpec{Kind: kind, Role: role, Page: 1, X: x, Y: y, W: w, H: h}
	}
	sig := func(x, y, w, h float64) esign.FieldSpec { return field(esign.FieldSignature, "buyer", x, y, w, h) }
	for name, c := range map[string]struct {
		fields []esign.FieldSpec
		want   []string
	}{
		"a point":          {[]esign.FieldSpec{sig(0.1, 0.1, 0.0001, 0.0001)}, []string{"fields[0].w too_small"}},
		"narrow":           {[]esign.FieldSpec{sig(0.1, 0.1, 0.0099, 0.1)}, []string{"fields[0].w too_small"}},
		"flat":             {[]esign.FieldSpec{sig(0.1, 0.1, 0.3, 0.004)}, []string{"fields[0].w too_small"}},
		"flat checkbox":    {[]esign.FieldSpec{field(esign.FieldCheckbox, "buyer", 0.1, 0.1, 0.3, 0.004)}, []string{"fields[0].w too_small"}},
		"least checkbox":   {[]esign.FieldSpec{field(esign.FieldCheckbox, "buyer", 0.1, 0.1, 0.01, 0.005)}, nil},
		"no room for text": {[]esign.FieldSpec{field(esign.FieldText, "buyer", 0.1, 0.1, 0.3, 0.005)}, []string{"fields[0].h too_small"}},
		"no room for a date": {
			[]esign.FieldSpec{field(esign.FieldDate, "buyer", 0.1, 0.1, 0.02, 0.01)}, []string{"fields[0].h too_small"},
		},
		"no room for a name": {[]esign.FieldSpec{sig(0.1, 0.1, 0.3, 0.006)}, []string{"fields[0].h too_small"}},
		"one on another": {
			[]esign.FieldSpec{sig(0.1, 0.1, 0.3, 0.05), field(esign.FieldSignature, "seller", 0.1, 0.1, 0.3, 0.05)}, []string{"fields[1].x overlap"},
		},
		"a corner": {
			[]esign.FieldSpec{sig(0.1, 0.1, 0.3, 0.05), field(esign.FieldText, "seller", 0.39, 0.14, 0.3, 0.05)}, []string{"fields[1].x overlap"},
		},
		"one in another": {
			[]esign.FieldSpec{sig(0.1, 0.1, 0.5, 0.5), field(esign.FieldCheckbox, "seller", 0.2, 0.2, 0.02, 0.02)}, []string{"fields[1].x overlap"},
		},
		"side by side":       {[]esign.FieldSpec{sig(0.1, 0.1, 0.3, 0.05), field(esign.FieldSignature, "seller", 0.4, 0.1, 0.3, 0.05)}, nil},
		"of the same signer": {[]esign.FieldSpec{sig(0.1, 0.1, 0.3, 0.05), field(esign.FieldDate, "buyer", 0.2, 0.1, 0.3, 0.05)}, nil},
	} {
		r := request()
		r.Fields = c.fields
		if _, err := b.Create(t.Context(), r); !slices.Equal(invalid(err), c.want) || c.want == nil && err != nil {
			t.Errorf("%s: got %v, %v, want %v", name, invalid(err), err, c.want)
		}
	}
}

// TestTextThatCannotBeReadIsRefused: what does not fit its box at 5 points is
// too long, whatever the kind of field.
func TestTextThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *esign.CreateRequest) {
		r.Signers = r.Signers[:1]
		r.Fields = []esign.FieldSpec{
			{Kind: esign.FieldText, Role: "buyer", Page: 1, X: 0.1, Y: 0.1, W: 0.15, H: 0.02, Optional: true},
			{Kind: esign.FieldInitials, Role: "buyer", Page: 1, X: 0.1, Y: 0.2, W: 0.1, H: 0.03},
			{Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.1, Y: 0.3, W: 0.3, H: 0.05},
		}
	})
	token := b.link(env.ID, "ada@example.com")
	s := b.read(token)
	text, initials, signature := s.Fields[0].ID, s.Fields[1].ID, s.Fields[2].ID
	for _, c := range []struct{ name, value, in, want string }{
		{"Ada Byron", strings.Repeat("ab ", 133), text, "fields[" + text + "] too_long"},
		{"Ada Byron", strings.Repeat("W", 60), text, "fields[" + text + "] too_long"},
		{"Ada Byron", strings.Repeat("W", 60), initials, "fields[" + initials + "] too_long"},
		{strings.Repeat("Ada ", 50), "AB", initials, "fields[" + signature + "] too_long"},
	} {
		r := esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: strings.TrimSpace(c.name)}, Client: client}
		r.Fields = []esign.FieldValue{{FieldID: c.in, Value: strings.TrimSpace(c.value)}}
		if _, err := b.Sign(t.Context(), r); !slices.Equal(invalid(err), []string{c.want}) {
			t.Errorf("%.20q in %s: got %v, want %s", c.value, c.in, err, c.want)
		}
	}
	r := typed(token, "Ada Byron", s)
	r.Fields = []esign.FieldValue{{FieldID: text, Value: "a line that is long enough for two"}}
	if _, err := b.Sign(t.Context(), r); err != nil {
		t.Error(err)
	}
}

// TestLongNamesOnTheSignaturePage: 200 letters are written on several lines.
func TestLongNamesOnTheSignaturePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	long := strings.TrimSpace(strings.Repeat("Maximiliana ", 17))[:200]
	env := b.create(func(r *esign.CreateRequest) {
		r.Fields = nil
		for i := range r.Signers {
			r.Signers[i].Name = long
			r.Signers[i].Role = long[:190] + string(rune('a'+i))
		}
	})
	if len(env.Fields) != 4 || env.Fields[2].Y <= env.Fields[0].Y+env.Fields[0].H {
		t.Errorf("%+v", env.Fields)
	}
}

func TestOrdersFromZero(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct{ given, want [3]int }{
		"from 0":      {[3]int{0, 1, 2}, [3]int{0, 1, 2}},
		"0 and a tie": {[3]int{0, 1, 1}, [3]int{0, 1, 1}},
		"none":        {[3]int{}, [3]int{1, 2, 3}},
		"from 1":      {[3]int{1, 2, 3}, [3]int{1, 2, 3}},
	} {
		env := b.create(func(r *esign.CreateRequest) {
			r.Fields, r.Signers = nil, nil
			for i, o := range c.given {
				r.Signers = append(r.Signers, esign.SignerSpec{Email: "a@example.com", Name: "A", Role: string(rune('a' + i)), Order: o})
			}
		})
		got, notified := [3]int{}, 0
		for i, s := range env.Signers {
			got[i] = s.Order
			if s.Status == esign.SignerNotified {
				notified++
			}
		}
		if got != c.want || notified != 1 {
			t.Errorf("%s: orders %v, %d notified, want %v and 1", name, got, notified, c.want)
		}
	}
}

// TestTinyPages: a legend takes a small share of a page, and
// text on it may be smaller.
func TestTinyPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, box := range []string{"/MediaBox[0 0 30 30]", "/MediaBox[0 0 200 100]", "/MediaBox[0 0 226 3000]"} {
		env := b.create(func(r *esign.CreateRequest) {
			r.Document, r.Signers = testpdf.New(testpdf.Options{Page: box}), r.Signers[:1]
			r.Fields = []esign.FieldSpec{{Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.1, Y: 0.6, W: 0.5, H: 0.2}}
		})
		b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	}
}
