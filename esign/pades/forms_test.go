package pades_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
)

// Objects of [formFile].
const (
	theForm = 30 + iota
	theAmount
	theName
	theCountry
	theBox
	thePay
	theCash
	theCard
	theTwice
	theUpper
	theLower
	theComb
	theLines
	theButton
	theParty
	theBuyer
	theReadOnly
	theEdit
	theList
	theFramed
	theSigField
	theHelv
	theDoc
	theAmountLook
	theFrame
	theOn
	theOff
)

// formFile is a form with a field of every kind. The entries given go into the form and each of the objects.
func formFile(kind testpdf.Structure, form string, more map[int]string) []byte {
	stream := func(dict, content string) string {
		return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
	}
	box := func(y int) string {
		return fmt.Sprintf("/Type/Annot/Subtype/Widget/F 4/P 5 0 R/Rect[100 %d 250 %d]", y, y+20)
	}
	square := stream("/Type/XObject/Subtype/Form/BBox[0 0 20 20]", "2 2 16 16 re f")
	empty := stream("/Type/XObject/Subtype/Form/BBox[0 0 20 20]", "2 2 16 16 re S")
	state := func(on string, y int) string {
		return fmt.Sprintf(
			"/Type/Annot/Subtype/Widget/F 4/Rect[100 %d 120 %d]/AS/Off/AP<</N<</%s %d 0 R/Off %d 0 R>>>>", y, y+20, on, theOn,
			theOff,
		)
	}
	look := "/Type/XObject/Subtype/Form/BBox[0 0 150 20]/Resources<</Font<</Helv 51 0 R>>>>"
	objects := map[int]string{
		theAmount:     "<</FT/Tx/T(Amount)/V(1000)/AP<</N 53 0 R>>" + box(700),
		theName:       "<</FT/Tx/T(Name)/DA(/HeDo 11 Tf 0 0 1 rg)" + box(670),
		theCountry:    "<</FT/Ch/Ff 131072/T(Country)/Opt[[(us)(United States)][(de)(Germany)]]" + box(640),
		theBox:        "<</FT/Btn/T(Agreed)" + state("Yes", 610),
		thePay:        fmt.Sprintf("<</FT/Btn/Ff 49152/T(Pay)/V/Off/Kids[%d 0 R %d 0 R]", theCash, theCard),
		theCash:       fmt.Sprintf("<</Parent %d 0 R", thePay) + state("Cash", 580),
		theCard:       fmt.Sprintf("<</Parent %d 0 R", thePay) + state("Card", 550),
		theTwice:      fmt.Sprintf("<</FT/Tx/T(Twice)/Kids[%d 0 R %d 0 R]", theUpper, theLower),
		theUpper:      fmt.Sprintf("<</Parent %d 0 R", theTwice) + box(520),
		theLower:      fmt.Sprintf("<</Parent %d 0 R", theTwice) + box(490),
		theComb:       "<</FT/Tx/Ff 16777216/MaxLen 6/T(Comb)" + box(460),
		theLines:      "<</FT/Tx/Ff 4096/T(Lines)/Type/Annot/Subtype/Widget/Rect[100 400 250 450]",
		theButton:     "<</FT/Btn/Ff 65536/T(Press)/MK<</CA(Press)>>" + box(370),
		theParty:      fmt.Sprintf("<</T(Party)/FT/Tx/Kids[%d 0 R]", theBuyer),
		theBuyer:      fmt.Sprintf("<</T(Buyer)/Parent %d 0 R", theParty) + box(340),
		theReadOnly:   "<</FT/Tx/Ff 1/T(Price)/V(1000)" + box(310),
		theEdit:       "<</FT/Ch/Ff 393216/T(City)/Opt[(Bonn)(Rome)]" + box(280),
		theList:       "<</FT/Ch/Ff 2097152/T(Colors)/Opt[(red)(green)(blue)]" + box(250),
		theFramed:     fmt.Sprintf("<</FT/Tx/T(Framed)/MK<</BG[1 1 0.8]/BC[0 0 1]>>/AP<</N %d 0 R>>", theFrame) + box(220),
		theSigField:   "<</FT/Sig/T(Sign)/Type/Annot/Subtype/Widget/F 4/Rect[0 0 0 0]",
		theHelv:       "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding",
		theDoc:        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Type/Encoding/Differences[128/bullet 160/Euro 173/hyphen]>>",
		theAmountLook: "", theFrame: "", theOn: "", theOff: "",
	}
	fields := []int{
		theAmount, theName, theCountry, theBox, thePay, theTwice, theComb, theLines, theButton, theParty, theReadOnly,
		theEdit, theList, theFramed, theSigField,
	}
	widgets := []int{
		theAmount, theName, theCountry, theBox, theCash, theCard, theUpper, theLower, theComb, theLines, theButton, theBuyer,
		theReadOnly, theEdit, theList, theFramed, theSigField,
	}
	for n := range objects {
		objects[n] += more[n] + ">>"
	}
	objects[theAmountLook] = stream(look, amountLook("1000"))
	objects[theFrame] = stream(look, "q 1 1 0.8 rg 0 0 150 20 re f Q /Tx BMC EMC")
	objects[theOn], objects[theOff] = square, empty
	objects[theForm] = fmt.Sprintf(
		"<</Fields[%s]/DA(/Helv 12 Tf 0 g)/DR<</Font<</Helv %d 0 R/HeDo %d 0 R>>>>%s>>", refs(fields), theHelv, theDoc, form,
	)
	return testpdf.New(
		testpdf.Options{
			Structure: kind, Pages: 1, Catalog: fmt.Sprintf("/AcroForm %d 0 R", theForm),
			Page: "/Annots[" + refs(widgets) + "]", Objects: objects,
		},
	)
}

