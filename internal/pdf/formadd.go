package pdf

// AddField appends a form field, merged with its widget, to /AcroForm and to the annotations of page. SigFlags is set where
// it is not zero. Every other entry of the form (fields, /DA, /DR, /XFA) stays.
func (u *Update) AddField(field Ref, page Page, sigFlags int64) error {
	err := u.EditCatalog(func(c Dict) error {
		form, err := u.Edit(c["AcroForm"], func(f Dict) error {
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
	return u.AddAnnotation(field, page)
}

// AddAnnotation appends an annotation to a page.
func (u *Update) AddAnnotation(annot Ref, page Page) error {
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
