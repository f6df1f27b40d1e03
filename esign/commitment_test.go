package esign_test

import (
	"errors"
	"testing"

	"github.com/evaultlib/evault/esign"
)

// TestEditedFieldsAreNotSigned: who fills what, where, and whether it is
// required is bound by the event of the creation, before anybody signs.
func TestEditedFieldsAreNotSigned(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]string{
		"deleted":        "DELETE FROM evault_fields WHERE kind = 'checkbox'",
		"all deleted":    "DELETE FROM evault_fields",
		"not required":   "UPDATE evault_fields SET required = NOT required WHERE kind = 'text'",
		"another signer": "UPDATE evault_fields SET signer_id = (SELECT max(signer_id) FROM evault_signers) WHERE kind = 'date'",
		"another kind":   "UPDATE evault_fields SET kind = 'text' WHERE kind = 'checkbox'",
		"another page":   "UPDATE evault_fields SET page = 1 WHERE kind = 'text'",
		"moved":          "UPDATE evault_fields SET y = y + 0.0000001 WHERE kind = 'text'",
		"wider":          "UPDATE evault_fields SET w = w * 2 WHERE kind = 'text'",
		"another label":  "UPDATE evault_fields SET label = 'Price' WHERE label = 'VIN'",
		"another order":  "UPDATE evault_fields SET position = position + 100 WHERE kind = 'signature'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			env := b.create()
			token := b.link(env.ID, "ada@example.com")
			r := typed(token, "Ada Byron", b.read(token))
			if _, err := b.DB.Bun().ExecContext(t.Context(), edit); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Sign(t.Context(), r); !errors.Is(err, esign.ErrIntegrity) {
				t.Errorf("got %v, want ErrIntegrity", err)
			}
			if got := b.get(env.ID); got.SignersSigned != 0 || len(got.Parts) != 1 {
				t.Errorf("%d signed, %d parts", got.SignersSigned, len(got.Parts))
			}
		})
	}
}

func TestCheckValues(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	events := b.chain(env.ID)
	signed := events[len(events)-1]
	kind := func(e *esign.Envelope, kind string) *esign.Field {
		for i := range e.Fields {
			if e.Fields[i].Kind == kind {
				return &e.Fields[i]
			}
		}
		t.Fatalf("no %s field", kind)
		return nil
	}
	for name, edit := range map[string]func(*esign.Envelope){
		"another value": func(e *esign.Envelope) { kind(e, esign.FieldText).Value = "another" },
		"no value":      func(e *esign.Envelope) { kind(e, esign.FieldText).Value = "" },
		"unticked":      func(e *esign.Envelope) { kind(e, esign.FieldCheckbox).Value = "" },
		"another's":     func(e *esign.Envelope) { kind(e, esign.FieldText).SignerID = e.Signers[1].ID },
		"required since": func(e *esign.Envelope) {
			e.Fields = append(e.Fields, esign.Field{ID: "fld_x", SignerID: e.Signers[0].ID, Required: true})
		},
		"filled since": func(e *esign.Envelope) {
			e.Fields = append(e.Fields, esign.Field{ID: "fld_x", SignerID: e.Signers[0].ID, Value: "v"})
		},
	} {
		got := b.get(env.ID)
		if err := esign.CheckValues(got, signed); err != nil {
			t.Fatal(err)
		}
		edit(got)
		if err := esign.CheckValues(got, signed); !errors.Is(err, esign.ErrIntegrity) {
			t.Errorf("%s: got %v, want ErrIntegrity", name, err)
		}
	}
	signed.Detail = nil
	if err := esign.CheckValues(b.get(env.ID), signed); err != nil {
		t.Errorf("an erased detail says nothing: %v", err)
	}
}
