package testpdf

import "fmt"

// custom is a file of one page with extra objects, the first of which is number 8, and further entries of catalog and
// page. Objects 1 to 7 are the catalog, the page tree, two fonts, the information dictionary, the content and the page.
func custom(s Structure, catalog, page string, objs ...object) []byte {
	b := &builder{}
	pages := simplePages(1, "A page with something in it")
	pages[0].Extra = page
	root := addPages(b, pages, catalog)
	b.objs = append(b.objs, objs...)
	return b.bytes(root, s)
}

func body(format string, args ...any) object { return object{body: fmt.Sprintf(format, args...)} }

func stream(entries, data string) object {
	return object{body: entries, data: []byte(data), stream: true}
}

// link is a link annotation with the given action.
func link(action string) string {
	return "/Annots[<</Type/Annot/Subtype/Link/Rect[72 600 200 620]/A " + action + ">>]"
}

// Active has a file for each name of active content that an inspection must find, under that name. Some names have a
// second, better hidden file under the name with " 2" appended.
func Active() map[string][]byte {
	return map[string][]byte{
		"javascript":   WithJavaScript(),
		"javascript 2": custom(ObjectStreams, "", link("8 0 R"), body("<</S/J#61vaScript/JS(app.alert\\(1\\))>>")),
		"javascript 3": custom(Classic, "/Names<</JavaScript<</Names[(a)8 0 R]>>>>", "", body("<</S/Rendition/JS(x)>>")),
		"launch":       custom(Classic, "/OpenAction<</S/Launch/F(calc.exe)>>", ""),
		"launch 2":     custom(Classic, "", link("<</S/GoTo/D[7 0 R/Fit]/Next 8 0 R>>"), body("<</S/Launch/F(calc.exe)>>")),
		"uri_on_open":  custom(Classic, "/OpenAction<</S/URI/URI(http://example.com/)>>", ""),
		"uri_on_open 2": custom(Classic, "", "/AA<</O<</S/GoTo/D[7 0 R/Fit]/Next[8 0 R]>>>>",
			body("<</S/URI/URI(http://example.com/)>>")),
		"submit_form":        custom(Classic, "", link("<</S/SubmitForm/F(http://example.com/)>>")),
		"import_data":        custom(Classic, "", link("<</S/ImportData/F(data.fdf)>>")),
		"embedded_files":     WithAttachment(),
		"external_reference": custom(Classic, "", link("<</S/GoToR/F(other.pdf)/D[0/Fit]>>")),
		"external_reference 2": custom(Classic, "", "", object{
			body:   "/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/F<</FS/URL/F(http://example.com/a)>>",
			stream: true,
		}),
		"rich_media":       custom(Classic, "", "/Annots[<</Type/Annot/Subtype/RichMedia/Rect[0 0 9 9]>>]"),
		"xfa":              custom(Classic, "/AcroForm<</Fields[]/XFA 8 0 R>>", "", stream("", "<xdp/>")),
		"optional_content": custom(Classic, "/OCProperties<</OCGs[8 0 R]/D<<>>>>", "", body("<</Type/OCG/Name(Layer)>>")),
		"alternate_images": custom(
			Classic, "", "",
			stream(
				"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Alternates[<</Image 8 0 R>>]",
				"a",
			),
		),
		"print_only_content": custom(
			Classic, "", "/Annots[<</Type/Annot/Subtype/FreeText/F 36/Rect[72 72 200 200]/Contents(x)>>]",
		),
		"postscript": custom(Classic, "", "", stream("/Type/XObject/Subtype/PS", "showpage")),
		"viewer_made_fields": custom(Classic, "/AcroForm<</Fields[8 0 R]/NeedAppearances true>>", "/Annots[8 0 R]",
			body("<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Filled in)/Rect[72 500 272 520]>>")),
		"rich_text": custom(
			Classic, "", "/Annots[<</Type/Annot/Subtype/FreeText/Rect[72 72 200 200]/Contents(x)/RC(<body>x</body>)>>]",
		),
		"rich_text 2": custom(Classic, "/AcroForm<</Fields[8 0 R]>>", "/Annots[8 0 R]",
			body("<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(x)/RV(<body><p>x</p></body>)/Rect[72 500 272 520]>>")),
		"ambiguous_structure": custom(Classic, "", "", body("<</A 1/A 2>>")),
	}
}

