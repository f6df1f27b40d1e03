package pades_test

import (
	"fmt"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/rawpdf"
)

func TestScratch(t *testing.T) {
	show := func(name string, b []byte) {
		r := verify(t, b)
		fmt.Println(name, r.OK(), problems(r), r.Signatures[0].Changes)
		write(t, "/tmp/evault/redy", name+".pdf", b)
	}
	raw := certified(t, formFile(rawpdf.Classic, "", nil), 2)
	fill := func(num int, v, content string, change ...func(pdf.Dict)) []byte {
		return increment(t, raw, func(u *pdf.Update) {
			put(t, u, num, pdf.Dict{"V": pdf.String(v), "AP": pdf.Dict{"N": formLook(u, content, change...)}})
		})
	}
	show("gap", fill(theAmount, "11/2", "BT /Helv 12 Tf 0 g 2 6 Td (1) Tj 15 0 Td (1/2) Tj ET"))
	show("gap2", fill(theAmount, "11/2", "BT /Helv 12 Tf 0 g 2 6 Td (1 1/2) Tj ET"))
	show("nospace", fill(theAmount, "1 1/2", "BT /Helv 12 Tf 0 g 2 6 Td (11/2) Tj ET"))
	show("hugeTw", fill(theAmount, "a b", "BT /Helv 12 Tf 0 g 1000 Tw 2 6 Td (a ) Tj ET"))
	show("spaces move", fill(theAmount, "10 0", "BT /Helv 12 Tf 0 g 2 6 Td (10) Tj (                ) Tj (0) Tj ET"))
	show("combining", fill(theAmount, "e´", "BT /Helv 12 Tf 0 g 2 6 Td (e\\264) Tj ET"))
	show("BDC actual", fill(theAmount, "5", "/Span <</ActualText(9)>> BDC BT /Helv 12 Tf 0 g 2 6 Td (5) Tj ET EMC"))
	show("comment", fill(theAmount, "5", "BT /Helv 12 Tf 0 g 2 6 Td (5) Tj %\r(9) Tj\nET"))
	show("comb", fill(theComb, "AB12", "BT /Helv 12 Tf 0 g 8 6 Td (A) Tj 100 0 Td (B12) Tj ET"))
	show("lines overlapping", fill(theLines, "The buyer pays", "BT /Helv 10 Tf 2 20 Td (The buyer) Tj 0 -8 Td (pays) Tj ET", func(d pdf.Dict) { d["BBox"] = pdf.Rect{X1: 150, Y1: 50}.Array() }))
	show("times", fill(theAmount, "5", "BT /F 12 Tf 0 g 2 6 Td (5) Tj ET", func(d pdf.Dict) {
		d["Resources"] = pdf.Dict{"Font": pdf.Dict{"F": pdf.Dict{"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica"), "Encoding": pdf.Name("PDFDocEncoding"), "Name": pdf.Name("F")}}}
	}))
	// bare fields
	bare := func(more map[int]string, num int, v pdf.Object) []byte {
		return increment(t, certified(t, formFile(rawpdf.Classic, "", more), 2), func(u *pdf.Update) { put(t, u, num, pdf.Dict{"V": v}) })
	}
	show("bare maxlen", bare(map[int]string{theName: "/MaxLen 3"}, theName, pdf.String("12345")))
	show("bare long", bare(nil, theName, pdf.String("The buyer pays one thousand dollars and then one hundred thousand more dollars and more and more")))
	show("bare hidden", bare(map[int]string{theName: "/MK<</BG[0]>>"}, theName, pdf.String("12345")))
	show("bare choice export", bare(nil, theCountry, pdf.String("de")))
	show("bare edit with same shown", bare(map[int]string{theEdit: ""}, theEdit, pdf.String("Bonn")))
	show("bare newline", bare(nil, theName, pdf.String("12\n345")))
	show("bare dup opts", bare(map[int]string{theList: ""}, theList, pdf.Array{pdf.String("red"), pdf.String("red")}))
}