func refs(nums []int) string {
	var out []string
	for _, n := range nums {
		out = append(out, fmt.Sprintf("%d 0 R", n))
	}
	return strings.Join(out, " ")
}

// amountLook is the content of an appearance as forms programs write it. text is a string's syntax without parentheses.
func amountLook(text string) string {
	return "/Tx BMC q 2 2 146 16 re W n BT /Helv 12 Tf 0 g 2 6 Td (" + text + ") Tj ET Q EMC"
}

// formLook is an appearance stream.
func formLook(u *pdf.Update, content string, change ...func(pdf.Dict)) pdf.Ref {
	d := pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"),
		"BBox":      pdf.Array{int64(0), int64(0), int64(150), int64(20)},
		"Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}},
	}
	for _, f := range change {
		f(d)
	}
	return u.AddStream(d, []byte(content))
}

// put changes entries of an object; nil removes one.
func put(t testing.TB, u *pdf.Update, num int, entries pdf.Dict) {
	t.Helper()
	if _, err := u.Edit(pdf.Ref{Num: num}, func(d pdf.Dict) error {
		for k, v := range entries {
			if d[k] = v; v == nil {
				delete(d, k)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// fills are ways to fill in [formFile] with which nothing is wrong, and what a report must name.
func fills(t testing.TB) map[string]struct {
	do   func(*pdf.Update)
	says string
} {
	type fill = struct {
		do   func(*pdf.Update)
		says string
	}
	text := func(num int, value pdf.Object, content string, change ...func(pdf.Dict)) func(*pdf.Update) {
		return func(u *pdf.Update) {
			put(
				t, u, num,
				pdf.Dict{"V": value, "AP": pdf.Dict{"N": formLook(u, content, change...)}, "M": pdf.String("D:20261123")},
			)
		}
	}
	docFont := func(d pdf.Dict) { d["Resources"] = pdf.Dict{"Font": pdf.Dict{"HeDo": pdf.Ref{Num: theDoc}}} }
	return map[string]fill{
		"text": {text(theAmount, pdf.String("2500"), amountLook("2500")), `to "2500"`},
		"accents": {
			text(theAmount, pdf.TextString("Žofie Müller, 5 €"), amountLook(`\216ofie M\374ller, 5 \200`)),
			`to "Žofie Müller, 5 €"`,
		},
		"cleared": {text(theAmount, nil, "/Tx BMC EMC"), `to ""`},
		"in place": {func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("7")})
			u.Put(
				pdf.Ref{Num: theAmountLook},
				&pdf.Stream{
					Dict: pdf.Dict{
						"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 150, Y1: 20}.Array(),
						"Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}},
					},
					Raw: []byte(amountLook("7")),
				},
			)
		}, `to "7"`},
		"compressed": {func(u *pdf.Update) {
			look := pdf.Deflate(
				pdf.Dict{
					"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 150, Y1: 20}.Array(),
					"Matrix":    pdf.Array{int64(1), int64(0), int64(0), int64(1), int64(0), int64(0)},
					"Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}},
				},
				[]byte(amountLook("8")),
			)
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("8"), "AP": u.Add(pdf.Dict{"N": u.Add(look)})})
		}, `to "8"`},
		"drawn by readers": {func(u *pdf.Update) {
			put(t, u, theName, pdf.Dict{"V": pdf.TextString("Łukasz\u202e Żółć")})
		}, `to "Łukasz\u202e Żółć"`},
		"PDFDocEncoding": {
			text(
				theName, pdf.String("5 \xA0 \x80"), "BT 0 0 1 rg /HeDo 11 Tf 1 0 0 1 2 5 Tm [(5) -20 ( \240 ) 30 (\200)] TJ ET",
				docFont,
			),
			`to "5 € •"`,
		},
		"own font": {text(theAmount, pdf.String("9"), "BT /F 12 Tf 0 g 2 6 Td (9) Tj ET", func(d pdf.Dict) {
			d["Resources"] = pdf.Dict{
				"ProcSet": pdf.Array{pdf.Name("PDF"), pdf.Name("Text")},
				"Font": pdf.Dict{
					"F": pdf.Dict{"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Times-Roman")},
				},
			}
		}), `to "9"`},
		"combo box": {text(theCountry, pdf.String("de"), amountLook("Germany")), `to "de"`},
		"combo box, /I": {func(u *pdf.Update) {
			put(t, u, theCountry, pdf.Dict{"V": pdf.String("de"), "I": pdf.Array{int64(1)}})
		}, `to "de"`},
		"combo, typed": {text(theEdit, pdf.String("Oslo"), amountLook("Oslo")), `to "Oslo"`},
		"list": {func(u *pdf.Update) {
			put(
				t, u, theList, pdf.Dict{"V": pdf.Array{pdf.String("red"), pdf.String("blue")}, "I": pdf.Array{int64(0), int64(2)}},
			)
		}, `to "red, blue"`},
		"check box": {func(u *pdf.Update) {
			put(t, u, theBox, pdf.Dict{"V": pdf.Name("Yes"), "AS": pdf.Name("Yes")})
		}, `to "Yes"`},
		"radio button": {func(u *pdf.Update) {
			put(t, u, thePay, pdf.Dict{"V": pdf.Name("Card")})
			put(t, u, theCard, pdf.Dict{"AS": pdf.Name("Card")})
		}, `to "Card"`},
		"two widgets": {func(u *pdf.Update) {
			put(t, u, theTwice, pdf.Dict{"V": pdf.String("x")})
			put(t, u, theUpper, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("x"))}})
			put(t, u, theLower, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, "q 1 0 0 1 2 6 cm BT /Helv 12 Tf (x) Tj ET Q")}})
		}, `to "x"`},
		"comb": {
			text(
				theComb, pdf.String("AB12"), "BT /Helv 12 Tf 0 g 8 6 Td (A) Tj 25 0 Td (B) Tj 25 0 Td (1) Tj 25 0 Td (2) Tj ET",
			),
			`to "AB12"`,
		},
		"comb, spaced": {text(theComb, pdf.String("AB12"), "BT /Helv 12 Tf 16 Tc 8 6 Td (AB12) Tj ET"), `to "AB12"`},
		"lines": {text(theLines, pdf.String(
			"The buyer pays\rin two parts and then some",
		), "q 0 0 150 50 re W n BT /Helv 10 Tf 12 TL 2 38 Td (The buyer pays) Tj T* (in two parts) Tj (and then some) ' ET Q",
			func(d pdf.Dict) {
				d["BBox"] = pdf.Rect{X1: 150, Y1: 50}.Array()
			}), `"Lines"`},
		"below another": {text(theBuyer, pdf.String("ACME"), amountLook("ACME")), `to "ACME"`},
		"framed": {
			text(theFramed, pdf.String("x"), "1 1 .8 rg 0 0 150 20 re f 0 0 1 RG 1 w .5 .5 149 19 re s "+amountLook("x")),
			`"Framed"`,
		},
		"all at once": {func(u *pdf.Update) {
			text(theAmount, pdf.String("2500"), amountLook("2500"))(u)
			put(t, u, theName, pdf.Dict{"V": pdf.String("Jane")})
			put(t, u, theBox, pdf.Dict{"V": pdf.Name("Yes"), "AS": pdf.Name("Yes")})
			editCatalog(t, u, func(c pdf.Dict) {
				c["Metadata"] = u.AddStream(pdf.Dict{"Type": pdf.Name("Metadata")}, []byte("<x/>"))
			})
		}, `"Agreed"`},
	}
}

