package acroform

import (
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
)

// Bounds of what a lock may name. One that goes beyond them locks every field.
const (
	maxLockNames  = 10_000 // names in one lock
	maxReferences = 16     // signature references of one signature
	maxNameParts  = 100    // parts of a full field name that is looked up
)

// A Lock says which form fields a signature froze: by the transform FieldMDP of its dictionary (ISO 32000-2 §12.8.2.4),
// or by /Lock of its field (§12.7.5.5). The zero value locks all fields.
type Lock struct {
	except bool            // all but the named ones
	names  map[string]bool // full names, each with its descendants; nil for all fields
}

// all reports whether the lock is over all fields.
func (l Lock) all() bool { return l.names == nil }

// Names returns how many fields the lock names.
func (l Lock) Names() int { return len(l.names) }

// Covers reports whether the field with the given full name may not change any more. A field that was added after the
// signature is not among "all fields" of its time, and is only covered when it is named.
func (l Lock) Covers(name string, added bool) bool {
	if l.names == nil {
		return !added
	}
	if l.except {
		return !added && !l.named(name)
	}
	return l.named(name)
}

// named reports whether a field or one that it descends from is named. Of a name with very many parts that is not
// asked: the answer is then the one that locks.
func (l Lock) named(name string) bool {
	if strings.Count(name, ".") > maxNameParts {
		return !l.except
	}
	for i := range len(name) {
		if name[i] == '.' && l.names[name[:i]] {
			return true
		}
	}
	return l.names[name]
}

// String says what is locked, in a few words.
func (l Lock) String() string {
	what := "the fields named"
	switch {
	case l.names == nil:
		return "all fields"
	case l.except:
		what = "all fields but"
	}
	var some []string
	for n := range l.names {
		if some = append(some, n); len(some) > 1 {
			break
		}
	}
	if len(some) == 1 {
		return what + " " + pdf.Quoted(some[0])
	}
	return what
}

// Locks returns which fields a signature froze when it was made, and whether it forbade all further changes (/P 1 in
// /Lock). d must be the revision that was signed. What cannot be read locks all.
func Locks(d *pdf.Document, f SignatureField) (locks []Lock, final bool) {
	if f.Dict["Lock"] != nil {
		lock, err := d.Dict(f.Dict["Lock"])
		if err != nil || lock == nil {
			return []Lock{{}}, true
		}
		if lock["P"] != nil {
			p, ok := d.Int(lock["P"])
			final = !ok || (p != 2 && p != 3)
		}
		locks = append(locks, readLock(d, lock))
	}
	sig, err := d.Dict(f.Value)
	if err != nil {
		return append(locks, Lock{}), final
	}
	for _, t := range Transforms(d, sig) {
		if t.Method == "FieldMDP" {
			locks = append(locks, t.lock)
		}
	}
	return locks, final
}

// readLock reads /Action and /Fields (tables 236 and 259).
func readLock(d *pdf.Document, dict pdf.Dict) Lock {
	action := d.Name(dict["Action"])
	if action != "Include" && action != "Exclude" {
		return Lock{}
	}
	fields, err := d.Array(dict["Fields"])
	if err != nil || fields == nil || len(fields) > maxLockNames {
		return Lock{}
	}
	l := Lock{except: action == "Exclude", names: make(map[string]bool, len(fields))}
	for _, f := range fields {
		o, err := d.Resolve(f)
		s, ok := o.(pdf.String)
		if err != nil || !ok || len(s) > MaxFieldName {
			return Lock{}
		}
		l.names[pdf.DocText(s)] = true
	}
	return l
}

// Transform is one signature reference (§12.8.1 table 256).
type Transform struct {
	Method pdf.Name // DocMDP, FieldMDP or UR3
	p      int64    // DocMDP permission: 2 when absent, 1 when it is no number
	lock   Lock     // FieldMDP
}

// Transforms returns the references of a signature dictionary. Where they cannot be read, they forbid everything.
func Transforms(d *pdf.Document, sig pdf.Dict) []Transform {
	refs, err := d.Array(sig["Reference"])
	if err != nil || len(refs) > maxReferences {
		return []Transform{{Method: "DocMDP", p: 1}, {Method: "FieldMDP"}}
	}
	var out []Transform
	for _, r := range refs {
		ref, err := d.Dict(r)
		if err != nil || ref == nil {
			continue
		}
		t := Transform{Method: d.Name(ref["TransformMethod"]), p: 2}
		parms, err := d.Dict(ref["TransformParams"])
		if p, ok := d.Int(parms["P"]); err != nil || ok || parms["P"] != nil {
			t.p = max(p, 1)
		}
		if t.Method == "FieldMDP" && err == nil && parms != nil {
			t.lock = readLock(d, parms)
		}
		out = append(out, t)
	}
	return out
}

// Certification returns the DocMDP permission (1, 2 or 3) that a signature dictionary grants, 0 when it certifies
// nothing. Of several it is the strictest; one that the standard does not know counts as 1.
func Certification(d *pdf.Document, sig pdf.Dict) int {
	out := 0
	for _, t := range Transforms(d, sig) {
		p := int(t.p)
		switch {
		case t.Method != "DocMDP":
			continue
		case p > 3:
			p = 1
		}
		if out == 0 || p < out {
			out = p
		}
	}
	return out
}
