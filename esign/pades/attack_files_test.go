package pades_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// attackSet builds every attack on a file of one structure.
type attackSet struct {
	t     testing.TB
	raw   []byte
	good  []byte // sealed B-T
	two   []byte // sealed twice
	cert1 []byte // certified, no changes
	cert2 []byte // certified, forms and signatures
	s     *pades.Sealer
}

func newAttackSet(t testing.TB, kind testpdf.Structure) *attackSet {
	s := sealer(t, pki().Seal)
	raw := testpdf.New(testpdf.Options{Structure: kind, Catalog: "/AcroForm<</Fields[30 0 R]/DA(/Helv 0 Tf)>>", Page: "/Annots[30 0 R 31 0 R]", Objects: map[int]string{
		30: "<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/Rect[10 10 90 30]/V(1000)>>",
		31: "<</Type/Annot/Subtype/Link/Rect[10 40 90 60]/A<</S/URI/URI(https://example.com)>>>>",
	}})
	good := seal(t, s, raw)
	return &attackSet{
		t: t, raw: raw, s: s, good: good, two: seal(t, s, good),
		cert1: seal(t, s, raw, func(r *pades.SealRequest) { r.Certify = 1 }),
		cert2: seal(t, s, raw, func(r *pades.SealRequest) { r.Certify = 2 }),
	}
}

func (a *attackSet) intact() map[string][]byte {
	return map[string][]byte{
		"sealed": a.good, "sealed twice": a.two, "certified P=1": a.cert1, "certified P=2": a.cert2,
		"certified P=2 and sealed": seal(a.t, a.s, a.cert2), "white space at the end": append(bytes.Clone(a.good), "\r\n\n"...),
		"certified P=1 and extended": extendFile(a.t, extender(a.t), a.cert1),
		"extended, sealed, extended": extendFile(a.t, extender(a.t), seal(a.t, a.s, extendFile(a.t, extender(a.t), a.good))),
		"metadata added": increment(a.t, a.good, func(u *pdf.Update) {
			m := u.AddStream(pdf.Dict{"Type": pdf.Name("Metadata"), "Subtype": pdf.Name("XML")}, []byte("<x/>"))
			editCatalog(a.t, u, func(c pdf.Dict) { c["Metadata"] = m })
		}),
		"document information changed": increment(a.t, a.good, func(u *pdf.Update) {
			u.Put(pdf.Ref{Num: 3}, pdf.Dict{"Title": pdf.String("Release"), "Producer": pdf.String("Another"), "ModDate": pdf.String("D:20261130")})
		}),
		"validation material added": increment(a.t, a.good, func(u *pdf.Update) {
			c := u.AddStream(pdf.Dict{}, pki().CA.Raw)
			dss := u.Add(pdf.Dict{"Type": pdf.Name("DSS"), "Certs": pdf.Array{c}})
			editCatalog(a.t, u, func(c pdf.Dict) { c["DSS"] = dss })
		}),
	}
}

