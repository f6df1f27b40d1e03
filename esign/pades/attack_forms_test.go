package pades_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
)

// formAttacks are changes of a form after which at least one signature must not be OK.
func formAttacks(t testing.TB, kind testpdf.Structure) map[string][]byte {
	out := map[string][]byte{}
	for _, m := range []map[string][]byte{
		drawnBeyond(t, kind), fieldAttacks(t, kind), oddFillings(t, kind), formOfAnother(t, kind),
		permissionAttacks(t, kind),
	} {
		maps.Copy(out, m)
	}
	return out
}

// drawnBeyond fill in a text field with an appearance that some readers draw outside of the field, or that is none.
func drawnBeyond(t testing.TB, kind testpdf.Structure) map[string][]byte {
	raw := certified(t, formFile(kind, "", nil), 2)
	out := map[string][]byte{}
	for name, change := range map[string]func(d pdf.Dict){
		"larger box":            func(d pdf.Dict) { d["BBox"] = pdf.Rect{X1: 1500, Y1: 200}.Array() },
		"higher box":            func(d pdf.Dict) { d["BBox"] = pdf.Rect{X1: 150, Y1: 700}.Array() },
		"box of no area":        func(d pdf.Dict) { d["BBox"] = pdf.Array{int64(0), int64(0), int64(0), int64(20)} },
		"endless box":           func(d pdf.Dict) { d["BBox"] = pdf.Array{int64(0), int64(0), 1e12, int64(20)} },
		"no box":                func(d pdf.Dict) { delete(d, "BBox") },
		"matrix that enlarges":  func(d pdf.Dict) { d["Matrix"] = pdf.Array{4.0, 0.0, 0.0, 4.0, 0.0, 0.0} },
		"matrix that turns":     func(d pdf.Dict) { d["Matrix"] = pdf.Array{0.0, 1.0, -1.0, 0.0, 0.0, 0.0} },
		"matrix that collapses": func(d pdf.Dict) { d["Matrix"] = pdf.Array{0.0, 0.0, 0.0, 0.0, 0.0, 0.0} },
		"malformed matrix":      func(d pdf.Dict) { d["Matrix"] = pdf.Array{int64(1), int64(0)} },
		"image":                 func(d pdf.Dict) { d["Subtype"] = pdf.Name("Image") },
		"no subtype":            func(d pdf.Dict) { delete(d, "Subtype") },
	} {
		out["drawn beyond: "+name] = increment(t, raw, func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, amountLook("2500"), change)}})
		})
		out["drawn beyond when pressed: "+name] = increment(t, raw, func(u *pdf.Update) {
			put(
				t, u, theAmount,
				pdf.Dict{"AP": pdf.Dict{"N": pdf.Ref{Num: theAmountLook}, "D": formLook(u, amountLook("2500"), change)}},
			)
		})
		out["drawn beyond in a state: "+name] = increment(t, raw, func(u *pdf.Update) {
			put(t, u, theBox, pdf.Dict{"V": pdf.Name(
				"Yes",
			), "AS": pdf.Name("Yes"), "AP": pdf.Dict{"N": pdf.Dict{"Yes": formLook(u, amountLook("x"), func(d pdf.Dict) {
				d["BBox"] = pdf.Rect{X1: 20, Y1: 20}.Array()
				if change(d); name == "matrix that turns" {
					d["Matrix"] = pdf.Array{1.0, 1.0, -1.0, 1.0, 0.0, 0.0}
				}
			})}}})
		})
	}
	out["drawn beyond: the page"] = increment(t, raw, func(u *pdf.Update) {
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": page(t, u, 1).Dict["Contents"]}})
	})
	out["drawn beyond: overwritten"] = increment(t, raw, func(u *pdf.Update) {
		u.Put(pdf.Ref{Num: theAmountLook}, &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("0 0 99 99 re f")})
	})
	out["drawn beyond: font replaced"] = increment(t, raw, func(u *pdf.Update) {
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, amountLook("2500"))}})
		put(t, u, theHelv, pdf.Dict{"Encoding": pdf.Dict{"Differences": pdf.Array{int64('2'), pdf.Name("nine")}}})
	})
	return out
}