func certified(t testing.TB, raw []byte, p int) []byte {
	return seal(t, sealer(t, pki().Seal), raw, func(r *pades.SealRequest) { r.Certify = p })
}

// filledCorpus is forms that were certified, then filled in as the certification allows; half of them are sealed again.
func filledCorpus(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
	again := sealer(t, pki().RSA(), noStamp)
	all := fills(t)
	for _, kind := range testpdf.Structures() {
		for p := 2; p <= 3; p++ {
			raw := certified(t, formFile(kind, "", nil), p)
			for i, name := range slices.Sorted(maps.Keys(all)) {
				filled := increment(t, raw, all[name].do)
				if out[fmt.Sprintf("form %s, P=%d, %s", kind, p, name)] = filled; i%2 == p%2 {
					out[fmt.Sprintf("form %s, P=%d, %s, sealed", kind, p, name)] = seal(t, again, filled)
				}
			}
		}
	}
	for variant, c := range map[string]struct {
		form string
		more map[int]string
	}{
		"appearances by readers": {"/NeedAppearances true", nil},
		"order of calculation":   {fmt.Sprintf("/CO[%d 0 R]", theAmount), nil},
		"fields in a structure": {
			"",
			map[int]string{theLines: fmt.Sprintf("/X[<</Type/OBJR/Obj %d 0 R>><</Type/OBJR/Obj %d 0 R>>]", theAmount, theCash)},
		},
		"fields in actions": {
			"",
			map[int]string{
				theButton: fmt.Sprintf("/A<</S/ResetForm/Fields[%d 0 R]/Next<</S/Hide/T %d 0 R>>>>", theAmount, theCard),
			},
		},
		"scripts that were there":       {"", map[int]string{theAmount: "/AA<</K<</S/JavaScript/JS(x)>>>>"}},
		"default appearance in no size": {"", map[int]string{theAmount: "/DA(/Helv 0 Tf 0 g)"}},
		"colors by other operators":     {"", map[int]string{theAmount: "/DA(/Helv 12 Tf 0 0 0 1 k)"}},
	} {
		signed := certified(t, formFile(testpdf.ObjectStreams, c.form, c.more), 2)
		for _, name := range []string{"text", "radio button", "in place"} {
			out["form with "+variant+", "+name] = increment(t, signed, all[name].do)
		}
	}
	raw := certified(t, formFile(testpdf.Classic, "", nil), 2)
	sealed := seal(t, again, raw)
	out["form sealed, then filled"] = increment(t, sealed, all["text"].do)
	out["form filled, sealed, filled"] = increment(
		t, seal(t, again, increment(t, raw, all["text"].do)), all["check box"].do,
	)
	out["form filled twice"] = increment(t, increment(t, raw, all["text"].do), all["accents"].do)
	out["form filled, extended"] = extendFile(t, extender(t), increment(t, raw, all["text"].do))
	for name, l := range lockings(t) {
		if l.allows != "" {
			out["form "+name+", "+l.allows+" filled"] = increment(t, l.raw, all[l.allows].do)
			out["form "+name+", "+l.allows+" filled and sealed"] = seal(t, again, out["form "+name+", "+l.allows+" filled"])
		}
	}
	return out
}