// WithJavaScript runs a script when it is opened.
func WithJavaScript() []byte {
	return custom(Classic, "/OpenAction 8 0 R", "", body("<</Type/Action/S/JavaScript/JS(app.alert\\('hello'\\))>>"))
}

// OpensAtPage has an open action that goes to its own page, as LibreOffice writes it; it is not active content.
func OpensAtPage() []byte { return custom(Classic, "/OpenAction[7 0 R/XYZ null null 0]", "") }

// WithAttachment carries a text file.
func WithAttachment() []byte {
	return custom(Classic, "/Names<</EmbeddedFiles<</Names[(notes.txt)9 0 R]>>>>/AF[9 0 R]", "",
		stream("/Type/EmbeddedFile", "ATTACHED BYTES"),
		body("<</Type/Filespec/F(notes.txt)/EF<</F 8 0 R>>>>"))
}

// Form is a filled-in form: a text field with an appearance, a text field without one, a ticked and an unticked box, a
// visible signature field that is not signed, a link within the file, one to the web, and a hidden note.
func Form() []byte {
	form := func(w, h int, content string) object {
		return stream(
			fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 %d %d]/Resources<</Font<</F1 3 0 R>>>>", w, h), content,
		)
	}
	widget := func(entries string) object { return body("<</Type/Annot/Subtype/Widget/F 4/P 7 0 R%s>>", entries) }
	return custom(Classic,
		"/AcroForm<</Fields[9 0 R 10 0 R 11 0 R 12 0 R 13 0 R]/DR<</Font<</F1 3 0 R>>>>/SigFlags 1>>",
		"/Annots[9 0 R 10 0 R 11 0 R 12 0 R 13 0 R 15 0 R 16 0 R 17 0 R]",
		form(200, 20, "/Tx BMC q BT /F1 12 Tf 2 5 Td (FILLED VALUE) Tj ET Q EMC"), // 8
		widget("/FT/Tx/T(name)/V(FILLED VALUE)/Rect[72 600 272 620]/AP<</N 8 0 R>>"),
		widget("/FT/Tx/T(plain)/V(UNDRAWN VALUE)/Rect[72 560 272 580]"),
		widget("/FT/Btn/T(yes)/V/On/AS/On/Rect[72 520 92 540]/AP<</N<</On 14 0 R>>>>"),
		widget("/FT/Btn/T(no)/V/Off/AS/Off/Rect[112 520 132 540]/AP<</N<</On 14 0 R>>>>"),
		widget("/FT/Sig/T(sign)/Rect[72 440 272 500]/AP<</N 18 0 R>>"),
		form(20, 20, "2 w 3 3 m 17 17 l S 3 17 m 17 3 l S"), // 14
		body("<</Type/Annot/Subtype/Link/Rect[300 600 400 620]/Dest[7 0 R/Fit]>>"),
		body("<</Type/Annot/Subtype/Link/Rect[300 560 400 580]/A<</S/URI/URI(http://example.com/)>>>>"),
		body("<</Type/Annot/Subtype/FreeText/F 2/Rect[300 500 500 540]/Contents(HIDDEN NOTE)/AP<</N 19 0 R>>>>"),
		form(100, 30, "0 0 1 RG 1 w 1 1 98 28 re S BT /F1 8 Tf 4 12 Td (SIGNATURE LOOK) Tj ET"), // 18
		form(100, 30, "BT /F1 8 Tf 4 12 Td (HIDDEN NOTE) Tj ET"),                                // 19
	)
}

// Encrypted opens without a password but restricts changes (an owner password); Locked opens only with one.
func Encrypted() []byte { return encrypted("", "owner") }

// Locked needs the password "user" to be opened.
func Locked() []byte { return encrypted("user", "owner") }

func encrypted(user, owner string) []byte {
	b := &builder{crypt: newCrypt(user, owner)}
	root := addPages(b, simplePages(2, "Encrypted page"), "")
	b.objs[4].body = "null" // the information dictionary: its strings would have to be encrypted
	b.trailer = "/ID" + b.crypt.id + fmt.Sprintf("/Encrypt %d 0 R", b.add(b.crypt.dict))
	return b.bytes(root, Classic)
}