// fieldAttacks change more of a field than its value, or give it a value that it cannot have.
func fieldAttacks(t testing.TB, kind testpdf.Structure) map[string][]byte {
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
	out := map[string][]byte{}
	for name, change := range map[string]func(*pdf.Update){
		"field moved":                amount("Rect", pdf.Rect{X0: 100, Y0: 700, X1: 250, Y1: 721}.Array()),
		"field hidden":               amount("F", int64(2)),
		"flags changed":              amount("Ff", int64(flagReadOnly)),
		"default appearance changed": amount("DA", pdf.String("/Helv 12 Tf 1 g")),
		"look changed":               amount("MK", pdf.Dict{"BG": pdf.Array{int64(0)}}),
		"border changed":             amount("BS", pdf.Dict{"W": int64(99)}),
		"script added": amount(
			"AA", pdf.Dict{"K": pdf.Dict{"S": pdf.Name("JavaScript"), "JS": pdf.String("x")}},
		),
		"action added":      amount("A", pdf.Dict{"S": pdf.Name("URI"), "URI": pdf.String("http://example.com")}),
		"renamed":           amount("T", pdf.String("Price")),
		"alternate name":    amount("TU", pdf.String("Price")),
		"rich text added":   amount("RV", pdf.String("<p>9000</p>")),
		"parent added":      amount("Parent", pdf.Ref{Num: theParty}),
		"children added":    amount("Kids", pdf.Array{pdf.Ref{Num: theUpper}}),
		"optional":          amount("OC", pdf.Dict{"Type": pdf.Name("OCG")}),
		"kind changed":      amount("FT", pdf.Name("Ch")),
		"maximum changed":   amount("MaxLen", int64(1)),
		"lock added":        amount("Lock", pdf.Dict{}),
		"value in a widget": func(u *pdf.Update) { put(t, u, theUpper, pdf.Dict{"V": pdf.String("x")}) },
		"widget given to another field": func(u *pdf.Update) {
			put(t, u, theTwice, pdf.Dict{"V": pdf.String("x")})
			put(t, u, theUpper, pdf.Dict{"Parent": pdf.Ref{Num: theName}})
		},
		"widget added": func(u *pdf.Update) {
			put(
				t, u, theTwice,
				pdf.Dict{
					"V": pdf.String("x"),
					"Kids": pdf.Array{
						pdf.Ref{Num: theUpper}, pdf.Ref{Num: theLower}, u.Add(pdf.Dict{"Parent": pdf.Ref{Num: theTwice}}),
					},
				},
			)
		},
		"widget removed":      with(theTwice, pdf.Dict{"V": pdf.String("x"), "Kids": pdf.Array{pdf.Ref{Num: theUpper}}}),
		"value above a field": with(theParty, pdf.Dict{"V": pdf.String("x")}),
		"field added below": func(u *pdf.Update) {
			put(
				t, u, theParty,
				pdf.Dict{
					"Kids": pdf.Array{pdf.Ref{Num: theBuyer}, u.Add(pdf.Dict{"T": pdf.String("x"), "Parent": pdf.Ref{Num: theParty}})},
				},
			)
		},
		"field removed":              editFields(t, func(_ *pdf.Update, a pdf.Array) pdf.Array { return a[1:] }),
		"push button with a caption": with(theButton, pdf.Dict{"MK": pdf.Dict{"CA": pdf.String("Cancel")}}),
		"state drawn anew": func(u *pdf.Update) {
			yes(nil)(u)
			u.Put(
				pdf.Ref{Num: theOn},
				&pdf.Stream{
					Dict: pdf.Dict{"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 20, Y1: 20}.Array()},
					Raw:  []byte("0 0 1 1 re f"),
				},
			)
		},
		"box with a script": yes(pdf.Dict{"AA": pdf.Dict{"U": pdf.Dict{"S": pdf.Name("JavaScript")}}}),
		"box moved":         yes(pdf.Dict{"Rect": pdf.Rect{X1: 20, Y1: 20}.Array()}),
		"options changed": with(
			theCountry, pdf.Dict{"V": pdf.String("fr"), "Opt": pdf.Array{pdf.String("fr")}},
		),
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

// oddFillings change nothing of a field but its value and what it shows in its own rectangle. That the two agree, and
// that the field can have the value, is not asked: what was filled in is named, and such a file is never OK.
func oddFillings(t testing.TB, kind testpdf.Structure) map[string][]byte {
	raw := certified(t, formFile(kind, "", nil), 3)
	with := func(num int, entries pdf.Dict) func(*pdf.Update) {
		return func(u *pdf.Update) { put(t, u, num, entries) }
	}
	amount := func(key pdf.Name, value pdf.Object) func(*pdf.Update) {
		return func(u *pdf.Update) {
			entries := pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, amountLook("2500"))}}
			entries[key] = value
			put(t, u, theAmount, entries)
		}
	}
	both := func(a, b func(*pdf.Update)) func(*pdf.Update) { return func(u *pdf.Update) { a(u); b(u) } }
	out := map[string][]byte{}
	for name, change := range map[string]func(*pdf.Update){
		"state added":     amount("AS", pdf.Name("On")),
		"time is no time": amount("M", pdf.Dict{"x": int64(1)}),
		"value is a stream": func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": u.AddStream(pdf.Dict{}, []byte("2500"))})
		},
		"value is a number":             amount("V", int64(2500)),
		"value is a name":               amount("V", pdf.Name("2500")),
		"value with control characters": amount("V", pdf.String("2500\x01")),
		"value alone":                   with(theAmount, pdf.Dict{"V": pdf.String("9000")}),
		"appearance alone": func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("9000"))}})
		},
		"appearance overwritten by text": func(u *pdf.Update) { formLookAt(u, theAmountLook, amountLook("9000")) },
		"appearance of states": func(u *pdf.Update) {
			put(
				t, u, theAmount,
				pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": pdf.Dict{"On": formLook(u, amountLook("2500"))}}},
			)
		},
		"appearance of another field": func(u *pdf.Update) {
			put(t, u, theName, pdf.Dict{"V": pdf.String("1000"), "AP": pdf.Dict{"N": pdf.Ref{Num: theAmountLook}}})
		},
		"appearance when pressed": func(u *pdf.Update) {
			put(
				t, u, theAmount, pdf.Dict{"AP": pdf.Dict{"N": pdf.Ref{Num: theAmountLook}, "D": formLook(u, amountLook("9000"))}},
			)
		},
		"appearance when pointed at": func(u *pdf.Update) {
			put(
				t, u, theAmount, pdf.Dict{"AP": pdf.Dict{"N": pdf.Ref{Num: theAmountLook}, "R": formLook(u, amountLook("9000"))}},
			)
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
		"read-only field filled":   with(theReadOnly, pdf.Dict{"V": pdf.String("9000")}),
		"push button with a value": with(theButton, pdf.Dict{"V": pdf.Name("Yes")}),
		"push button with a look": func(u *pdf.Update) {
			put(t, u, theButton, pdf.Dict{"AP": pdf.Dict{"N": formLook(u, amountLook("PAID"))}})
		},
		"unknown state": with(theBox, pdf.Dict{"V": pdf.Name("Maybe"), "AS": pdf.Name("Maybe")}),
		"unknown radio state": both(
			with(thePay, pdf.Dict{"V": pdf.Name("Gold")}), with(theCash, pdf.Dict{"AS": pdf.Name("Gold")}),
		),
		"state of another button": both(
			with(thePay, pdf.Dict{"V": pdf.Name("Card")}), with(theCash, pdf.Dict{"AS": pdf.Name("Card")}),
		),
		"value and state differ": with(theBox, pdf.Dict{"V": pdf.Name("Off"), "AS": pdf.Name("Yes")}),
		"value without state":    with(theBox, pdf.Dict{"V": pdf.Name("Yes")}),
		"state without value":    with(theBox, pdf.Dict{"AS": pdf.Name("Yes")}),
		"two radio buttons on": func(u *pdf.Update) {
			put(t, u, thePay, pdf.Dict{"V": pdf.Name("Card")})
			put(t, u, theCard, pdf.Dict{"AS": pdf.Name("Card")})
			put(t, u, theCash, pdf.Dict{"AS": pdf.Name("Cash")})
		},
		"states replaced": func(u *pdf.Update) {
			put(t, u, theBox, pdf.Dict{"V": pdf.Name(
				"Yes",
			), "AS": pdf.Name("Yes"), "AP": pdf.Dict{"N": pdf.Dict{"Yes": formLook(u, "", func(d pdf.Dict) {
				d["BBox"] = pdf.Rect{X1: 20, Y1: 20}.Array()
			})}}})
		},
		"box with a string": with(theBox, pdf.Dict{"V": pdf.String("Yes"), "AS": pdf.Name("Yes")}),
		"no option":         with(theCountry, pdf.Dict{"V": pdf.String("fr")}),
		"option shown as another": func(u *pdf.Update) {
			put(t, u, theCountry, pdf.Dict{"V": pdf.String("de"), "AP": pdf.Dict{"N": formLook(u, amountLook("United States"))}})
		},
		"other places than the value": with(theCountry, pdf.Dict{"V": pdf.String("de"), "I": pdf.Array{int64(0)}}),
		"choice is a number":          with(theCountry, pdf.Dict{"V": pdf.Array{int64(1)}}),
		"framed in another color":     framed(t, "0 g 0 0 150 20 re f "),
		"framed in the middle":        framed(t, "1 1 .8 rg 30 0 20 20 re f "),
		"framed by a thick line":      framed(t, "0 0 1 RG 30 w 0 0 150 20 re S "),
		"framed by another line":      framed(t, "1 0 0 RG 0 0 150 20 re S "),
		"another amount is shown": func(u *pdf.Update) {
			put(t, u, theAmount, pdf.Dict{"V": pdf.String("2500"), "AP": pdf.Dict{"N": formLook(u, amountLook("9000"))}})
		},
		"a field of one name": both(
			with(theAmount, pdf.Dict{"V": pdf.String("2500")}), with(theName, pdf.Dict{"V": pdf.String("x")}),
		),
	} {
		out["oddly filled: "+name] = increment(t, raw, change)
	}
	for name, c := range map[string]struct {
		form string
		more map[int]string
		fill string
	}{} {
		out["oddly filled: "+name] = increment(t, certified(t, formFile(kind, c.form, c.more), 2), fills(t)[c.fill].do)
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
		"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 150, Y1: 20}.Array(),
		"Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}},
	}, Raw: []byte(content)})
}