func TestFilling(t *testing.T) {
	t.Parallel()
	all := fills(t)
	for name, raw := range filledCorpus(t) {
		r := verify(t, raw)
		if !unbroken(r) || r.OK() || r.Signatures[0].ChangesAfter != pades.ChangesFilled {
			t.Errorf("%s: %s, %q", name, problems(r), r.Signatures[0].Changes)
		}
		changes := strings.Join(r.Signatures[0].Changes, "; ")
		for fill, f := range all {
			if strings.HasSuffix(name, ", "+fill) && !strings.Contains(changes, f.says) {
				t.Errorf("%s: the report says %s, not %s", name, changes, f.says)
			}
		}
	}
}

// locking is a certified form in which a signature locks fields.
type locking struct {
	raw            []byte
	allows, forbid string // of [fills]
	locks          string
}

func mdp(parms pdf.Dict) pdf.Dict {
	return pdf.Dict{"Type": pdf.Name("SigRef"), "TransformMethod": pdf.Name("FieldMDP"), "TransformParams": parms}
}

// lockings are locks of every form: FieldMDP of an approval and of the certification itself, and /Lock of a field.
func lockings(t testing.TB) map[string]locking {
	certify := pdf.Dict{
		"Type": pdf.Name("SigRef"), "TransformMethod": pdf.Name("DocMDP"),
		"TransformParams": pdf.Dict{"Type": pdf.Name("TransformParams"), "P": int64(2), "V": pdf.Name("1.2")},
	}
	names := func(s ...string) pdf.Array {
		var a pdf.Array
		for _, n := range s {
			a = append(a, pdf.String(n))
		}
		return a
	}
	include := pdf.Dict{"Action": pdf.Name("Include"), "Fields": names("Party", "Amount")}
	exclude := pdf.Dict{"Action": pdf.Name("Exclude"), "Fields": names("Party", "Amount")}
	everything := pdf.Dict{"Action": pdf.Name("All")}
	base := certified(t, formFile(testpdf.XRefStreams, "", nil), 2)
	approve := func(parms pdf.Dict) []byte {
		return foreign{id: pki().RSA(), subFilter: pkcs7Sub, sig: pdf.Dict{"Reference": pdf.Array{mdp(parms)}}}.sign(t, base)
	}
	first := func(parms pdf.Dict) []byte {
		return foreign{
			id: pki().RSA(), subFilter: pkcs7Sub, certify: true, sig: pdf.Dict{"Reference": pdf.Array{certify, mdp(parms)}},
		}.sign(
			t, formFile(testpdf.Classic, "", nil),
		)
	}
	inField := func(lock string) []byte {
		raw := certified(
			t, formFile(testpdf.HybridRef, "", map[int]string{theSigField: "/Lock<</Type/SigFieldLock" + lock + ">>"}), 3,
		)
		return foreign{id: pki().RSA(), subFilter: pkcs7Sub, existing: pdf.Ref{Num: theSigField}}.sign(t, raw)
	}
	utf16 := pdf.Dict{
		"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.String("\xFE\xFF\x00A\x00m\x00o\x00u\x00n\x00t")},
	}
	return map[string]locking{
		"FieldMDP Include":         {approve(include), "check box", "text", "the fields named"},
		"FieldMDP Include, child":  {approve(include), "radio button", "below another", "the fields named"},
		"FieldMDP Include, UTF-16": {approve(utf16), "check box", "text", `the fields named "Amount"`},
		"FieldMDP Exclude":         {approve(exclude), "below another", "check box", "all fields but"},
		"FieldMDP All":             {approve(everything), "", "text", "all fields"},
		"FieldMDP unknown":         {approve(pdf.Dict{"Action": pdf.Name("Some")}), "", "text", "all fields"},
		"FieldMDP malformed": {
			approve(pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Name("Name")}), "", "text", "all fields",
		},
		"certification with FieldMDP": {first(include), "comb", "text", "the fields named"},
		"certification with All":      {first(everything), "", "two widgets", "all fields"},
		"/Lock Include": {
			inField("/Action/Include/Fields[(Amount)(Pay)]"), "check box", "radio button", "the fields named",
		},
		"/Lock Exclude": {inField("/Action/Exclude/Fields[(Amount)]"), "text", "combo box", "all fields but"},
		"/Lock All":     {inField("/Action/All"), "", "drawn by readers", "all fields"},
		"/Lock P=2":     {inField("/Action/Include/Fields[(Amount)]/P 2"), "drawn by readers", "text", "the fields named"},
		"/Lock P=1":     {inField("/Action/Include/Fields[(Amount)]/P 1"), "", "drawn by readers", "the document"},
	}
}

// TestLocks fills in what signatures lock.
func TestLocks(t *testing.T) {
	t.Parallel()
	all := fills(t)
	for name, l := range lockings(t) {
		r := verify(t, l.raw)
		locks := r.Signatures[len(r.Signatures)-1].Locks
		if !r.OK() || !strings.Contains(strings.Join(locks, ", "), l.locks) {
			t.Errorf("%s: %s; locks %q", name, problems(r), locks)
		}
		bad := increment(t, l.raw, all[l.forbid].do)
		s := verify(t, bad).Signatures
		if last := s[len(s)-1]; last.ChangesAfter != pades.ChangesFilled ||
			!strings.Contains(last.Problem, "locks") && !strings.Contains(last.Problem, "forbids") {
			t.Errorf("%s: filled %s: %s, %q", name, l.forbid, last.ChangesAfter, last.Problem)
		}
	}
}
