package acroform

import (
	"github.com/evaultlib/evault/internal/pdf"
)

// AddField appends a form field, merged with its widget, to /AcroForm and to the annotations of page. SigFlags is set
// where it is not zero. Every other entry of the form (fields, /DA, /DR, /XFA) stays.
func AddField(u *pdf.Update, field pdf.Ref, page pdf.Page, sigFlags int64) error {
	err := u.EditCatalog(func(c pdf.Dict) error {
		form, err := u.Edit(c["AcroForm"], func(f pdf.Dict) error {
			if sigFlags != 0 {
				f["SigFlags"] = sigFlags
			}
			return u.AppendTo(f, "Fields", field)
		})
		c["AcroForm"] = form
		return err
	})
	if err != nil {
		return err
	}
	return AddAnnotation(u, field, page)
}

// AddAnnotation appends an annotation to a page.
func AddAnnotation(u *pdf.Update, annot pdf.Ref, page pdf.Page) error {
	dict, err := u.Dict(page.Ref)
	if err != nil {
		return err
	}
	dict = dict.Clone()
	if err := u.AppendTo(dict, "Annots", annot); err != nil {
		return err
	}
	u.Put(page.Ref, dict)
	return nil
}
