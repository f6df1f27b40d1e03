package pdf

import "slices"

// Reasons why a file cannot carry a further embedded seal.
const (
	BlockEncrypted   = "encrypted"
	BlockDamaged     = "damaged"
	BlockCertified   = "certified_no_changes"
	BlockLocked      = "locked"
	BlockUsageRights = "usage_rights"
)

// Extendable returns "" when the file can carry a further signature by an incremental update, else one of the Block
// constants: it is encrypted, its cross-reference data is not sound, it is certified with no changes allowed
// (DocMDP P=1, ISO 32000-2 §12.8.2.2), a signature locked the document (§12.7.5.5 /Lock with /P 1, or FieldMDP over all
// fields, §12.8.2.4), or it carries usage rights (§12.8.2.3), which another producer's signature would revoke.
func (d *Document) Extendable() string {
	switch {
	case d.Encrypted():
		return BlockEncrypted
	case !d.sound():
		return BlockDamaged
	}
	catalog, err := d.Catalog()
	if err != nil {
		return BlockDamaged
	}
	perms, err := d.Dict(catalog["Perms"])
	if err != nil {
		return BlockDamaged
	}
	if perms["UR3"] != nil || perms["UR"] != nil {
		return BlockUsageRights
	}
	fields, err := d.SignatureFields()
	if err != nil {
		return BlockDamaged
	}
	if cert := perms["DocMDP"]; cert != nil {
		fields = append(fields, SignatureField{Value: cert})
	}
	for _, f := range fields {
		if f.Value == nil {
			continue
		}
		if reason := d.signatureBlocks(f); reason != "" {
			return reason
		}
	}
	return ""
}

// UsageRights returns how many signatures of the catalog's /Perms grant usage rights (ISO 32000-2 §12.8.2.3). They are in no
// form field and say nothing about who signed the document.
func (d *Document) UsageRights() int {
	catalog, err := d.Catalog()
	if err != nil {
		return 0
	}
	perms, err := d.Dict(catalog["Perms"])
	if err != nil {
		return 0
	}
	n := 0
	for _, k := range []Name{"UR", "UR3"} {
		sig, err := d.Dict(perms[k])
		if err == nil && sig["ByteRange"] != nil && slices.ContainsFunc(d.transforms(sig), func(t transform) bool { return t.method == k }) {
			n++
		}
	}
	return n
}

// LocksDocument reports whether signing a field forbade all further changes (§12.7.5.5 /Lock with /P 1).
func (d *Document) LocksDocument(f SignatureField) bool {
	lock, err := d.Dict(f.Dict["Lock"])
	p, ok := d.Int(lock["P"])
	return err == nil && ok && p == 1
}

func (d *Document) signatureBlocks(f SignatureField) string {
	if lock, err := d.Dict(f.Dict["Lock"]); d.LocksDocument(f) || (err == nil && d.Name(lock["Action"]) == "All") {
		return BlockLocked
	}
	sig, err := d.Dict(f.Value)
	if err != nil || sig == nil {
		return BlockDamaged
	}
	for _, t := range d.transforms(sig) {
		switch {
		case t.method == "DocMDP" && t.p == 1:
			return BlockCertified
		case t.method == "FieldMDP" && t.action == "All":
			return BlockLocked
		}
	}
	return ""
}

// transform is one signature reference (§12.8.1 table 256).
type transform struct {
	method, action Name
	p              int64 // DocMDP permission, 2 when absent
}

func (d *Document) transforms(sig Dict) []transform {
	refs, err := d.Array(sig["Reference"])
	if err != nil {
		return nil
	}
	var out []transform
	for _, r := range refs {
		ref, err := d.Dict(r)
		if err != nil || ref == nil {
			continue
		}
		t := transform{method: d.Name(ref["TransformMethod"]), p: 2}
		if parms, err := d.Dict(ref["TransformParams"]); err == nil && parms != nil {
			if p, ok := d.Int(parms["P"]); ok {
				t.p = p
			}
			t.action = d.Name(parms["Action"])
		}
		out = append(out, t)
	}
	return out
}

