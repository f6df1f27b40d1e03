package pades_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/rawpdf"
)

// formAttacks are fillings of a form of which at least one signature must not be OK: each breaks one rule.
func formAttacks(t testing.TB, kind string) map[string][]byte {
	out := map[string][]byte{}
	for _, m := range []map[string][]byte{lookAttacks(t, kind), misreadings(t, kind), fieldAttacks(t, kind), formOfAnother(t, kind), permissionAttacks(t, kind)} {
		maps.Copy(out, m)
	}
	return out
}

// lookAttacks fill in a text field right, but for what it shows.
func lookAttacks(t testing.TB, kind string) map[string][]byte {
	raw := certified(t, formFile(kind, "", nil), 2)
	out := map[string][]byte{}
	for name, content := range map[string]string{
		"another amount":           amountLook("9000"),
		"more than the value":      amountLook("25000"),
		"less than the value":      amountLook("250"),
		"nothing":                  "/Tx BMC EMC",
		"an image":                 amountLook("2500") + " q 100 0 0 20 0 0 cm /Im Do Q",
		"an inline image":          amountLook("2500") + " BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI",
		"a form":                   amountLook("2500") + " /Fm Do",
		"a shading":                amountLook("2500") + " /Sh sh",
		"a graphics state":         "/GS gs " + amountLook("2500"),
		"a color space":            "/CS cs " + amountLook("2500"),
		"a filled path":            amountLook("2500") + " 5 5 20 10 re f",
		"a covering path":          amountLook("2500") + " 0 0 150 20 re f",
		"a covering path before":   "0 0 150 20 re f " + amountLook("2500"),
		"a line":                   "2 10 m 100 10 l S " + amountLook("2500"),
		"a thin rectangle":         "30 2 1 12 re f " + amountLook("2500"),
		"no clipping left":         "0 0 0 0 re W n " + amountLook("2500"),
		"half of it clipped":       "0 0 15 20 re W n BT /Helv 12 Tf 2 6 Td (2500) Tj ET",
		"beside the field":         "BT /Helv 12 Tf 160 6 Td (2500) Tj ET",
		"at the right edge":        "BT /Helv 12 Tf 140 6 Td (2500) Tj ET",
		"above the field":          "BT /Helv 12 Tf 2 30 Td (2500) Tj ET",
		"left of the field":        "BT /Helv 12 Tf -20 6 Td (2500) Tj ET",
		"invisible mode":           "BT 3 Tr /Helv 12 Tf 2 6 Td (2500) Tj ET",
		"white on white":           "BT /Helv 12 Tf 1 g 2 6 Td (2500) Tj ET",
		"white by rg":              "BT /Helv 12 Tf 1 1 1 rg 2 6 Td (2500) Tj ET",
		"white by k":               "BT /Helv 12 Tf 0 0 0 0 k 2 6 Td (2500) Tj ET",
		"two sizes":                "BT /Helv 12 Tf 2 6 Td (25) Tj /Helv 3 Tf (00) Tj ET",
		"smaller than agreed":      "BT /Helv 4 Tf 2 6 Td (2500) Tj ET",
		"two lines":                "BT /Helv 9 Tf 2 11 Td (25) Tj 0 -9 Td (00) Tj ET",
		"spaces within":            amountLook("25  00"),
		"far apart":                "BT /Helv 12 Tf 2 6 Td (25) Tj 80 0 Td (00) Tj ET",
		"far apart by TJ":          "BT /Helv 12 Tf 2 6 Td [(25) -5000 (00)] TJ ET",
		"far apart by spacing":     "BT /Helv 12 Tf 25 Tc 2 6 Td (2500) Tj ET",
		"huge":                     "BT /Helv 19 Tf 2 6 Td (2500) Tj ET",
		"tiny":                     "BT /Helv 0.1 Tf 2 6 Td (2500) Tj ET",
		"tiny by matrix":           "BT /Helv 12 Tf .01 0 0 .01 2 6 Tm (2500) Tj ET",
		"mirrored":                 "BT /Helv 12 Tf -1 0 0 1 40 6 Tm (2500) Tj ET",
		"turned":                   "BT /Helv 12 Tf 0 1 -1 0 40 6 Tm (2500) Tj ET",
		"squeezed":                 "BT /Helv 12 Tf 1 Tz 2 6 Td (2500) Tj ET",
		"negative scaling":         "BT /Helv 12 Tf -100 Tz 60 6 Td (2500) Tj ET",
		"negative size":            "BT /Helv -12 Tf 60 6 Td (2500) Tj ET",
		"stacked by spacing":       "BT /Helv 12 Tf -7 Tc 2 6 Td (2500) Tj ET",
		"backwards by TJ":          "BT /Helv 12 Tf 60 6 Td [(25) 5000 (00)] TJ ET",
		"backwards by Td":          "BT /Helv 12 Tf 60 6 Td (25) Tj -40 0 Td (00) Tj ET",
		"over itself":              "BT /Helv 12 Tf 2 6 Td (25) Tj ET BT /Helv 12 Tf 2 6 Td (00) Tj ET",
		"upwards":                  "BT /Helv 6 Tf 2 4 Td (25) Tj 0 8 Td (00) Tj ET",
		"raised out":               "BT 40 Ts /Helv 12 Tf 2 6 Td (2500) Tj ET",
		"scaled":                   "q 1000 0 0 1000 0 0 cm " + amountLook("2500") + " Q",
		"moved away":               "q 1 0 0 1 500 0 cm " + amountLook("2500") + " Q",
		"optional content":         "/OC /MC0 BDC " + amountLook("2500") + " EMC",
		"optional, direct":         "/OC <</Type/OCG>> BDC " + amountLook("2500") + " EMC",
		"unknown operator":         "(9000) Tx " + amountLook("2500"),
		"compatibility section":    "BX (9000) Tx EX " + amountLook("2500"),
		"a font that it lacks":     "BT /Nope 12 Tf 2 6 Td (2500) Tj ET",
		"no font":                  "BT 2 6 Td (2500) Tj ET",
		"unbalanced":               "q " + amountLook("2500"),
		"closed too often":         amountLook("2500") + " Q",
		"text outside of an array": "BT /Helv 12 Tf 2 6 Td 5 (2500) Tj ET",
		"unterminated":             amountLook("2500") + " (",
		"unterminated text":        "BT /Helv 12 Tf 2 6 Td (2500) Tj",
		"text outside":             "/Helv 12 Tf 2 6 Td (2500) Tj",
		"an unreadable byte":       amountLook("2500\\001"),
		"malformed numbers":        "BT /Helv 12 Tf 2 --6 Td (2500) Tj ET",
	} {
		out["shows "+name] = increment(t, raw, func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, content, func(d pdf.Dict) {
				d["Resources"].(pdf.Dict)["ProcSet"] = pdf.Array{pdf.Name("PDF")}
			})}})
		})
	}
	right := amountLook("2500")
	font := func(u *pdf.Update, font pdf.Dict) pdf.Dict {
		return pdf.Dict{"Font": pdf.Dict{"Helv": u.Add(font)}}
	}
	differences := pdf.Dict{"Differences": pdf.Array{int64('2'), pdf.Name("nine")}}
	for name, change := range map[string]func(u *pdf.Update, d pdf.Dict){
		"larger box":       func(_ *pdf.Update, d pdf.Dict) { d["BBox"] = pdf.Rect{X1: 1500, Y1: 200}.Array() },
		"smaller box":      func(_ *pdf.Update, d pdf.Dict) { d["BBox"] = pdf.Rect{X1: 20, Y1: 20}.Array() },
		"box far away":     func(_ *pdf.Update, d pdf.Dict) { d["BBox"] = pdf.Rect{X0: 500, Y0: 500, X1: 650, Y1: 520}.Array() },
		"no box":           func(_ *pdf.Update, d pdf.Dict) { delete(d, "BBox") },
		"matrix":           func(_ *pdf.Update, d pdf.Dict) { d["Matrix"] = pdf.Array{-1.0, 0.0, 0.0, 1.0, 0.0, 0.0} },
		"malformed matrix": func(_ *pdf.Update, d pdf.Dict) { d["Matrix"] = pdf.Array{int64(1), int64(0)} },
		"group":            func(_ *pdf.Update, d pdf.Dict) { d["Group"] = pdf.Dict{"S": pdf.Name("Transparency")} },
		"optional":         func(_ *pdf.Update, d pdf.Dict) { d["OC"] = pdf.Dict{"Type": pdf.Name("OCG")} },
		"image":            func(_ *pdf.Update, d pdf.Dict) { d["Subtype"] = pdf.Name("Image") },
		"post script":      func(_ *pdf.Update, d pdf.Dict) { d["Subtype2"] = pdf.Name("PS") },
		"other content":    func(_ *pdf.Update, d pdf.Dict) { d["F"] = pdf.String("http://example.com") },
		"graphics states":  func(_ *pdf.Update, d pdf.Dict) { d["Resources"].(pdf.Dict)["ExtGState"] = pdf.Dict{} },
		"forms":            func(_ *pdf.Update, d pdf.Dict) { d["Resources"].(pdf.Dict)["XObject"] = pdf.Dict{} },
		"no resources":     func(_ *pdf.Update, d pdf.Dict) { delete(d, "Resources") },
		"Type 3 font": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type3"), "CharProcs": pdf.Dict{}})
		},
		"embedded font": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica"), "FontDescriptor": pdf.Dict{"FontFile": u.AddStream(pdf.Dict{}, nil)}})
		},
		"other encoding": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica"), "Encoding": differences})
		},
		"other encoding, direct": func(_ *pdf.Update, d pdf.Dict) {
			d["Resources"] = pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Dict{"Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica"), "Encoding": differences}}}
		},
		"other font": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Subtype": pdf.Name("TrueType"), "BaseFont": pdf.Name("Evil")})
		},
		"symbol font": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("ZapfDingbats")})
		},
		"other widths": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica"), "FirstChar": int64(48), "Widths": pdf.Array{int64(1)}})
		},
		"lying text map": func(u *pdf.Update, d pdf.Dict) {
			d["Resources"] = font(u, pdf.Dict{"Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica"), "ToUnicode": u.AddStream(pdf.Dict{}, []byte("1 beginbfchar <39> <0032> endbfchar"))})
		},
		"font replaced": func(u *pdf.Update, _ pdf.Dict) { put(t, u, theHelv, pdf.Dict{"Encoding": differences}) },
	} {
		out["appearance with "+name] = increment(t, raw, func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, right, func(d pdf.Dict) { change(u, d) })}})
		})
	}
	return out
}

