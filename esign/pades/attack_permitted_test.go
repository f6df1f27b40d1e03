package pades_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// wantAfter verifies a file and wants what came after its first signature called permitted, or suspicious.
func wantAfter(t *testing.T, name string, raw []byte, permitted bool) {
	t.Helper()
	want := pades.ChangesSuspicious
	if permitted {
		want = pades.ChangesPermitted
	}
	r := verify(t, raw)
	if len(r.Signatures) == 0 && r.Problem != "" && !permitted {
		return // the signature was hidden
	}
	if first := r.Signatures[0]; first.ChangesAfter != want || first.Integrity != pades.IntegrityValid ||
		!permitted && (first.OK() || first.Problem == "") {
		t.Errorf("%s: got %s, want %s; %q, %q", name, first.ChangesAfter, want, first.Changes, r.Problem)
	}
}

// somewhere is where the tests put signatures that are seen.
var somewhere = pdf.Array{int64(100), int64(100), int64(300), int64(160)}

// drawn gives the new field an appearance.
func drawn(change ...func(pdf.Dict)) func(*pdf.Update, pdf.Ref, pdf.Dict) {
	return func(u *pdf.Update, _ pdf.Ref, field pdf.Dict) {
		d := pdf.Dict{"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": pdf.Rect{X1: 200, Y1: 60}.Array()}
		for _, f := range change {
			f(d)
		}
		field["AP"] = pdf.Dict{"N": u.AddStream(d, []byte("2 2 90 20 re f"))}
	}
}

// byStranger is a signer whom nobody trusts, for whom it makes no difference what is permitted.
func byStranger(t *testing.T) foreign {
	return foreign{id: strangerOnce(t), subFilter: pkcs7Sub, rect: somewhere}
}

var strangerID = sync.OnceValues(func() (testpki.Identity, error) { return testpki.SelfSigned("Somebody", time.Now()) })

func strangerOnce(t *testing.T) testpki.Identity {
	t.Helper()
	id, err := strangerID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestSignaturesStayInTheirPlace gives signatures appearances that reach out of their rectangles, and widgets that do
// more than show.
func TestSignaturesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	good := seal(t, sealer(t, pki().Seal, noStamp), testpdf.New(testpdf.Options{}))
	set := func(k pdf.Name, v pdf.Object) func(pdf.Dict) { return func(d pdf.Dict) { d[k] = v } }
	numbers := func(v ...float64) (a pdf.Array) {
		for _, x := range v {
			a = append(a, x)
		}
		return a
	}
	for name, tc := range map[string]struct {
		look      func(pdf.Dict)
		permitted bool
	}{
		"as large":         {set("FormType", int64(1)), true},
		"smaller":          {set("BBox", numbers(0, 0, 100, 50)), true},
		"at another place": {set("BBox", numbers(500, 500, 700, 560)), true},
		"turned": {func(d pdf.Dict) {
			d["BBox"], d["Matrix"] = numbers(0, 0, 60, 200), numbers(0, 1, -1, 0, 200, 0)
		}, true},
		"larger":                {set("BBox", numbers(0, 0, 600, 800)), false},
		"wider":                 {set("BBox", numbers(0, 0, 230, 60)), false},
		"from below zero":       {set("BBox", numbers(-200, 0, 200, 60)), false},
		"enlarged":              {set("Matrix", numbers(3, 0, 0, 3, 0, 0)), false},
		"turned, not fitting":   {set("Matrix", numbers(0, 1, -1, 0, 0, 0)), false},
		"collapsed":             {set("Matrix", numbers(1, 1, 1, 1, 0, 0)), false},
		"no area":               {set("BBox", numbers(0, 0, 0, 60)), false},
		"no box":                {func(d pdf.Dict) { delete(d, "BBox") }, false},
		"box of three numbers":  {set("BBox", numbers(0, 0, 200)), false},
		"matrix of two numbers": {set("Matrix", numbers(1, 0)), false},
		"a picture":             {set("Subtype", pdf.Name("Image")), false},
	} {
		f := byStranger(t)
		f.also = drawn(tc.look)
		wantAfter(t, name, f.sign(t, good), tc.permitted)
	}
	for name, tc := range map[string]struct {
		field     pdf.Dict
		permitted bool
	}{
		"a look when pressed, too large": {pdf.Dict{"AP": pdf.Dict{"D": pdf.Ref{Num: 6}}}, false},
		"a look of two states":           {pdf.Dict{"AP": pdf.Dict{"N": pdf.Dict{"On": pdf.Ref{Num: 6}}}}, false},
		"colors over text": {
			pdf.Dict{
				"MK": pdf.Dict{"BG": pdf.Array{int64(1)}}, "Rect": pdf.Array{int64(72), int64(690), int64(172), int64(730)},
			},
			false,
		},
		"a place over text, no look":     {pdf.Dict{"Rect": pdf.Array{int64(72), int64(690), int64(172), int64(730)}}, true},
		"an action":                      {pdf.Dict{"A": pdf.Dict{"S": pdf.Name("URI")}}, false},
		"actions":                        {pdf.Dict{"AA": pdf.Dict{}}, false},
		"a layer":                        {pdf.Dict{"OC": pdf.Dict{}}, false},
		"a look when pressed, of a font": {pdf.Dict{"AP": pdf.Dict{"D": pdf.Ref{Num: 4}}}, false},
		"a parent elsewhere":             {pdf.Dict{"Parent": pdf.Ref{Num: 5}}, false},
		"no name":                        {pdf.Dict{"T": pdf.String("")}, false},
	} {
		f := byStranger(t)
		f.field = tc.field
		wantAfter(t, name, f.sign(t, good), tc.permitted)
	}
}