// attacks are files of which at least one signature must not be OK.
func (a *attackSet) attacks() map[string][]byte {
	out := map[string][]byte{}
	for _, m := range []map[string][]byte{a.bytesChanged(), a.byteRanges(), a.revisions(), a.smuggled(), a.signers(), a.extended(), a.shown()} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func (a *attackSet) bytesChanged() map[string][]byte {
	flip := func(i int) []byte {
		b := bytes.Clone(a.good)
		b[i] ^= 1
		return b
	}
	_, r := findByteRange(a.t, a.good)
	padding := bytes.Clone(a.good)
	copy(padding[r[2]-3:], "41")
	upper := bytes.Clone(a.good)
	upper[r[2]-3] = ' '
	return map[string][]byte{
		"byte of the content changed":         replace(a.t, a.good, "pay 1000 USD", "pay 9000 USD"),
		"byte after the signature changed":    flip(r[2] + 40),
		"byte of the signature value changed": flip(r[1] + 400),
		"header changed":                      replace(a.t, a.good, "%PDF-1.7", "%PDF-1.4"),
		"garbage in the padding":              padding,
		"space in the padding":                upper,
		"time in /M changed":                  replace(a.t, a.good, "/M (D:20", "/M (D:19"),
		"reason changed":                      replace(a.t, a.good, "Authoritative copy", "Authoritative CoPy"),
		"cut after the signature":             a.good[:r[2]+20],
		"last byte cut":                       a.good[:len(a.good)-3],
	}
}

func (a *attackSet) byteRanges() map[string][]byte {
	set := func(f func(b [4]int) string) []byte { return setByteRange(a.t, a.good, f) }
	return map[string][]byte{
		"byte range of zeros":        set(func([4]int) string { return "[0 0 0 0]" }),
		"byte range empty":           set(func([4]int) string { return "[]" }),
		"byte range null":            set(func([4]int) string { return "null" }),
		"byte range negative":        set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d -1]", b[1], b[2]) }),
		"byte range too long":        set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], b[3]+9) }),
		"byte range starts later":    set(func(b [4]int) string { return fmt.Sprintf("[9 %d %d %d]", b[1]-9, b[2], b[3]) }),
		"gap wider at the end":       set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2]+10, b[3]-10) }),
		"gap wider at the start":     set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d %d]", b[1]-5, b[2], b[3]) }),
		"end not signed":             set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], b[3]-50) }),
		"second range empty":         set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d 0]", b[1], b[2]) }),
		"only the first range":       set(func(b [4]int) string { return fmt.Sprintf("[0 %d]", b[1]) }),
		"six numbers":                set(func(b [4]int) string { return fmt.Sprintf("[0 1 1 %d %d 9]", b[1], b[2]) }),
		"ranges overlap":             set(func(b [4]int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[1]-1, b[3]) }),
		"byte range key destroyed":   replace(a.t, a.good, "/ByteRange ", "/ByteRAnge "),
		"contents key destroyed":     replace(a.t, a.good, "/Contents <", "/ContentS <"),
		"sub-filter unknown":         replace(a.t, a.good, "ETSI.CAdES.detached", "ETSI.CAdES.detacheX"),
		"sub-filter of a time-stamp": replace(a.t, a.good, "/ETSI.CAdES.detached ", "/ETSI.RFC3161        "),
	}
}

