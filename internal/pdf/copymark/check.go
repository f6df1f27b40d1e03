package copymark

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/pdf/signing"
)

// CheckCopy verifies that raw is what a marked copy should be: it carries no signature, form or action that could pass
// it off as the authoritative copy, and on each of its pages every one of texts (the mark, the copy's id) stands as
// text that a reader draws. White space does not count. The error says what is missing, and on which page; a file that
// cannot be read is a [*pdf.Refusal].
func CheckCopy(raw []byte, texts ...string) error {
	d, err := pdf.Open(raw, pdf.Limits{Bytes: int64(len(raw)), Decoded: extract.MaxText})
	if err != nil {
		return err
	}
	if err := checkUnsigned(d); err != nil {
		return err
	}
	pages, err := d.Pages()
	if err != nil {
		return err
	}
	t := extract.NewSource(d)
	for _, p := range pages {
		text, err := t.VisibleText(p)
		if err != nil {
			return fmt.Errorf("page %d: %w", p.Number, err)
		}
		for _, want := range texts {
			if !strings.Contains(text, extract.Unspaced(want)) {
				return fmt.Errorf("page %d does not show %q", p.Number, want)
			}
		}
	}
	return nil
}

// checkUnsigned looks for everything by which a reader could take the file for a signed or a fillable one.
func checkUnsigned(d *pdf.Document) error {
	catalog, err := d.Catalog()
	if err != nil {
		return err
	}
	for _, key := range []pdf.Name{"AcroForm", "Perms", "DSS", "OpenAction", "AA"} {
		o, err := d.Resolve(catalog[key])
		if err != nil {
			return err
		}
		if o != nil {
			return fmt.Errorf("the catalog has /%s", key)
		}
	}
	n, err := signing.CountByteRanges(d)
	if err != nil {
		return err
	}
	if n != 0 {
		return fmt.Errorf("%d objects have a /ByteRange", n)
	}
	return nil
}