// fieldAttacks change more of a field than its value, or give it a value that it cannot have.
func fieldAttacks(t testing.TB, kind string) map[string][]byte {
	raw := certified(t, formFile(kind, "", nil), 3)
	right := func(u *pdf.Update) pdf.Dict {
		return pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, amountLook("2500"))}}
	}
	with := func(num int, entries pdf.Dict) func(*pdf.Update) {
		return func(u *pdf.Update) { put(t, u, num, entries) }
	}
	amount := func(key pdf.Name, value pdf.Object) func(*pdf.Update) {
		return func(u *pdf.Update) {
			entries := right(u)
			entries[key] = value
			put(t, u, theAmount, entries)
		}
	}
	yes := func(more pdf.Dict) func(*pdf.Update) {
		entries := pdf.Dict{"V": pdf.Name("Yes"), "AS": pdf.Name("Yes")}
		maps.Copy(entries, more)
		return with(theBox, entries)
	}
	both := func(a, b func(*pdf.Update)) func(*pdf.Update) { return func(u *pdf.Update) { a(u); b(u) } }
	stream := func(u *pdf.Update) pdf.Ref { return u.AddStream(pdf.Dict{}, []byte("2500")) }
	out := map[string][]byte{}
	for name, change := range map[string]func(*pdf.Update){
		"field moved":                   amount("Rect", pdf.Rect{X0: 100, Y0: 700, X1: 250, Y1: 721}.Array()),
		"field hidden":                  amount("F", int64(2)),
		"flags changed":                 amount("Ff", int64(flagReadOnly)),
		"default appearance changed":    amount("DA", pdf.String("/Helv 12 Tf 1 g")),
		"look changed":                  amount("MK", pdf.Dict{"BG": pdf.Array{int64(0)}}),
		"border changed":                amount("BS", pdf.Dict{"W": int64(99)}),
		"script added":                  amount("AA", pdf.Dict{"K": pdf.Dict{"S": pdf.Name("JavaScript"), "JS": pdf.String("x")}}),
		"action added":                  amount("A", pdf.Dict{"S": pdf.Name("URI"), "URI": pdf.String("http://example.com")}),
		"renamed":                       amount("T", pdf.String("Price")),
		"alternate name":                amount("TU", pdf.String("Price")),
		"rich text added":               amount("RV", pdf.String("<p>9000</p>")),
		"parent added":                  amount("Parent", pdf.Ref{Num: theParty}),
		"children added":                amount("Kids", pdf.Array{pdf.Ref{Num: theUpper}}),
		"optional":                      amount("OC", pdf.Dict{"Type": pdf.Name("OCG")}),
		"kind changed":                  amount("FT", pdf.Name("Ch")),
		"state added":                   amount("AS", pdf.Name("On")),
		"maximum changed":               amount("MaxLen", int64(1)),
		"time is no time":               amount("M", pdf.Dict{"x": int64(1)}),
		"lock added":                    amount("Lock", pdf.Dict{}),
		"value is a stream":             func(u *pdf.Update) { put(t, u, theAmount, pdf.Dict{"V": stream(u), "AP": right(u)["AP"]}) },
		"value is a number":             amount("V", int64(2500)),
		"value is a name":               amount("V", pdf.Name("2500")),
		"value with control characters": amount("V", pdf.String("2500\x01")),
		"value alone":                   with(theAmount, pdf.Dict{"V": pdf.String("9000")}),
		"appearance alone": func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("9000"))}})
		},
		"appearance overwritten": func(u *pdf.Update) {
			u.Put(pdf.Ref{Num: theAmountLook}, &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("0 0 99 99 re f")})
		},
		"appearance overwritten by text": func(u *pdf.Update) { formLookAt(u, theAmountLook, amountLook("9000")) },
		"appearance of states": func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": pdf.Dict{"On": formLook(u, amountLook("2500"))}}})
		},
		"appearance is the page": func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": page(t, u, 1).Dict["Contents"]}})
		},
		"appearance of another field": func(u *pdf.Update) {
			put(t, u, theName, pdf.Dict{"V": pdf.String("1000"), "AP": pdf.Dict{"N": pdf.Ref{Num: theAmountLook}}})
		},
		"appearance when pressed": func(u *pdf.Update) {
			e := right(u)
			e["AP"].(pdf.Dict)["D"] = formLook(u, amountLook("9000"))
			put(t, u, theAmount, e)
		},
		"appearance when pointed at": func(u *pdf.Update) {
			e := right(u)
			e["AP"].(pdf.Dict)["R"] = formLook(u, amountLook("9000"))
			put(t, u, theAmount, e)
		},
		"one of two widgets": func(u *pdf.Update) {
			put(t, u, theTwice, pdf.Dict{"V": pdf.String("x")})
			put(t, u, theUpper, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("x"))}})
		},
		"two widgets that differ": func(u *pdf.Update) {
			put(t, u, theTwice, pdf.Dict{"V": pdf.String("x")})
			put(t, u, theUpper, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("x"))}})
			put(t, u, theLower, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("y"))}})
		},
		"value in a widget": func(u *pdf.Update) { put(t, u, theUpper, pdf.Dict{"V": pdf.String("x")}) },
		"widget given to another field": func(u *pdf.Update) {
			put(t, u, theTwice, pdf.Dict{"V": pdf.String("x")})
			put(t, u, theUpper, pdf.Dict{"Parent": pdf.Ref{Num: theName}})
		},
		"widget added": func(u *pdf.Update) {
			put(t, u, theTwice, pdf.Dict{"V": pdf.String("x"), "Kids": pdf.Array{pdf.Ref{Num: theUpper}, pdf.Ref{Num: theLower}, u.Add(pdf.Dict{"Parent": pdf.Ref{Num: theTwice}})}})
		},
		"widget removed":      with(theTwice, pdf.Dict{"V": pdf.String("x"), "Kids": pdf.Array{pdf.Ref{Num: theUpper}}}),
		"value above a field": with(theParty, pdf.Dict{"V": pdf.String("x")}),
		"field added below": func(u *pdf.Update) {
			put(t, u, theParty, pdf.Dict{"Kids": pdf.Array{pdf.Ref{Num: theBuyer}, u.Add(pdf.Dict{"T": pdf.String("x"), "Parent": pdf.Ref{Num: theParty}})}})
		},
		"field removed":              editFields(t, func(_ *pdf.Update, a pdf.Array) pdf.Array { return a[1:] }),
		"read-only field filled":     with(theReadOnly, pdf.Dict{"V": pdf.String("9000")}),
		"push button with a value":   with(theButton, pdf.Dict{"V": pdf.Name("Yes")}),
		"push button with a caption": with(theButton, pdf.Dict{"MK": pdf.Dict{"CA": pdf.String("Cancel")}}),
		"push button with a look": func(u *pdf.Update) {
			put(t, u, theButton, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("PAID"))}})
		},
		"unknown state":           with(theBox, pdf.Dict{"V": pdf.Name("Maybe"), "AS": pdf.Name("Maybe")}),
		"unknown radio state":     both(with(thePay, pdf.Dict{"V": pdf.Name("Gold")}), with(theCash, pdf.Dict{"AS": pdf.Name("Gold")})),
		"state of another button": both(with(thePay, pdf.Dict{"V": pdf.Name("Card")}), with(theCash, pdf.Dict{"AS": pdf.Name("Card")})),
		"value and state differ":  with(theBox, pdf.Dict{"V": pdf.Name("Off"), "AS": pdf.Name("Yes")}),
		"value without state":     with(theBox, pdf.Dict{"V": pdf.Name("Yes")}),
		"state without value":     with(theBox, pdf.Dict{"AS": pdf.Name("Yes")}),
		"two radio buttons on": func(u *pdf.Update) {
			put(t, u, thePay, pdf.Dict{"V": pdf.Name("Card")})
			put(t, u, theCard, pdf.Dict{"AS": pdf.Name("Card")})
			put(t, u, theCash, pdf.Dict{"AS": pdf.Name("Cash")})
		},
		"state drawn anew": func(u *pdf.Update) {
			yes(nil)(u)
			u.Put(pdf.Ref{Num: theOn}, &pdf.Stream{Dict: pdf.Dict{"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 20, Y1: 20}.Array()}, Raw: []byte("0 0 1 1 re f")})
		},
		"states replaced": func(u *pdf.Update) {
			yes(pdf.Dict{"AP": pdf.Dict{"N": pdf.Dict{"Yes": formLook(u, amountLook("x"))}}})(u)
		},
		"box with a script": yes(pdf.Dict{"AA": pdf.Dict{"U": pdf.Dict{"S": pdf.Name("JavaScript")}}}),
		"box moved":         yes(pdf.Dict{"Rect": pdf.Rect{X1: 20, Y1: 20}.Array()}),
		"box with a string": with(theBox, pdf.Dict{"V": pdf.String("Yes"), "AS": pdf.Name("Yes")}),
		"no option":         with(theCountry, pdf.Dict{"V": pdf.String("fr")}),
		"option shown as another": func(u *pdf.Update) {
			put(t, u, theCountry, pdf.Dict{"V": pdf.String("de"), "AP": pdf.Dict{"N": formLook(u, amountLook("United States"))}})
		},
		"options changed":               with(theCountry, pdf.Dict{"V": pdf.String("fr"), "Opt": pdf.Array{pdf.String("fr")}}),
		"other places than the value":   with(theCountry, pdf.Dict{"V": pdf.String("de"), "I": pdf.Array{int64(0)}}),
		"choice is a number":            with(theCountry, pdf.Dict{"V": pdf.Array{int64(1)}}),
		"framed in another color":       framed(t, "0 g 0 0 150 20 re f "),
		"framed in the middle":          framed(t, "1 1 .8 rg 30 0 20 20 re f "),
		"framed by a thick line":        framed(t, "0 0 1 RG 30 w 0 0 150 20 re S "),
		"framed by another line":        framed(t, "1 0 0 RG 0 0 150 20 re S "),
		"signature field with a string": with(theSigField, pdf.Dict{"V": pdf.String("x")}),
		"signature field locks":         with(theSigField, pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("All")}}),
		"second object of the field": editFields(t, func(u *pdf.Update, a pdf.Array) pdf.Array {
			return append(a, u.Add(pdf.Dict{"FT": pdf.Name("Tx"), "T": pdf.String("Amount"), "V": pdf.String("9")}))
		}),
		"value and page": func(u *pdf.Update) {
			put(t, u, theAmount, right(u))
			editPage(t, u, func(p pdf.Dict) { p["Rotate"] = int64(180) })
		},
	} {
		out[name] = increment(t, raw, change)
	}
	return out
}