// TestSignaturesWithWidgetsOfTheirOwn: a new signature field may have its widget beside it, and one that stood nowhere
// may get one.
func TestSignaturesWithWidgetsOfTheirOwn(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{
		Catalog: "/AcroForm<</Fields[30 0 R 31 0 R 33 0 R]>>", Page: "/Annots[31 0 R 35 0 R 36 0 R]",
		Objects: map[int]string{
			30: "<</FT/Sig/T(Nowhere)>>",
			31: "<</FT/Tx/T(Amount)/V(1000)/Type/Annot/Subtype/Widget/Rect[100 400 300 420]>>",
			33: "<</T(Parties)/Kids[34 0 R]>>", 34: "<</T(Buyer)/FT/Tx/Parent 33 0 R/Kids[35 0 R]>>",
			35: "<</Parent 34 0 R/Type/Annot/Subtype/Widget/Rect[100 300 300 320]>>",
			36: "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]>>",
		},
	})
	good := seal(t, sealer(t, pki().Seal, noStamp), raw)
	widget := func(u *pdf.Update, parent pdf.Ref, rect pdf.Array, more pdf.Dict) pdf.Ref {
		d := pdf.Dict{"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "Parent": parent, "Rect": rect, "F": int64(4)}
		drawn()(u, pdf.Ref{}, d)
		for k, v := range more {
			d[k] = v
		}
		ref := u.Add(d)
		if err := acroform.AddAnnotation(u, ref, page(t, u, 1)); err != nil {
			t.Fatal(err)
		}
		return ref
	}
	overText := pdf.Array{int64(72), int64(690), int64(272), int64(750)}
	for name, tc := range map[string]struct {
		rect      pdf.Array
		more      pdf.Dict
		permitted bool
	}{
		"beside":                   {somewhere, nil, true},
		"over text":                {overText, nil, false},
		"over a text field":        {pdf.Array{int64(100), int64(390), int64(300), int64(450)}, nil, false},
		"with a name":              {somewhere, pdf.Dict{"T": pdf.String("x")}, false},
		"with an action":           {somewhere, pdf.Dict{"A": pdf.Dict{}}, false},
		"with a value":             {somewhere, pdf.Dict{"V": pdf.String("x")}, false},
		"of another field":         {somewhere, pdf.Dict{"Parent": pdf.Ref{Num: 31}}, false},
		"that is no widget":        {somewhere, pdf.Dict{"Subtype": pdf.Name("FreeText")}, false},
		"with children of its own": {somewhere, pdf.Dict{"Kids": pdf.Array{}}, false},
	} {
		f := byStranger(t)
		f.rect = nil
		f.also = func(u *pdf.Update, ref pdf.Ref, field pdf.Dict) {
			field["Kids"] = pdf.Array{widget(u, ref, tc.rect, tc.more)}
			delete(field, "Rect")
			delete(field, "Subtype")
		}
		wantAfter(t, "new field, widget "+name, f.sign(t, good), tc.permitted)
	}
	kids := func(num int, give func(u *pdf.Update, ref pdf.Ref) pdf.Array) []byte {
		f := byStranger(t)
		f.rect = nil
		f.also = func(u *pdf.Update, _ pdf.Ref, _ pdf.Dict) {
			put(t, u, num, pdf.Dict{"Kids": give(u, pdf.Ref{Num: num})})
		}
		return f.sign(t, good)
	}
	wantAfter(t, "a text field that gets a widget elsewhere", kids(31, func(u *pdf.Update, ref pdf.Ref) pdf.Array {
		return pdf.Array{widget(u, ref, somewhere, nil)}
	}), false)
	wantAfter(t, "a widget list that gets another", kids(34, func(u *pdf.Update, ref pdf.Ref) pdf.Array {
		return pdf.Array{pdf.Ref{Num: 35}, widget(u, ref, somewhere, nil)}
	}), false)
	wantAfter(t, "a field that takes an annotation", kids(33, func(*pdf.Update, pdf.Ref) pdf.Array {
		return pdf.Array{pdf.Ref{Num: 34}, pdf.Ref{Num: 36}}
	}), false)
	wantAfter(t, "a field that loses its child", kids(33, func(*pdf.Update, pdf.Ref) pdf.Array {
		return pdf.Array{}
	}), false)
	for name, rect := range map[string]pdf.Array{"": somewhere, ", over text": overText} {
		in := foreign{id: strangerOnce(t), subFilter: pkcs7Sub, existing: pdf.Ref{Num: 30}, also: func(u *pdf.Update, ref pdf.Ref, _ pdf.Dict) {
			put(t, u, ref.Num, pdf.Dict{"Kids": pdf.Array{widget(u, ref, rect, nil)}})
		}}
		wantAfter(t, "signed in a field that gets its place"+name, in.sign(t, good), name == "")
	}
	under := foreign{id: strangerOnce(t), subFilter: pkcs7Sub, under: pdf.Ref{Num: 33}}
	wantAfter(t, "a signature field below a field", under.sign(t, good), true)
	under.field = pdf.Dict{"T": pdf.String("Buyer")}
	wantAfter(t, "a signature field below a field, of a name that is there", under.sign(t, good), false)
	under.field = pdf.Dict{"Parent": pdf.Ref{Num: 31}}
	wantAfter(t, "a signature field below a field, of another parent", under.sign(t, good), false)
}

