package pdf

import (
	"context"
)

// Normalize rewrites an unsigned file so that it can be extended: one classic cross-reference table, no encryption, no
// unreachable objects, streams as they were encoded. What the pages show does not change.
//
// It fails with a [*Refusal]: reason "unsupported" when the file is signed, for rewriting would break the signature, and
// the reasons of [Inspect].
func Normalize(ctx context.Context, raw []byte, l Limits) (out []byte, err error) {
	defer guard(&err)
	info, err := Inspect(ctx, raw, l)
	if err != nil {
		return nil, err
	}
	if info.Signed {
		return nil, &Refusal{Reason: ReasonUnsupported, Detail: "a signed file is not rewritten"}
	}
	d, _, err := openAny(raw, l)
	if err != nil {
		return nil, err
	}
	u := d.scratch()
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
	infoRef, ok := d.trailer["Info"].(Ref)
	if dict, err := d.Dict(infoRef); !ok || err != nil || dict == nil {
		infoRef = u.Add(Dict{"Producer": TextString("evault")})
	}
	w := rewriter{u: u, lenient: true}
	return w.write(d.Root(), infoRef, d.version())
}
