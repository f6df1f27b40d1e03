package testpdf

import "fmt"

const (
	usageRights = "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 10 20 10]/Contents<3000>" +
		"/Reference[<</Type/SigRef/TransformMethod/%s/TransformParams<</Type/TransformParams/V/2.2/Form[/FillIn/SubmitStandalone]>>>>]>>"
	certification = "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 10 20 10]/Contents<3000>" +
		"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 2/V/1.2>>>>]>>"
	extendedForm = "/AcroForm<</Fields[9 0 R%s]/DA(/F1 12 Tf)/DR<</Font<</F1 3 0 R>>>>/SigFlags %d>>"
)

// Extended are forms that their maker extended for readers (usage rights, ISO 32000-2, 12.8.2.3), as agencies publish
// them: the signature that grants the rights is no signature of the document.
func Extended() map[string][]byte {
	field := body("<</Type/Annot/Subtype/Widget/F 4/P 7 0 R/FT/Tx/T(name)/Rect[72 600 272 620]>>")
	file := func(s Structure, perms, fields string, flags int, objs ...object) []byte {
		return custom(s, "/Perms<<"+perms+">>"+fmt.Sprintf(extendedForm, fields, flags), "/Annots[9 0 R]", objs...)
	}
	right := func(method string) object { return body(usageRights, method) }
	files := map[string][]byte{
		"UR3":            file(Classic, "/UR3 8 0 R", "", 0, right("UR3"), field),
		"UR":             file(Classic, "/UR 8 0 R", "", 0, right("UR"), field),
		"both":           file(Classic, "/UR 8 0 R/UR3 10 0 R", "", 0, right("UR"), field, right("UR3")),
		"object streams": file(ObjectStreams, "/UR3 8 0 R", "", 0, right("UR3"), field),
		"direct":         file(XRefStreams, "/UR3 "+fmt.Sprintf(usageRights, "UR3"), "", 0, body("null"), field),
		"in a field": file(Classic, "/UR3 8 0 R", " 10 0 R", 3, right("UR3"), field,
			body("<</Type/Annot/Subtype/Widget/F 2/FT/Sig/T(rights)/V 8 0 R/Rect[0 0 0 0]/P 7 0 R>>")),
	}
	b := &builder{crypt: newCrypt("", "owner")}
	root := addPages(b, simplePages(2, "Encrypted page"), "/Perms<</UR3 10 0 R>>")
	b.objs[4].body = "null" // the information dictionary: its strings would have to be encrypted
	for len(b.objs) < 9 {
		b.add("null")
	}
	b.add(fmt.Sprintf(usageRights, "UR3"))
	b.trailer = "/ID" + b.crypt.id + fmt.Sprintf("/Encrypt %d 0 R", b.add(b.crypt.dict))
	files["encrypted"] = b.bytes(root, Classic)
	return files
}

// Certified is a form with usage rights that its author certified as well: that is a signature of the document.
func Certified() []byte {
	return custom(Classic, "/Perms<</UR3 8 0 R/DocMDP 10 0 R>>"+fmt.Sprintf(extendedForm, "", 3), "/Annots[9 0 R]",
		body(usageRights, "UR3"), body("<</Type/Annot/Subtype/Widget/F 4/P 7 0 R/FT/Tx/T(name)/Rect[72 600 272 620]>>"),
		body(certification))
}

// Portfolio is a cover sheet with the documents attached.
func Portfolio() []byte {
	return custom(Classic, "/Collection<</Type/Collection/View/D>>/Names<</EmbeddedFiles<</Names[(contract.pdf)9 0 R]>>>>", "",
		stream("/Type/EmbeddedFile", "%PDF-1.7 the contract"), body("<</Type/Filespec/F(contract.pdf)/EF<</F 8 0 R>>>>"))
}

// DynamicForm is the page "Please wait" of a form whose pages the viewer makes.
func DynamicForm() []byte {
	return custom(Classic, "/NeedsRendering 8 0 R/AcroForm<</Fields[]/XFA 9 0 R>>", "", body("true"), stream("", "<xdp/>"))
}