// TestHarmlessRevisions: what programs that sign do beside signing, and the same done to deceive.
func TestHarmlessRevisions(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{
		Catalog: "/Version/1.6/AcroForm 40 0 R", Objects: map[int]string{
			40: "<</Fields[]/DR<</Font<</Helv 4 0 R>>/Encoding 41 0 R>>/SigFlags 1>>", 41: "<</A 42 0 R>>",
			42: "<</Type/Encoding>>",
		},
	})
	plain := testpdf.New(testpdf.Options{Catalog: "/AcroForm<</Fields[]/DA(/Helv 0 Tf)>>"})
	s := sealer(t, pki().Seal, noStamp)
	good, simple := seal(t, s, raw), seal(t, s, plain)
	form := func(raw []byte, change func(*pdf.Update, pdf.Dict)) []byte {
		return increment(t, raw, func(u *pdf.Update) {
			editCatalog(t, u, func(c pdf.Dict) {
				f, err := u.Edit(c["AcroForm"], func(f pdf.Dict) error { change(u, f); return nil })
				if err != nil {
					t.Fatal(err)
				}
				c["AcroForm"] = f
			})
		})
	}
	catalog := func(k pdf.Name, v pdf.Object) []byte {
		return increment(t, good, func(u *pdf.Update) { editCatalog(t, u, func(c pdf.Dict) { c[k] = v }) })
	}
	fonts := func(f pdf.Dict) func(*pdf.Update, pdf.Dict) {
		return func(_ *pdf.Update, d pdf.Dict) { d["DR"] = pdf.Dict{"Font": f, "Encoding": pdf.Ref{Num: 41}} }
	}
	helv := pdf.Ref{Num: 4}
	for name, tc := range map[string]struct {
		raw       []byte
		permitted bool
	}{
		"default appearance added": {form(good, func(_ *pdf.Update, d pdf.Dict) {
			d["DA"] = pdf.String("/Helv 0 Tf 0 g")
		}), true},
		"default appearance changed": {form(simple, func(_ *pdf.Update, d pdf.Dict) {
			d["DA"] = pdf.String("/Helv 0 Tf 1 g")
		}), false},
		"default appearance removed": {form(simple, func(_ *pdf.Update, d pdf.Dict) { delete(d, "DA") }), false},
		"default resources added":    {form(simple, fonts(pdf.Dict{"ZaDb": pdf.Dict{}})), true},
		"font added":                 {form(good, fonts(pdf.Dict{"Helv": helv, "ZaDb": pdf.Dict{}})), true},
		"font removed":               {form(good, fonts(pdf.Dict{"ZaDb": pdf.Dict{}})), false},
		"font replaced":              {form(good, fonts(pdf.Dict{"Helv": pdf.Dict{"Type": pdf.Name("Font")}})), false},
		"font overwritten": {form(good, func(u *pdf.Update, _ pdf.Dict) {
			u.Put(helv, pdf.Dict{"Type": pdf.Name("Font")})
		}), false},
		"default resources removed": {form(good, func(_ *pdf.Update, d pdf.Dict) { delete(d, "DR") }), false},
		"encoding added": {increment(t, good, func(u *pdf.Update) {
			put(t, u, 41, pdf.Dict{"B": pdf.Dict{}})
		}), true},
		"encoding replaced": {increment(t, good, func(u *pdf.Update) {
			put(t, u, 41, pdf.Dict{"A": pdf.Dict{}})
		}), false},
		"encoding overwritten": {increment(t, good, func(u *pdf.Update) {
			put(t, u, 42, pdf.Dict{"Differences": pdf.Array{}})
		}), false},
		"flags added":                {form(good, func(_ *pdf.Update, d pdf.Dict) { d["SigFlags"] = int64(7) }), true},
		"flags removed":              {form(good, func(_ *pdf.Update, d pdf.Dict) { delete(d, "SigFlags") }), false},
		"later version":              {catalog("Version", pdf.Name("2.0")), true},
		"same version as the header": {catalog("Version", pdf.Name("1.7")), true},
		"earlier version":            {catalog("Version", pdf.Name("1.3")), false},
		"unknown version":            {catalog("Version", pdf.Name("9.9")), false},
		"version that is a number":   {catalog("Version", 1.7), false},
		"no version": {increment(t, good, func(u *pdf.Update) {
			editCatalog(t, u, func(c pdf.Dict) { delete(c, "Version") })
		}), false},
		"extensions":                   {catalog("Extensions", pdf.Dict{"ADBE": pdf.Dict{}}), true},
		"catalog under another number": {catalogElsewhere(t, good, func(*pdf.Update, pdf.Dict) {}), true},
		"catalog under another number, with an action": {catalogElsewhere(t, good, func(_ *pdf.Update, c pdf.Dict) {
			c["OpenAction"] = pdf.Dict{}
		}), false},
		"catalog under another number, other pages": {catalogElsewhere(t, good, func(u *pdf.Update, c pdf.Dict) {
			c["Pages"] = u.Add(pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{}, "Count": int64(0)})
		}), false},
		"catalog under another number, no form": {catalogElsewhere(t, good, func(_ *pdf.Update, c pdf.Dict) {
			delete(c, "AcroForm")
		}), false},
		"size of the pages written into one": {increment(t, good, func(u *pdf.Update) {
			editPage(t, u, func(p pdf.Dict) { p["MediaBox"] = pdf.Array{int64(0), int64(0), int64(612), int64(792)} })
		}), true},
		"another size written into a page": {increment(t, good, func(u *pdf.Update) {
			editPage(t, u, func(p pdf.Dict) { p["MediaBox"] = pdf.Array{int64(0), int64(0), int64(612), int64(700)} })
		}), false},
		"another crop box written into a page": {increment(t, good, func(u *pdf.Update) {
			editPage(t, u, func(p pdf.Dict) { p["CropBox"] = pdf.Array{int64(0), int64(0), int64(612), int64(700)} })
		}), false},
		"other resources written into a page": {increment(t, good, func(u *pdf.Update) {
			editPage(t, u, func(p pdf.Dict) { p["Resources"] = pdf.Dict{"Font": pdf.Dict{"F1": pdf.Dict{}}} })
		}), false},
	} {
		wantAfter(t, name, tc.raw, tc.permitted)
	}
}