func (a *attackSet) revisions() map[string][]byte {
	t := a.t
	swapPages := func(raw []byte) []byte {
		return increment(t, raw, func(u *pdf.Update) {
			content := u.AddStream(pdf.Dict{}, []byte("0 0 100 100 re f"))
			tree := u.Alloc()
			p := u.Add(pdf.Dict{"Type": pdf.Name("Page"), "Parent": tree, "MediaBox": pdf.Rect{X1: 612, Y1: 792}.Array(), "Contents": content})
			u.Put(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{p}, "Count": int64(1)})
			editCatalog(t, u, func(c pdf.Dict) { c["Pages"] = tree })
		})
	}
	freeText := pdf.Dict{"Type": pdf.Name("Annot"), "Subtype": pdf.Name("FreeText"), "Rect": pdf.Rect{X1: 400, Y1: 200}.Array(), "Contents": pdf.String("PAID")}
	catalog := func(raw []byte, change func(*pdf.Update, pdf.Dict)) []byte {
		return increment(t, raw, func(u *pdf.Update) { editCatalog(t, u, func(c pdf.Dict) { change(u, c) }) })
	}
	return map[string][]byte{
		"page content replaced":                   shadow(t, a.good),
		"page content replaced, P=1":              shadow(t, a.cert1),
		"page content replaced, P=2":              shadow(t, a.cert2),
		"page content replaced after two seals":   shadow(t, a.two),
		"page content replaced between two seals": seal(t, a.s, shadow(t, a.good)),
		"content stream overwritten":              increment(t, a.good, func(u *pdf.Update) { u.Put(page(t, u, 1).Dict["Contents"].(pdf.Ref), &pdf.Stream{Dict: pdf.Dict{}}) }),
		"font replaced": increment(t, a.good, func(u *pdf.Update) {
			u.Put(pdf.Ref{Num: 4}, pdf.Dict{"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type3")})
		}),
		"page rotated":               increment(t, a.good, func(u *pdf.Update) { editPage(t, u, func(p pdf.Dict) { p["Rotate"] = int64(180) }) }),
		"page added":                 increment(t, a.good, func(u *pdf.Update) { _, _ = u.AppendPage(pdf.Dict{"MediaBox": pdf.Rect{X1: 9, Y1: 9}.Array()}) }),
		"page tree swapped":          swapPages(a.good),
		"page tree swapped, P=1":     swapPages(a.cert1),
		"free text added":            annotate(t, a.good, freeText),
		"free text added, P=2":       annotate(t, a.cert2, freeText),
		"widget without field added": annotate(t, a.good, pdf.Dict{"Subtype": pdf.Name("Widget"), "Rect": pdf.Rect{X1: 9, Y1: 9}.Array()}),
		"annotation removed":         increment(t, a.good, func(u *pdf.Update) { editPage(t, u, func(p pdf.Dict) { delete(p, "Annots") }) }),
		"link target changed": increment(t, a.good, func(u *pdf.Update) {
			u.Put(pdf.Ref{Num: 31}, pdf.Dict{"Subtype": pdf.Name("Link"), "A": pdf.Dict{"S": pdf.Name("URI")}})
		}),
		"form field filled": increment(t, a.good, func(u *pdf.Update) {
			u.Put(pdf.Ref{Num: 30}, pdf.Dict{"FT": pdf.Name("Tx"), "T": pdf.String("Amount"), "V": pdf.String("9")})
		}),
		"form field added": addField(t, a.good, func(*pdf.Update) pdf.Dict {
			return pdf.Dict{"FT": pdf.Name("Tx"), "T": pdf.String("B"), "Subtype": pdf.Name("Widget")}
		}),
		"form removed": catalog(a.good, func(_ *pdf.Update, c pdf.Dict) { delete(c, "AcroForm") }),
		"form removed, signature called a usage right": catalog(a.good, func(u *pdf.Update, c pdf.Dict) {
			fields, _ := acroform.SignatureFields(u.Document())
			delete(c, "AcroForm")
			c["Perms"] = pdf.Dict{"UR3": fields[0].Value}
		}),
		"annotations reordered": increment(t, a.good, func(u *pdf.Update) {
			editPage(t, u, func(p pdf.Dict) {
				l := p["Annots"].(pdf.Array).Clone()
				l[0], l[1] = l[1], l[0]
				p["Annots"] = l
			})
		}),
		"annotation drawn twice": increment(t, a.good, func(u *pdf.Update) {
			editPage(t, u, func(p pdf.Dict) { p["Annots"] = append(p["Annots"].(pdf.Array).Clone(), p["Annots"].(pdf.Array)[1]) })
		}),
		"signature field named like another": addField(t, a.good, func(*pdf.Update) pdf.Dict {
			return pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("Amount"), "Rect": pdf.Array{int64(0), int64(0), int64(0), int64(0)}}
		}),
		"form emptied": catalog(a.good, func(_ *pdf.Update, c pdf.Dict) { c["AcroForm"] = pdf.Dict{"Fields": pdf.Array{}} }),
		"form asks for new appearances": catalog(a.good, func(u *pdf.Update, c pdf.Dict) {
			f, _ := u.Dict(c["AcroForm"])
			f = f.Clone()
			f["NeedAppearances"] = true
			c["AcroForm"] = f
		}),
		"XFA added": catalog(a.good, func(u *pdf.Update, c pdf.Dict) {
			f, _ := u.Dict(c["AcroForm"])
			f = f.Clone()
			f["XFA"] = pdf.String("x")
			c["AcroForm"] = f
		}),
		"form denies its signatures": catalog(a.good, func(u *pdf.Update, c pdf.Dict) {
			f, _ := u.Dict(c["AcroForm"])
			f = f.Clone()
			f["SigFlags"] = int64(0)
			c["AcroForm"] = f
		}),
		"signature field named like another, elsewhere": addField(t, a.good, func(u *pdf.Update) pdf.Dict {
			return pdf.Dict{"FT": pdf.Name("Sig"), "T": u.Add(pdf.String("Amount")), "Rect": pdf.Array{int64(0), int64(0), int64(0), int64(0)}}
		}),
		"script on opening added": catalog(a.good, func(_ *pdf.Update, c pdf.Dict) {
			c["OpenAction"] = pdf.Dict{"S": pdf.Name("JavaScript"), "JS": pdf.String("x")}
		}),
		"layers added":     catalog(a.good, func(_ *pdf.Update, c pdf.Dict) { c["OCProperties"] = pdf.Dict{} }),
		"attachment added": catalog(a.good, func(_ *pdf.Update, c pdf.Dict) { c["Names"] = pdf.Dict{"EmbeddedFiles": pdf.Dict{}} }),
		"visible signature field without signature": addField(t, a.good, func(*pdf.Update) pdf.Dict {
			return pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("S"), "Subtype": pdf.Name("Widget"), "Rect": pdf.Rect{X1: 600, Y1: 700}.Array()}
		}),
		"signature field with an action": addField(t, a.good, func(*pdf.Update) pdf.Dict {
			return pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("S"), "AA": pdf.Dict{}, "Rect": pdf.Array{int64(0), int64(0), int64(0), int64(0)}}
		}),
		"signature field with a dead signature": addField(t, a.good, func(u *pdf.Update) pdf.Dict {
			return pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("S"), "V": u.Add(pdf.Dict{"Type": pdf.Name("Sig")}), "Rect": pdf.Array{int64(0), int64(0), int64(0), int64(0)}}
		}),
		"second seal after certification P=1": sealAnyway(t, a.s, a.cert1),
		"catalog moved to another object":     moveCatalog(t, a.good),
		"signature replaced by an attacker's": a.overwriteSignature(),
	}
}