// formOfAnother are forms that were prepared to be misread before they were certified, then filled in.
func formOfAnother(t testing.TB, kind testpdf.Structure) map[string][]byte {
	raw := func(form string, more map[int]string) []byte { return certified(t, formFile(kind, form, more), 2) }
	fill := fills(t)
	plain := raw("", nil)
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
	}
	for name, c := range map[string]struct {
		more map[int]string
		fill string
	}{
		"parent that is not its own": {map[int]string{theAmount: fmt.Sprintf("/Parent %d 0 R", theParty)}, "text"},
		"child of another":           {map[int]string{theAmount: "/Kids[" + fmt.Sprint(theLower) + " 0 R]"}, "text"},
		"value above":                {map[int]string{theParty: "/V(x)"}, "below another"},
		"appearance shared with the page": {
			map[int]string{theCountry: fmt.Sprintf("/AP<</N %d 0 R>>", theAmountLook)}, "in place",
		},
		"field is a list of colors": {map[int]string{theHelv: fmt.Sprintf("/X<</ColorSpace %d 0 R>>", theBox)}, "check box"},
		"field is a list of fonts":  {map[int]string{theHelv: fmt.Sprintf("/X<</Font %d 0 R>>", theAmount)}, "text"},
	} {
		out["prepared: "+name] = increment(t, raw("", c.more), fill[c.fill].do)
	}
	if kind == testpdf.XRefStreams {
		out["prepared: appearance is an object stream"] = containerAttack(t)
	}
	// The page names the object under which the new appearance comes.
	dangling := formFile(kind, "", map[int]string{theHelv: "/X 90 0 R"})
	out["prepared: appearance was named before"] = increment(t, certified(t, dangling, 2), func(u *pdf.Update) {
		u.Put(
			pdf.Ref{Num: 90},
			&pdf.Stream{
				Dict: pdf.Dict{
					"Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 150, Y1: 20}.Array(),
					"Resources": pdf.Dict{"Font": pdf.Dict{"Helv": pdf.Ref{Num: theHelv}}},
				},
				Raw: []byte(amountLook("5")),
			},
		)
		put(t, u, theAmount, pdf.Dict{"V": pdf.String("5"), "AP": pdf.Dict{"N": pdf.Ref{Num: 90}}})
	})
	return out
}
