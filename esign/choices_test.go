package esign_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
)

func choices(r *esign.CreateRequest) {
	r.Signers = r.Signers[:1]
	at := func(kind string, y float64) esign.FieldSpec {
		return esign.FieldSpec{Kind: kind, Role: "buyer", Page: 1, X: 0.1, Y: y, W: 0.3, H: 0.03}
	}
	r.Fields = []esign.FieldSpec{at(esign.FieldRadio, 0.1), at(esign.FieldDropdown, 0.2), at(esign.FieldText, 0.3), at(esign.FieldText, 0.4), at(esign.FieldCheckbox, 0.5)}
	r.Fields[0].Options = []string{"Monthly", "Weekly"}
	r.Fields[1].Options, r.Fields[1].Value = []string{"Red", "Blue"}, "Blue"
	r.Fields[2].Value, r.Fields[2].ReadOnly = "9.75 %", true
	r.Fields[3].Value = "Springfield"
	r.Fields[4].Value, r.Fields[4].ReadOnly = "true", true
}

// TestChoicesAndSendersValues: a signer chooses among the options, keeps or
// changes what the sender filled in, and cannot change what is read-only.
func TestChoicesAndSendersValues(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		given map[int]string // field → value
		want  []string       // of the fields, or the rule that is broken
	}{
		"kept":             {map[int]string{0: "Weekly"}, []string{"Weekly", "Blue", "9.75 %", "Springfield", "true"}},
		"changed":          {map[int]string{0: "Monthly", 1: "Red", 3: "Shelbyville"}, []string{"Monthly", "Red", "9.75 %", "Shelbyville", "true"}},
		"repeated":         {map[int]string{0: "Monthly", 2: "9.75 %", 4: "true"}, []string{"Monthly", "Blue", "9.75 %", "Springfield", "true"}},
		"none chosen":      {map[int]string{}, []string{"required"}},
		"no option":        {map[int]string{0: "monthly"}, []string{"oneof"}},
		"another's option": {map[int]string{0: "Red"}, []string{"oneof"}},
		"emptied":          {map[int]string{0: "Monthly", 1: ""}, []string{"required"}},
		"read-only":        {map[int]string{0: "Monthly", 2: "0.75 %"}, []string{"read_only"}},
		"read-only gone":   {map[int]string{0: "Monthly", 2: ""}, []string{"read_only"}},
		"unticked":         {map[int]string{0: "Monthly", 4: "false"}, []string{"read_only"}},
	} {
		env := b.create(choices)
		token := b.link(env.ID, "ada@example.com")
		b.read(token)
		r := esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"}, Client: client}
		for i, v := range c.given {
			r.Fields = append(r.Fields, esign.FieldValue{FieldID: env.Fields[i].ID, Value: v})
		}
		_, err := b.Sign(t.Context(), r)
		got := []string{}
		for _, f := range b.get(env.ID).Fields[:5] {
			got = append(got, f.Value)
		}
		if problems := invalid(err); len(problems) == 1 {
			_, rule, _ := strings.Cut(problems[0], " ")
			got = []string{rule}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestChoicesAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for want, edit := range map[string]func(*esign.CreateRequest){
		"fields[0].options required":         func(r *esign.CreateRequest) { r.Fields[0].Options = nil },
		"fields[0].options[1] unique":        func(r *esign.CreateRequest) { r.Fields[0].Options[1] = "Monthly" },
		"fields[0].options[1] text":          func(r *esign.CreateRequest) { r.Fields[0].Options[1] = " " },
		"fields[0].options[1] glyph_missing": func(r *esign.CreateRequest) { r.Fields[0].Options[1] = "王" },
		"fields[0].options[1] too_long": func(r *esign.CreateRequest) {
			r.Fields[0].Options[1] = strings.Repeat("long ", 39) + "long"
			r.Fields[0].W = 0.1
		},
		"fields[1].value oneof":           func(r *esign.CreateRequest) { r.Fields[1].Value = "Green" },
		"fields[2].value required":        func(r *esign.CreateRequest) { r.Fields[2].Value = "" },
		"fields[2].options not_supported": func(r *esign.CreateRequest) { r.Fields[2].Options = []string{"a"} },
		"fields[3].value text":            func(r *esign.CreateRequest) { r.Fields[3].Value = "two\nlines" },
		"fields[3].value too_long":        func(r *esign.CreateRequest) { r.Fields[3].Value = strings.Repeat("W", 400) },
		"fields[4].value oneof":           func(r *esign.CreateRequest) { r.Fields[4].Value = "yes" },
		"fields[3].value not_supported":   func(r *esign.CreateRequest) { r.Fields[3].Kind = esign.FieldDate },
	} {
		r := request()
		choices(&r)
		edit(&r)
		if _, err := b.Create(t.Context(), r); !slices.Equal(invalid(err), []string{want}) {
			t.Errorf("got %v, %v, want %s", invalid(err), err, want)
		}
	}
}

// TestEditedChoicesAreNotSigned: options and the sender's values are bound like
// the rest of a field.
func TestEditedChoicesAreNotSigned(t *testing.T) {
	t.Parallel()
	for _, edit := range []string{
		"UPDATE evault_fields SET options = replace(options, 'Weekly', 'Daily')",
		"UPDATE evault_fields SET preset = '99.75 %' WHERE preset = '9.75 %'",
		"UPDATE evault_fields SET read_only = NOT read_only WHERE preset = '9.75 %'",
	} {
		b := newBench(t)
		env := b.create(choices)
		token := b.link(env.ID, "ada@example.com")
		b.read(token)
		if _, err := b.DB.Bun().ExecContext(t.Context(), edit); err != nil {
			t.Fatal(err)
		}
		r := esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"}, Client: client}
		r.Fields = []esign.FieldValue{{FieldID: env.Fields[0].ID, Value: "Monthly"}}
		if _, err := b.Sign(t.Context(), r); !errors.Is(err, esign.ErrIntegrity) {
			t.Errorf("%s: got %v, want ErrIntegrity", edit, err)
		}
	}
}