// sealAnyway adds a valid seal where the certification forbids it.
func sealAnyway(t testing.TB, s *pades.Sealer, raw []byte) []byte {
	t.Helper()
	hidden := replace(t, raw, "/DocMDP", "/DocMDQ")
	for bytes.Contains(hidden, []byte("/DocMDP")) {
		hidden = replace(t, hidden, "/DocMDP", "/DocMDQ")
	}
	sealed := seal(t, s, hidden)
	return append(bytes.Clone(raw), sealed[len(raw):]...)
}

func moveCatalog(t testing.TB, raw []byte) []byte {
	t.Helper()
	out := increment(t, raw, func(u *pdf.Update) {
		c, err := u.Document().Catalog()
		if err != nil {
			t.Fatal(err)
		}
		u.Add(c)
		u.Put(u.Document().Root(), c)
	})
	d, err := pdf.Open(out, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	nums := d.Numbers()
	last := nums[len(nums)-1]
	for ; last > 0; last-- {
		if o, _ := d.Object(last); o != nil {
			if c, ok := o.(pdf.Dict); ok && c["Type"] == pdf.Name("Catalog") {
				break
			}
		}
	}
	i := bytes.LastIndex(out, []byte("/Root 1 0 R"))
	return append(append(bytes.Clone(out[:i]), fmt.Sprintf("/Root %d 0 R", last)...), out[i+len("/Root 1 0 R"):]...)
}

// overwriteSignature puts an attacker's signature under the object number of the first.
func (a *attackSet) overwriteSignature() []byte {
	fields, err := acroform.SignatureFields(mustOpen(a.t, a.good))
	if err != nil {
		a.t.Fatal(err)
	}
	victim := fields[0].Value.(pdf.Ref)
	second := mustOpen(a.t, a.two)
	f2, err := acroform.SignatureFields(second)
	if err != nil {
		a.t.Fatal(err)
	}
	other, err := second.Dict(f2[1].Value)
	if err != nil {
		a.t.Fatal(err)
	}
	return increment(a.t, a.two, func(u *pdf.Update) { u.Put(victim, other) })
}

func mustOpen(t testing.TB, raw []byte) *pdf.Document {
	t.Helper()
	d, err := pdf.Open(raw, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// smuggled are updates that careful readers ignore and lenient ones use.
func (a *attackSet) smuggled() map[string][]byte {
	i := bytes.LastIndex(a.good, []byte("startxref"))
	end := string(a.good[i:])
	evil := "5 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n"
	add := func(s string) []byte { return append(bytes.Clone(a.good), s...) }
	at := len(a.good)
	table := fmt.Sprintf("xref\n5 1\n%010d 00000 n\r\n", at)
	trailer := func(more string) string {
		return fmt.Sprintf("trailer\n<</Size 99/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", more, at+len(evil))
	}
	prev := fmt.Sprintf("/Prev %s", strings.Fields(end)[1])
	twice := "4 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Courier/BaseFont/Helvetica>>\nendobj\n"
	sig := increment(a.t, a.good, func(u *pdf.Update) { editPage(a.t, u, func(p pdf.Dict) { p["Rotate"] = int64(90) }) })
	return map[string][]byte{
		"junk after the end":                       add("\n<script>x</script>\n"),
		"object without cross-reference":           add(evil),
		"object and the old startxref":             add(evil + end),
		"object in a comment":                      add("%" + evil + end),
		"update without /Prev":                     add(evil + table + trailer("")),
		"update with /Prev 0":                      add(evil + table + trailer("/Prev 0")),
		"update with its own /Prev":                add(evil + table + trailer(fmt.Sprintf("/Prev %d", at+len(evil)))),
		"update without trailer":                   add(evil + table + fmt.Sprintf("startxref\n%d\n%%%%EOF\n", at+len(evil))),
		"update without end of file":               bytes.TrimSuffix(add(evil+table+trailer(prev)), []byte("%%EOF\n")),
		"update that names an object twice":        add(evil + evil + "xref\n5 1\n" + fmt.Sprintf("%010d 00000 n\r\n5 1\n%010d 00000 n\r\n", at, at+len(evil)) + strings.Replace(trailer(prev), strconv.Itoa(at+len(evil)), strconv.Itoa(at+2*len(evil)), 1)),
		"object with a key named twice":            add(twice + fmt.Sprintf("xref\n4 1\n%010d 00000 n\r\n", at) + strings.Replace(trailer(prev), strconv.Itoa(at+len(evil)), strconv.Itoa(at+len(twice)), 1)),
		"update followed by the old end":           append(bytes.Clone(sig), end...),
		"second header and a whole second file":    add(string(a.raw)),
		"update hidden from new readers":           add(evil + table + trailer(prev+"/XRefStm "+strings.Fields(end)[1])),
		"signature dictionary removed from fields": a.orphan(),
	}
}

// orphan makes the field point at nothing, so that the signature seems never to have been there.
func (a *attackSet) orphan() []byte {
	fields, err := acroform.SignatureFields(mustOpen(a.t, a.good))
	if err != nil {
		a.t.Fatal(err)
	}
	return increment(a.t, a.good, func(u *pdf.Update) { u.Put(fields[0].Ref, fields[0].Dict.Without("V")) })
}

// signers are seals made right by the wrong key or on the wrong file.
func (a *attackSet) signers() map[string][]byte {
	t := a.t
	evil, err := testpki.SelfSigned("Test Vault Seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	self := sealer(t, evil)
	strange := sealer(t, stranger.Seal)
	strangeStamp := sealer(t, pki().Seal, func(c *pades.Config) { c.Timestamper = stranger.Timestamper() })
	expired, err := pki().Issue(pki().Seal.Key, pki().Template("Expired", 45*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"self-signed":                         seal(t, self, a.raw),
		"another root":                        seal(t, strange, a.raw),
		"self-signed second seal":             seal(t, self, a.good),
		"time-stamp of another root":          seal(t, strangeStamp, a.raw),
		"certificate expired, no time-stamp":  a.expired(expired),
		"trusted certificates in the bag":     a.withBag(evil),
		"signature moved from another file":   a.transplant(),
		"shadow between, stranger seals last": seal(t, self, shadow(t, a.good)),
	}
}

func (a *attackSet) expired(id testpki.Identity) []byte {
	s := sealer(a.t, id, noStamp, func(c *pades.Config) { c.Now = func() time.Time { return time.Now().Add(-30 * time.Minute) } })
	return seal(a.t, s, a.raw)
}

// withBag seals with a self-signed key and carries the trusted certificates along.
func (a *attackSet) withBag(evil testpki.Identity) []byte {
	sealed := seal(a.t, sealer(a.t, evil, noStamp), a.raw, func(r *pades.SealRequest) { r.Reserve = 4000 })
	// The certificates are not signed, so they can be added afterwards.
	return swapValue(a.t, sealed, func(der []byte) []byte { return addCertificates(a.t, der, pki().Seal.Leaf(), pki().CA) })
}

// transplant puts the value of a seal over one file into a seal over another.
func (a *attackSet) transplant() []byte {
	other := seal(a.t, a.s, testpdf.New(testpdf.Options{Pages: 7}))
	var value []byte
	swapValue(a.t, other, func(der []byte) []byte { value = der; return der })
	return swapValue(a.t, a.good, func([]byte) []byte { return value })
}
