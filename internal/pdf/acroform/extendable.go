package acroform

import (
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
)

// Extendable returns "" when the file can carry a further signature by an incremental update, else one of the Block
// constants: it is encrypted, its cross-reference data is not sound, it is certified with no changes allowed
// (DocMDP P=1, ISO 32000-2 §12.8.2.2), a signature locked the document (§12.7.5.5 /Lock with /P 1, or FieldMDP over all
// fields, §12.8.2.4), or it carries usage rights (§12.8.2.3), which another producer's signature would revoke.
func Extendable(d *pdf.Document) string {
	switch {
	case d.Encrypted():
		return pdf.BlockEncrypted
	case !d.Sound():
		return pdf.BlockDamaged
	}
	catalog, err := d.Catalog()
	if err != nil {
		return pdf.BlockDamaged
	}
	perms, err := d.Dict(catalog["Perms"])
	if err != nil {
		return pdf.BlockDamaged
	}
	if perms["UR3"] != nil || perms["UR"] != nil {
		return pdf.BlockUsageRights
	}
	fields, err := SignatureFields(d)
	if err != nil {
		return pdf.BlockDamaged
	}
	if cert := perms["DocMDP"]; cert != nil {
		fields = append(fields, SignatureField{Value: cert})
	}
	for _, f := range fields {
		if f.Value == nil {
			continue
		}
		if reason := signatureBlocks(d, f); reason != "" {
			return reason
		}
	}
	return ""
}

// UsageRights returns how many signatures of the catalog's /Perms grant usage rights (ISO 32000-2 §12.8.2.3). They are
// in no form field and say nothing about who signed the document.
func UsageRights(d *pdf.Document) int {
	catalog, err := d.Catalog()
	if err != nil {
		return 0
	}
	perms, err := d.Dict(catalog["Perms"])
	if err != nil {
		return 0
	}
	n := 0
	for _, k := range []pdf.Name{"UR", "UR3"} {
		sig, err := d.Dict(perms[k])
		if err == nil && sig["ByteRange"] != nil && slices.ContainsFunc(Transforms(d, sig), func(t Transform) bool {
			return t.Method == k
		}) {
			n++
		}
	}
	return n
}

func signatureBlocks(d *pdf.Document, f SignatureField) string {
	sig, err := d.Dict(f.Value)
	if err != nil || sig == nil {
		return pdf.BlockDamaged
	}
	if Certification(d, sig) == 1 {
		return pdf.BlockCertified
	}
	locks, final := Locks(d, f)
	if final || slices.ContainsFunc(locks, Lock.all) {
		return pdf.BlockLocked
	}
	return ""
}

// SignatureField is a terminal signature field of the form.
type SignatureField struct {
	Name  string  // fully qualified (§12.7.4.2)
	Ref   pdf.Ref // zero when the field is a direct object
	Dict  pdf.Dict
	Value pdf.Object // /V: a Ref to the signature dictionary, nil when unsigned
}

// SignatureFields returns every signature field that can be reached from /AcroForm, in form order.
func SignatureFields(d *pdf.Document) (_ []SignatureField, err error) {
	defer pdf.Guard(&err)
	var out []SignatureField
	w := FieldWalk{Document: d, Seen: map[pdf.Ref]bool{}, Visit: func(f Field) {
		if f.Kind == "Sig" {
			out = append(out, f.SignatureField)
		}
	}}
	return out, w.All()
}

// FieldNames returns the partial names (/T) of the form's root fields.
func FieldNames(d *pdf.Document) (_ map[string]bool, err error) {
	defer pdf.Guard(&err)
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
		f, _ := direct.(pdf.Dict)
		if t, err := d.Resolve(f["T"]); err == nil {
			if s, ok := t.(pdf.String); ok {
				names[pdf.DocText(s)] = true
			}
		}
	}
	return names, nil
}
