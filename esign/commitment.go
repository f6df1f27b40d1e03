package esign

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
)

func commit(f Field) event.CommittedField {
	place := make([]string, 4)
	for i, n := range [...]float64{f.X, f.Y, f.W, f.H} {
		place[i] = strconv.FormatFloat(n, 'g', -1, 64)
	}
	return event.CommittedField{
		ID: f.ID, SignerID: f.SignerID, Kind: f.Kind, Page: f.Page, Place: strings.Join(place, " "), Required: f.Required,
		Label: f.Label, Options: append([]string{}, f.Options...), Value: f.Preset, ReadOnly: f.ReadOnly,
	}
}

func commitAll(fields []Field) []event.CommittedField {
	list := make([]event.CommittedField, len(fields))
	for i, f := range fields {
		list[i] = commit(f)
	}
	return list
}

// CommitFields returns the digest of the fields that the creation event
// contains. It covers the signer, place, options and sender's value of each
// field, and whether it is required, in canonical form. It does not cover
// signers' values.
func CommitFields(fields []Field) (storage.Digest, error) {
	b, err := canonjson.Marshal(commitAll(fields))
	if err != nil {
		return "", fmt.Errorf("fields: %w", err)
	}
	return storage.Sum(b), nil
}

// CheckFields compares the fields of env with its first event: ErrIntegrity
// when a field was added, removed or altered since.
func CheckFields(env *Envelope, created Event) error {
	if created.Type != event.EnvelopeCreated {
		return fmt.Errorf("%w: the first event of %s is not its creation", ErrIntegrity, env.ID)
	}
	sum, err := CommitFields(env.Fields)
	if err != nil {
		return err
	}
	if sum != event.DataOf[event.EnvelopeCreatedData](created).FieldsSHA256 {
		return fmt.Errorf("%w: the fields of %s are not those of its creation", ErrIntegrity, env.ID)
	}
	return nil
}

// CheckValues compares the values of a signer's fields with the event of the
// signature: each required field must have a value, and the records must have
// no other values. If the detail of the event was erased, values are not
// compared.
func CheckValues(env *Envelope, signed Event) error {
	if signed.Detail == nil {
		return nil
	}
	data := event.DataOf[event.SignedData](signed)
	detail, ok := event.DetailOf[event.SignedDetail](signed)
	if !ok || data.SignerID == "" {
		return fmt.Errorf("%w: the signature of %s names no values", ErrIntegrity, data.SignerID)
	}
	own := map[string]bool{}
	for _, f := range env.fieldsOf(data.SignerID) {
		own[f.ID] = true
		switch v := detail.Values[f.ID]; {
		case f.Required && v == "":
			return fmt.Errorf("%w: the required field %s of signer %s was left empty", ErrIntegrity, f.ID, data.SignerID)
		case f.ReadOnly && v != f.Preset && !(f.Kind == FieldCheckbox && v == "" && f.Preset == "false"):
			return fmt.Errorf("%w: the field %s differs from the value that the sender filled in", ErrIntegrity, f.ID)
		case f.Value != v:
			return fmt.Errorf("%w: the value of field %s differs from the signed one", ErrIntegrity, f.ID)
		}
	}
	for id := range detail.Values {
		if !own[id] {
			return fmt.Errorf("%w: the field %s, filled in by signer %s, is missing", ErrIntegrity, id, data.SignerID)
		}
	}
	return nil
}

// checkRecord refuses a signature while the fields on record are not those that
// the sender asked for.
func (e *Engine) checkRecord(ctx context.Context, env *Envelope) error {
	events, err := e.cfg.Store.Events(ctx, env.ID, 0, 1)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return fmt.Errorf("%w: %s has no events", ErrIntegrity, env.ID)
	}
	return CheckFields(env, events[0])
}
