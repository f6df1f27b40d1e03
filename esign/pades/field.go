package pades

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/overlay"
)

// FieldError says why the field named by [SealRequest].Field cannot take a seal.
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string { return fmt.Sprintf("pades: field %q: %s", e.Field, e.Reason) }

// emptyField finds the field to seal in; nil when a new one is wanted.
func emptyField(d *pdf.Document, name string) (*acroform.SignatureField, error) {
	if name == "" {
		return nil, nil
	}
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		return nil, asNotExtendable(err)
	}
	locks := locksOf(d, fields)
	for _, f := range fields {
		if f.Name != name {
			continue
		}
		switch {
		case f.Value != nil:
			return nil, &FieldError{name, "it is signed"}
		case locks.cover(name, false):
			return nil, &FieldError{name, "an earlier signature locks it"}
		case f.Ref == (pdf.Ref{}) || f.Dict["Kids"] != nil:
			return nil, &FieldError{name, "it does not have exactly one place on a page"}
		case f.Dict["SV"] != nil:
			return nil, &FieldError{name, "it has seed values (/SV), which are not supported"}
		case f.Dict["Lock"] != nil:
			return nil, &FieldError{name, "it has a lock (/Lock), which is not supported"}
		}
		return &f, nil
	}
	return nil, &FieldError{name, "there is no such signature field"}
}

// lockedFields is what the signatures of a file froze.
type lockedFields []acroform.Lock

func locksOf(d *pdf.Document, fields []acroform.SignatureField) (out lockedFields) {
	for _, f := range fields {
		if f.Value != nil {
			locks, _ := acroform.Locks(d, f)
			out = append(out, locks...)
		}
	}
	return out
}

// cover reports whether a field may not be signed, or not be added.
func (l lockedFields) cover(name string, added bool) bool {
	return slices.ContainsFunc(l, func(l acroform.Lock) bool { return l.Covers(name, added) })
}

// signaturesExistAppendOnly is /SigFlags (ISO 32000-2 table 225).
const signaturesExistAppendOnly = 3

// addField adds a signature field that holds sig, named kind and the first number that is free and not locked, with a
// lock unless that is nil.
func addField(u *pdf.Update, kind string, sig pdf.Ref, w overlay.Widget, lock pdf.Dict) (string, error) {
	taken, err := acroform.FieldNames(u.Document())
	if err != nil {
		return "", err
	}
	fields, err := acroform.SignatureFields(u.Document())
	if err != nil {
		return "", err
	}
	locks, name := locksOf(u.Document(), fields), ""
	for n := 1; name == "" || taken[name] || locks.cover(name, true); n++ {
		name = kind + " " + strconv.Itoa(n)
	}
	const printAndLocked = 4 | 128
	field := pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Sig"), "T": pdf.TextString(name),
		"F": int64(printAndLocked), "Rect": pdf.Array{int64(0), int64(0), int64(0), int64(0)}, "P": w.Page.Ref, "V": sig,
	}
	if w.Normal != (pdf.Ref{}) {
		field["Rect"], field["AP"] = w.Rect.Array(), pdf.Dict{"N": w.Normal}
	}
	if lock != nil {
		entry := lock.Clone()
		entry["Type"] = pdf.Name("SigFieldLock")
		field["Lock"] = u.Add(entry)
	}
	return name, acroform.AddField(u, u.Add(field), w.Page, signaturesExistAppendOnly)
}