// Odd has pages of odd geometry, one file each; the text "UPRIGHT" reads upright on the displayed page's lower left
// part.
func Odd() map[string][]byte {
	files := map[string][]byte{}
	for _, deg := range []int{90, 180, 270} {
		files[fmt.Sprintf("rotated %d", deg)] = Rotated(deg)
	}
	files["landscape"] = Build(
		Classic, Page{Media: [4]float64{0, 0, 792, 612}, Content: "BT /F1 14 Tf 72 100 Td (UPRIGHT) Tj ET"},
	)
	files["cropped"] = Cropped()
	files["user unit"] = Build(Classic, Page{UserUnit: 2, Content: "BT /F1 14 Tf 72 100 Td (UPRIGHT) Tj ET"})
	files["A0"] = Build(
		Classic, Page{Media: [4]float64{0, 0, 2384, 3370}, Content: "BT /F1 14 Tf 72 100 Td (UPRIGHT) Tj ET"},
	)
	files["tiny"] = Build(
		Classic, Page{Media: [4]float64{0, 0, 180, 120}, Content: "BT /F1 8 Tf 10 40 Td (UPRIGHT) Tj ET"},
	)
	files["shifted"] = Build(
		Classic, Page{Media: [4]float64{-300, -400, 312, 392}, Content: "BT /F1 14 Tf -228 -300 Td (UPRIGHT) Tj ET"},
	)
	return files
}

// Rotated is one page with /Rotate, on which the text reads upright.
func Rotated(degrees int) []byte {
	m := map[int]string{
		0: "1 0 0 1 72 100", 90: "0 1 -1 0 512 72", 180: "-1 0 0 -1 540 692", 270: "0 -1 1 0 100 720",
	}[degrees%360]
	return Build(Classic, Page{Rotate: degrees, Content: "BT /F1 14 Tf " + m + " Tm (UPRIGHT) Tj ET"})
}

// Cropped is one page with a crop box, a shifted media box, rotation and a user unit.
func Cropped() []byte {
	return Build(Classic, Page{
		Media: [4]float64{10, 20, 810, 620}, Crop: [4]float64{110, 120, 710, 520}, Rotate: 90, UserUnit: 1.5,
		Content: "BT /F1 14 Tf 0 1 -1 0 640 160 Tm (UPRIGHT) Tj ET",
	})
}

// Unruly has pages whose content would disturb what is drawn after it: graphics state left changed, closed once too
// often, text, marked content or an array left open, an inline image that holds operators.
func Unruly() []byte {
	var ps []Page
	for _, tail := range []string{
		"q 0.2 0 0 0.2 400 400 cm", "Q Q 0.2 0 0 0.2 300 300 cm", "BT /F1 4 Tf", "/OC /Hidden BDC",
		"/Span <</ActualText(x)>> BDC", "q q Q", "(an open string",
	} {
		ps = append(ps, Page{Content: "BT /F1 14 Tf 72 600 Td (UNRULY) Tj ET\n" + tail})
	}
	ps = append(
		ps,
		Page{
			Content: "BT /F1 14 Tf 72 600 Td (UNRULY) Tj ET\nq 40 0 0 40 72 500 cm BI /W 4 /H 1 /BPC 8 /CS /G ID \nQ Q EI Q",
		},
	)
	return Build(Classic, ps...)
}

// Shared is a file of n pages that inherit one direct resource dictionary of about 20 kB from the page tree.
func Shared(n int) []byte {
	b := &builder{}
	root := addPages(b, simplePages(n, "Shared resources"), "")
	res := "/Resources<</Font<</F1 3 0 R/F2 4 0 R"
	for i := range 1500 {
		res += fmt.Sprintf("/X%d 3 0 R", i)
	}
	tree := &b.objs[1]
	tree.body = tree.body[:len(tree.body)-2] + res + ">>>>>>"
	for i := range b.objs {
		b.objs[i].body = withoutResources(b.objs[i].body)
	}
	return b.bytes(root, Classic)
}
