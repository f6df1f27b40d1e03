package pades

import (
	"crypto"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

// Which form fields a [Lock] is about.
const (
	LockAll     = "All"
	LockInclude = "Include" // those that it names
	LockExclude = "Exclude" // all but those that it names
)

// Lock freezes form fields by a seal (ISO 32000-2 §12.7.5.5 table 236): the
// seal forbids later changes of them.
type Lock struct {
	// Action is LockAll, LockInclude or LockExclude. Required. After LockAll nothing is sealed in the file any more
	// ([NotExtendableError]).
	Action string
	// Fields are full names (§12.7.4.2), each including its descendants; at
	// least one unless Action is LockAll. They need not exist in the form.
	Fields []string
	// Permission limits other changes: 1 allows none, not even further seals, 2
	// allows forms and signatures, 3 also comments. Default 0, no limit.
	// [Verify] judges form filling and comments by its own rules, regardless of
	// Permission.
	Permission int
}

// maxLockFields bounds how many fields a lock names; verification takes a longer one to be over all fields.
const maxLockFields = 10_000

// dict is the lock as it stands in a field, but for /Type.
func (l *Lock) dict() (pdf.Dict, error) {
	named := l.Action == LockInclude || l.Action == LockExclude
	switch {
	case !named && l.Action != LockAll:
		return nil,
			fmt.Errorf("pades: SealRequest.Lock.Action is %q, want %s, %s or %s", l.Action, LockAll, LockInclude, LockExclude)
	case named != (len(l.Fields) > 0) || len(l.Fields) > maxLockFields || slices.Contains(l.Fields, ""):
		return nil, fmt.Errorf("pades: SealRequest.Lock.Fields does not fit the action %s", l.Action)
	case l.Permission < 0 || l.Permission > 3:
		return nil, fmt.Errorf("pades: SealRequest.Lock.Permission is %d, want 1, 2 or 3", l.Permission)
	}
	out := pdf.Dict{"Action": pdf.Name(l.Action)}
	if named {
		names := make(pdf.Array, len(l.Fields))
		for i, f := range l.Fields {
			names[i] = pdf.TextString(f)
		}
		out["Fields"] = names
	}
	if l.Permission != 0 {
		out["P"] = int64(l.Permission)
	}
	return out, nil
}

// lockOf returns the lock that a request asks for its new field, but for /Type; nil for none.
func lockOf(r SealRequest) (pdf.Dict, error) {
	switch {
	case r.Lock == nil:
		return nil, nil
	case r.Field != "":
		return nil, &FieldError{r.Field, "SealRequest.Lock is for a new field"}
	}
	return r.Lock.dict()
}

// fieldMDP is the transform of a lock (ISO 32000-2 §12.8.2.4). /P is the lock's own (table 236), binding as it stands
// in the field; it is repeated here because Acrobat, iText and pyHanko do so, and not as a DocMDP transform, which is
// for the first signature of a file alone (§12.8.2.2).
func (s *Sealer) fieldMDP(d *pdf.Document, lock pdf.Dict) pdf.Dict {
	ref := s.reference("FieldMDP", lock.Clone())
	ref["Data"] = d.Root() // required of this one (table 256)
	return ref
}

// reference is a signature reference (ISO 32000-2 §12.8.1 table 256).
func (s *Sealer) reference(method pdf.Name, parameters pdf.Dict) pdf.Dict {
	parameters["Type"], parameters["V"] = pdf.Name("TransformParams"), pdf.Name("1.2")
	return pdf.Dict{
		"Type": pdf.Name("SigRef"), "TransformMethod": method, "TransformParams": parameters,
		"DigestMethod": digestName(s.alg.Hash),
	}
}

// digestName is the digest as signature references spell it.
func digestName(h crypto.Hash) pdf.Name { return pdf.Name(strings.ReplaceAll(h.String(), "-", "")) }
