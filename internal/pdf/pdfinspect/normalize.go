package pdfinspect

import (
	"bytes"
	"context"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
)

// Normalize rewrites an unsigned file so that it can be extended: one classic cross-reference table, no encryption, no
// usage rights, no unreachable objects, streams as they were encoded. What the pages show does not change.
//
// Usage rights (ISO 32000-2 §12.8.2.3) are signed by the maker of a form for its readers, over the file as it was made;
// they say nothing of who signed the document, and end with any change of it.
//
// It fails with a [*pdf.Refusal]: reason "unsupported" when the file is signed, for rewriting would break the
// signature, and the reasons of [Inspect].
func Normalize(ctx context.Context, raw []byte, l pdf.Limits) (out []byte, err error) {
	defer pdf.Guard(&err)
	info, err := Inspect(ctx, raw, l)
	if err != nil {
		return nil, err
	}
	d, err := pdf.Read(raw, l)
	if err != nil {
		return nil, err
	}
	if info.Signed {
		if err := onlyUsageRights(d); err != nil {
			return nil, err
		}
	}
	u := d.Scratch()
	catalog, err := d.Catalog()
	if err != nil {
		return nil, err
	}
	catalog = catalog.Without("Version", "Perms")
	if form, err := d.Dict(catalog["AcroForm"]); err != nil || form == nil {
		catalog = catalog.Without("AcroForm") // what is no dictionary is no form to any reader
	}
	u.Put(d.Root(), catalog)
	if _, err := d.Pages(); err != nil {
		return nil, err
	}
	infoRef, ok := d.Trailer()["Info"].(pdf.Ref)
	if dict, err := d.Dict(infoRef); !ok || err != nil || dict == nil {
		infoRef = u.Add(pdf.Dict{"Producer": pdf.TextString("evault")})
	}
	w := pdf.Rewriter{Update: u, Lenient: true, Drop: func(sig pdf.Dict) bool { return usageRights(d, sig) }}
	if out, err = w.Write(d.Root(), infoRef, d.Version()); err != nil {
		return nil, err
	}
	if info.Signed && bytes.Contains(out, []byte("/ByteRange")) {
		return nil, errSignedFile
	}
	return out, nil
}

var errSignedFile = &pdf.Refusal{
	Reason: pdf.ReasonUnsupported, Detail: "the file is signed, and rewriting it would break the signature",
}

// IsSigned reports that [Normalize] refused a file because it is signed.
func IsSigned(r *pdf.Refusal) bool { return r == errSignedFile }

// onlyUsageRights refuses a file with a signature that is something else.
func onlyUsageRights(d *pdf.Document) error {
	catalog, err := d.Catalog()
	if err != nil {
		return err
	}
	perms, err := d.Dict(catalog["Perms"])
	if err != nil {
		return err
	}
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		return err
	}
	signatures := []pdf.Object{}
	for _, entry := range perms {
		signatures = append(signatures, entry)
	}
	for _, f := range fields {
		if f.Value != nil {
			signatures = append(signatures, f.Value)
		}
	}
	found := false
	for _, s := range signatures {
		sig, err := d.Dict(s)
		if err != nil {
			return err
		}
		if sig != nil && !usageRights(d, sig) {
			return errSignedFile
		}
		found = found || sig != nil
	}
	if !found { // a signature that nothing refers to
		return errSignedFile
	}
	return nil
}

// usageRights reports whether a dictionary is a signature that grants usage rights and says nothing else.
func usageRights(d *pdf.Document, sig pdf.Dict) bool {
	if sig["ByteRange"] == nil {
		return false
	}
	transforms := acroform.Transforms(d, sig)
	for _, t := range transforms {
		if t.Method != "UR" && t.Method != "UR3" {
			return false
		}
	}
	return len(transforms) > 0
}

// What [Normalize] takes out of a file before anyone sees it.
const (
	TakenEncryption  = "encryption"   // that restricts what an opened file may be used for
	TakenUsageRights = "usage_rights" // of a form that its maker extended for readers
	TakenDamage      = "damage"       // cross-reference data and objects that nothing needs
)

// TakenOut names what Normalize takes out of raw, sorted.
func TakenOut(raw []byte, l pdf.Limits) (taken []string, err error) {
	defer pdf.Guard(&err)
	d, err := pdf.Read(raw, l)
	if err != nil {
		return nil, err
	}
	taken = []string{}
	if !d.Decrypted() && !d.Sound() {
		taken = append(taken, TakenDamage)
	}
	if d.Decrypted() {
		taken = append(taken, TakenEncryption)
	}
	if acroform.UsageRights(d) > 0 {
		taken = append(taken, TakenUsageRights)
	}
	return taken, nil
}