// Certification returns the DocMDP permission (1, 2 or 3) that a signature dictionary grants, 0 when it certifies nothing.
func (d *Document) Certification(sig Dict) int {
	for _, t := range d.transforms(sig) {
		if t.method == "DocMDP" {
			return int(t.p)
		}
	}
	return 0
}

// SignatureField is a terminal signature field of the form.
type SignatureField struct {
	Name  string // fully qualified (§12.7.4.2)
	Ref   Ref    // zero when the field is a direct object
	Dict  Dict
	Value Object // /V: a Ref to the signature dictionary, nil when unsigned
}

// SignatureFields returns every signature field that can be reached from /AcroForm, in form order.
func (d *Document) SignatureFields() (_ []SignatureField, err error) {
	defer guard(&err)
	catalog, err := d.Catalog()
	if err != nil {
		return nil, err
	}
	form, err := d.Dict(catalog["AcroForm"])
	if err != nil || form == nil {
		return nil, err
	}
	roots, err := d.Array(form["Fields"])
	if err != nil {
		return nil, err
	}
	w := fieldWalk{d: d, seen: map[Ref]bool{}}
	for _, f := range roots {
		if err := w.field(f, "", "", nil, 0); err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

type fieldWalk struct {
	d    *Document
	seen map[Ref]bool
	out  []SignatureField
}

func (w *fieldWalk) field(o Object, prefix string, kind Name, value Object, depth int) error {
	if depth > w.d.limits.Depth {
		return &Refusal{Reason: ReasonTooDeep, Detail: "form fields"}
	}
	ref, _ := o.(Ref)
	if ref != (Ref{}) {
		if w.seen[ref] {
			return damaged("a form field is named twice")
		}
		w.seen[ref] = true
	}
	direct, err := w.d.Resolve(o)
	f, ok := direct.(Dict)
	if err != nil || !ok {
		return err // readers pass over what is no dictionary
	}
	if t, err := w.d.Resolve(f["T"]); err == nil {
		if s, ok := t.(String); ok {
			if prefix != "" {
				prefix += "."
			}
			prefix += s.Text()
		}
	}
	if k := w.d.Name(f["FT"]); k != "" {
		kind = k
	}
	if v, ok := f["V"]; ok {
		value = v
	}
	kids, err := w.d.Array(f["Kids"])
	if err != nil {
		return err
	}
	if named := w.namedKids(kids); len(named) > 0 {
		for _, k := range named {
			if err := w.field(k, prefix, kind, value, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if kind == "Sig" {
		w.out = append(w.out, SignatureField{Name: prefix, Ref: ref, Dict: f, Value: value})
	}
	return nil
}

// namedKids returns the kids that are fields of their own; those without /T are widgets of their parent.
func (w *fieldWalk) namedKids(kids Array) Array {
	var out Array
	for _, k := range kids {
		if f, err := w.d.Dict(k); err == nil && f != nil && f["T"] != nil {
			out = append(out, k)
		}
	}
	return out
}

// FieldNames returns the partial names (/T) of the form's root fields.
func (d *Document) FieldNames() (_ map[string]bool, err error) {
	defer guard(&err)
	names := map[string]bool{}
	catalog, err := d.Catalog()
	if err != nil {
		return nil, err
	}
	form, err := d.Dict(catalog["AcroForm"])
	if err != nil || form == nil {
		return names, err
	}
	roots, err := d.Array(form["Fields"])
	if err != nil {
		return nil, err
	}
	for _, r := range roots {
		direct, err := d.Resolve(r)
		if err != nil {
			return nil, err
		}
		f, _ := direct.(Dict)
		if t, err := d.Resolve(f["T"]); err == nil {
			if s, ok := t.(String); ok {
				names[s.Text()] = true
			}
		}
	}
	return names, nil
}
