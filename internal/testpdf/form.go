package testpdf

import "fmt"

// Application is a page with a form that has a field of every kind: text, check box, radio buttons, choices, an empty
// signature field, and what is no field of a contract: a push button, a password, a hidden field, one on no page.
func Application() []byte {
	objects := map[int]string{}
	annots, fields := "", ""
	next := 10
	put := func(format string, args ...any) int {
		objects[next] = fmt.Sprintf(format, args...)
		next++
		return next - 1
	}
	widget := func(x, y, w, h int, entries string) int {
		n := put("<</Type/Annot/Subtype/Widget/F 4/P 5 0 R/Rect[%d %d %d %d]%s>>", x, y, x+w, y+h, entries)
		annots += fmt.Sprintf(" %d 0 R", n)
		return n
	}
	field := func(x, y, w, h int, entries string) { fields += fmt.Sprintf(" %d 0 R", widget(x, y, w, h, entries)) }

	buyer := next // the fields below it are named buyer.name and buyer.sign
	objects[buyer] = ""
	next++
	name := widget(72, 600, 200, 20, fmt.Sprintf("/Parent %d 0 R/T(name)/TU(Name of the buyer)/FT/Tx/Ff 2", buyer))
	sign := widget(72, 400, 200, 40, fmt.Sprintf("/Parent %d 0 R/T(sign)/FT/Sig", buyer))
	objects[buyer] = fmt.Sprintf("<</T(buyer)/Kids[%d 0 R %d 0 R]>>", name, sign)
	fields += fmt.Sprintf(" %d 0 R", buyer)

	field(300, 600, 200, 20, "/T(state)/FT/Ch/Ff 131072/Opt[[(NY)(New York)][(OH)(Ohio)]]/V(Ohio)")
	field(72, 560, 12, 12, "/T(insured)/FT/Btn/AS/Off/AP<</N<</Yes 9 0 R>>>>")
	field(300, 560, 200, 20, "/T(number)/FT/Tx/Ff 1/V(2026-0417)")
	objects[9] = "<</Type/XObject/Subtype/Form/BBox[0 0 12 12]/Length 0>>\nstream\n\nendstream"

	plan := next
	objects[plan] = ""
	next++
	monthly := widget(72, 520, 12, 12, fmt.Sprintf("/Parent %d 0 R/AS/Off/AP<</N<</monthly 9 0 R>>>>", plan))
	yearly := widget(172, 520, 12, 12, fmt.Sprintf("/Parent %d 0 R/AS/yearly/AP<</N<</yearly 9 0 R>>>>", plan))
	objects[plan] = fmt.Sprintf("<</T(plan)/FT/Btn/Ff 49152/V/yearly/Kids[%d 0 R %d 0 R]>>", monthly, yearly)
	fields += fmt.Sprintf(" %d 0 R", plan)

	field(300, 520, 80, 20, "/T(send)/FT/Btn/Ff 65536")
	field(300, 480, 80, 20, "/T(pin)/FT/Tx/Ff 8192")
	field(300, 440, 80, 20, "/T(office)/FT/Tx/Ff 1")
	hidden := widget(300, 400, 80, 20, "/T(trap)/FT/Tx")
	objects[hidden] = "<</Type/Annot/Subtype/Widget/F 2/P 5 0 R/Rect[300 400 380 420]/T(trap)/FT/Tx>>"
	fields += fmt.Sprintf(" %d 0 R", hidden)
	fields += fmt.Sprintf(" %d 0 R", put("<</T(nowhere)/FT/Tx>>"))

	return New(Options{
		Pages: 1, Objects: objects, Page: "/Annots[" + annots + "]",
		Catalog: "/AcroForm<</Fields[" + fields + "]/DR<</Font<</F1 4 0 R>>>>/DA(/F1 10 Tf)>>",
	})
}