// catalogElsewhere gives the catalog another number, as some programs do when they sign.
func catalogElsewhere(t *testing.T, raw []byte, change func(*pdf.Update, pdf.Dict)) []byte {
	t.Helper()
	var ref pdf.Ref
	out := increment(t, raw, func(u *pdf.Update) {
		c, err := u.Document().Catalog()
		if err != nil {
			t.Fatal(err)
		}
		c = c.Clone()
		change(u, c)
		ref = u.Add(c)
	})
	i := strings.LastIndex(string(out), "/Root 1 0 R")
	moved := string(out[:i]) + fmt.Sprintf("/Root %d 0 R", ref.Num) + string(out[i+len("/Root 1 0 R"):])
	return []byte(moved)
}

// TestStructureForSignatures adds structure elements to a tagged file: for the widget of a new signature, and about
// what was there.
func TestStructureForSignatures(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{
		Pages: 1, Catalog: "/MarkInfo<</Marked true>>/StructTreeRoot 40 0 R", Page: "/StructParents 0/Annots[45 0 R]",
		Objects: map[int]string{
			40: "<</Type/StructTreeRoot/K[41 0 R]/ParentTree 42 0 R/ParentTreeNextKey 2/RoleMap<</X/P>>>>",
			41: "<</Type/StructElem/S/Document/P 40 0 R/K[43 0 R]>>", 42: "<</Nums[0[43 0 R]1 44 0 R]>>",
			43: "<</Type/StructElem/S/P/P 41 0 R/Pg 5 0 R/K 0>>", 44: "<</Type/StructElem/S/Link/P 41 0 R>>",
			45: "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/StructParent 1>>",
		},
	})
	good := seal(t, sealer(t, pki().Seal, noStamp), raw)
	for name, tc := range map[string]struct {
		change    func(u *pdf.Update, element pdf.Ref, e pdf.Dict)
		permitted bool
	}{
		"an element for the widget": {func(*pdf.Update, pdf.Ref, pdf.Dict) {}, true},
		"with an alternative text": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) {
			e["Alt"] = pdf.String("Signature")
		}, true},
		"text in place of content": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) {
			e["ActualText"] = pdf.String("pay 9000 USD")
		}, false},
		"attributes":          {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) { e["A"] = pdf.Dict{} }, false},
		"content of the page": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) { e["K"] = pdf.Array{e["K"], int64(0)} }, false},
		"marked content of the page": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) {
			e["K"] = pdf.Dict{"Type": pdf.Name("MCR"), "MCID": int64(0)}
		}, false},
		"an element that was there": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) {
			e["K"] = pdf.Array{e["K"], pdf.Ref{Num: 43}}
		}, false},
		"an annotation that was there": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) {
			e["K"] = pdf.Dict{"Type": pdf.Name("OBJR"), "Obj": pdf.Ref{Num: 45}}
		}, false},
		"another parent": {func(_ *pdf.Update, _ pdf.Ref, e pdf.Dict) { e["P"] = pdf.Ref{Num: 43} }, false},
		"roles changed": {func(u *pdf.Update, _ pdf.Ref, _ pdf.Dict) {
			put(t, u, 40, pdf.Dict{"RoleMap": pdf.Dict{"P": pdf.Name("H1")}})
		}, false},
		"an old element's text": {func(u *pdf.Update, _ pdf.Ref, _ pdf.Dict) {
			put(t, u, 43, pdf.Dict{"ActualText": pdf.String("pay 9000 USD")})
		}, false},
		"an old element's language": {func(u *pdf.Update, _ pdf.Ref, _ pdf.Dict) {
			put(t, u, 41, pdf.Dict{"Lang": pdf.String("xx")})
		}, false},
		"an old element left out": {func(u *pdf.Update, e pdf.Ref, _ pdf.Dict) {
			put(t, u, 41, pdf.Dict{"K": pdf.Array{e}})
		}, false},
		"entry of the tree redirected": {func(u *pdf.Update, e pdf.Ref, _ pdf.Dict) {
			put(t, u, 42, pdf.Dict{"Nums": pdf.Array{int64(0), pdf.Array{e}, int64(1), pdf.Ref{Num: 44}, int64(2), e}})
		}, false},
		"entry of the tree left out": {func(u *pdf.Update, e pdf.Ref, _ pdf.Dict) {
			put(t, u, 42, pdf.Dict{"Nums": pdf.Array{int64(2), e}})
		}, false},
		"entry to an old element": {func(u *pdf.Update, e pdf.Ref, _ pdf.Dict) {
			put(
				t, u, 42,
				pdf.Dict{
					"Nums": pdf.Array{int64(0), pdf.Array{pdf.Ref{Num: 43}}, int64(1), pdf.Ref{Num: 44}, int64(2), pdf.Ref{Num: 43}},
				},
			)
		}, false},
		"next key lower": {func(u *pdf.Update, _ pdf.Ref, _ pdf.Dict) {
			put(t, u, 40, pdf.Dict{"ParentTreeNextKey": int64(1)})
		}, false},
	} {
		f := byStranger(t)
		f.also = func(u *pdf.Update, ref pdf.Ref, field pdf.Dict) {
			field["StructParent"] = int64(2)
			element := u.Alloc()
			e := pdf.Dict{
				"Type": pdf.Name("StructElem"), "S": pdf.Name("Form"), "P": pdf.Ref{Num: 41}, "Pg": pdf.Ref{Num: 5},
				"K": pdf.Dict{"Type": pdf.Name("OBJR"), "Obj": ref},
			}
			put(t, u, 41, pdf.Dict{"K": pdf.Array{pdf.Ref{Num: 43}, element}})
			put(
				t, u, 42,
				pdf.Dict{"Nums": pdf.Array{int64(0), pdf.Array{pdf.Ref{Num: 43}}, int64(1), pdf.Ref{Num: 44}, int64(2), element}},
			)
			put(t, u, 40, pdf.Dict{"ParentTreeNextKey": int64(3)})
			tc.change(u, element, e)
			u.Put(element, e)
		}
		wantAfter(t, name, f.sign(t, good), tc.permitted)
	}
}