const flagReadOnly = 1

func editFields(t testing.TB, change func(*pdf.Update, pdf.Array) pdf.Array) func(*pdf.Update) {
	return func(u *pdf.Update) {
		form, err := u.Dict(pdf.Ref{Num: theForm})
		if err != nil {
			t.Fatal(err)
		}
		put(t, u, theForm, pdf.Dict{"Fields": change(u, form["Fields"].(pdf.Array).Clone())})
	}
}

func framed(t testing.TB, before string) func(*pdf.Update) {
	return func(u *pdf.Update) {
		put(t, u, theFramed, pdf.Dict{"V": pdf.String("x"), "AP": pdf.Dict{"N": formLook(u, before+amountLook("x"))}})
	}
}

func formLookAt(u *pdf.Update, num int, content string) {
	u.Put(pdf.Ref{Num: num}, &pdf.Stream{Dict: pdf.Dict{
		"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 150, Y1: 20}.Array(), "Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}},
	}, Raw: []byte(content)})
}

// formOfAnother are forms that were prepared to be misread before they were certified, then filled in.
func formOfAnother(t testing.TB, kind string) map[string][]byte {
	raw := func(form string, more map[int]string) []byte { return certified(t, formFile(kind, form, more), 2) }
	fill := fills(t)
	entries := func(kind string, pairs string) []byte { return raw(pairs, nil) }
	plain := entries(kind, "")
	white := fill["text"]
	white.do = func(u *pdf.Update) {
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, "1 g 0 0 150 20 re f 0 g "+amountLook("2500"))}})
	}
	fill["text on white"] = white
	formEntry := func(key pdf.Name, value pdf.Object) []byte {
		return increment(t, plain, func(u *pdf.Update) { put(t, u, theForm, pdf.Dict{key: value}); fill["text"].do(u) })
	}
	out := map[string][]byte{
		"NeedAppearances added":      formEntry("NeedAppearances", true),
		"order of calculation added": formEntry("CO", pdf.Array{pdf.Ref{Num: theAmount}}),
		"default appearance of all":  formEntry("DA", pdf.String("/Helv 12 Tf 1 g")),
		"alignment of all":           formEntry("Q", int64(2)),
		"default fonts changed":      formEntry("DR", pdf.Dict{"Font": pdf.Dict{}}),
		"XFA added":                  formEntry("XFA", pdf.String("x")),
		"XFA there":                  increment(t, raw("/XFA(x)", nil), fill["text"].do),
	}
	for name, c := range map[string]struct {
		more map[int]string
		fill string
	}{
		"rich text there":                 {map[int]string{theAmount: "/RV(<p>9</p>)"}, "text"},
		"parent that is not its own":      {map[int]string{theAmount: fmt.Sprintf("/Parent %d 0 R", theParty)}, "text"},
		"child of another":                {map[int]string{theAmount: "/Kids[" + fmt.Sprint(theLower) + " 0 R]"}, "text"},
		"value above":                     {map[int]string{theParty: "/V(x)"}, "below another"},
		"widgets with values":             {map[int]string{theUpper: "/V(y)"}, "two widgets"},
		"widgets of another kind":         {map[int]string{theUpper: "/FT/Btn"}, "two widgets"},
		"field that is a widget too":      {map[int]string{theTwice: "/Subtype/Widget/Rect[0 0 99 99]"}, "two widgets"},
		"two fields of one name":          {map[int]string{theFramed: "/T(Amount)"}, "text"},
		"appearance shared with the page": {map[int]string{theCountry: fmt.Sprintf("/AP<</N %d 0 R>>", theAmountLook)}, "in place"},
		"field is a list of colors":       {map[int]string{theHelv: fmt.Sprintf("/X<</ColorSpace %d 0 R>>", theBox)}, "check box"},
		"field is a list of fonts":        {map[int]string{theHelv: fmt.Sprintf("/X<</Font %d 0 R>>", theAmount)}, "text"},
		"white background like the text":  {map[int]string{theAmount: "/DA(/Helv 12 Tf 1 g)"}, "text"},
		"background not shown before":     {map[int]string{theAmount: "/MK<</BG[1]>>"}, "text on white"},
		"nothing to be seen of":           {map[int]string{theAmount: "/Rect[0 0 0 0]"}, "text"},
	} {
		out["prepared: "+name] = increment(t, raw("", c.more), fill[c.fill].do)
	}
	if kind == rawpdf.XRefStream {
		out["prepared: appearance is an object stream"] = containerAttack(t)
	}
	// The page names the object under which the new appearance comes.
	dangling := formFile(kind, "", map[int]string{theHelv: "/X 90 0 R"})
	out["prepared: appearance was named before"] = increment(t, certified(t, dangling, 2), func(u *pdf.Update) {
		u.Put(pdf.Ref{Num: 90}, &pdf.Stream{Dict: pdf.Dict{"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 150, Y1: 20}.Array(), "Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}}}, Raw: []byte(amountLook("5"))})
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("5"), "AP": pdf.Dict{"N": pdf.Ref{Num: 90}}})
	})
	return out
}
