package pdf

import "slices"

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

func (d *Document) signatureBlocks(f SignatureField) string {
	sig, err := d.Dict(f.Value)
	if err != nil || sig == nil {
		return BlockDamaged
	}
	if d.Certification(sig) == 1 {
		return BlockCertified
	}
	locks, final := d.Locks(f)
	if final || slices.ContainsFunc(locks, Lock.All) {
		return BlockLocked
	}
	return ""
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
	var out []SignatureField
	w := fieldWalk{d: d, seen: map[Ref]bool{}, visit: func(f formField) {
		if f.kind == "Sig" {
			out = append(out, f.SignatureField)
		}
	}}
	return out, w.all()
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
				names[docText(s)] = true
			}
		}
	}
	return names, nil
}
