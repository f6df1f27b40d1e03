package pades_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"maps"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// foreign describes a signature made by other software: pkcs7 for the CMS, its own field and SubFilter.
type foreign struct {
	id        testpki.Identity
	subFilter string
	rect      pdf.Array // default no area
	field     pdf.Dict  // further entries of the field
	sig       pdf.Dict  // further entries of the signature dictionary
	certify   bool      // /Perms names it
	existing  pdf.Ref   // a field that is there, instead of a new one
	under     pdf.Ref   // a field that the new one is below
	attrs     []pkcs7.Attribute
	attached  bool
	noAttrs   bool
	twice     bool                        // two signers
	by        func(content []byte) []byte // makes the CMS instead
	// also changes what else the update holds; field is the new one, to be changed in place.
	also func(u *pdf.Update, ref pdf.Ref, field pdf.Dict)
}

func (f foreign) sign(t testing.TB, raw []byte) []byte {
	t.Helper()
	d := mustOpen(t, raw)
	u, err := d.Update()
	if err != nil {
		t.Fatal(err)
	}
	dict := pdf.Dict{
		"Type": pdf.Name("Sig"), "Filter": pdf.Name("Adobe.PPKLite"), "SubFilter": pdf.Name(f.subFilter),
		"M": pdf.String("D:20260101120000+01'00'"),
	}
	maps.Copy(dict, f.sig)
	sig := signing.Reserve(u, dict, 8000)
	f.place(t, u, sig.Ref)
	if f.certify {
		editCatalog(t, u, func(c pdf.Dict) { c["Perms"] = pdf.Dict{"DocMDP": sig.Ref} })
	}
	p, err := sig.Close()
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	p.HashPrefix(bufferHash{&content})
	p.HashSuffix(bufferHash{&content})
	appended, err := p.Embed(f.cms(t, content.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(raw), appended...)
}

func (f foreign) place(t testing.TB, u *pdf.Update, sig pdf.Ref) {
	t.Helper()
	if f.existing != (pdf.Ref{}) {
		if _, err := u.Edit(f.existing, func(d pdf.Dict) error {
			d["V"] = sig
			for k, v := range f.field {
				d[k] = v
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if f.also != nil {
			f.also(u, f.existing, nil)
		}
		return
	}
	field := pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Sig"), "T": pdf.String("Foreign"),
		"V": sig, "F": int64(4),
	}
	if field["Rect"] = f.rect; f.rect == nil {
		field["Rect"] = pdf.Array{int64(0), int64(0), int64(0), int64(0)}
	}
	for k, v := range f.field {
		field[k] = v
	}
	ref := u.Alloc()
	if f.also != nil {
		f.also(u, ref, field)
	}
	if f.under != (pdf.Ref{}) {
		if field["Parent"] == nil {
			field["Parent"] = f.under
		}
		u.Put(ref, field)
		if _, err := u.Edit(f.under, func(d pdf.Dict) error { return u.AppendTo(d, "Kids", ref) }); err != nil {
			t.Fatal(err)
		}
		if err := acroform.AddAnnotation(u, ref, page(t, u, 1)); err != nil {
			t.Fatal(err)
		}
		return
	}
	u.Put(ref, field)
	if err := acroform.AddField(u, ref, page(t, u, 1), 3); err != nil {
		t.Fatal(err)
	}
}

// bufferHash collects what would be hashed.
type bufferHash struct{ *bytes.Buffer }

func (bufferHash) Sum(b []byte) []byte { return b }
func (bufferHash) Size() int           { return 0 }
func (bufferHash) BlockSize() int      { return 1 }

var oidESSv2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}

// ess is the signing-certificate-v2 attribute for a certificate.
func ess(c *x509.Certificate) pkcs7.Attribute {
	type certID struct{ Hash []byte }
	type signingCert struct{ Certs []certID }
	h := sha256.Sum256(c.Raw)
	return pkcs7.Attribute{Type: oidESSv2, Value: signingCert{[]certID{{h[:]}}}}
}

func (f foreign) cms(t testing.TB, content []byte) []byte {
	t.Helper()
	if f.by != nil {
		return f.by(content)
	}
	sd, err := pkcs7.NewSignedData(content)
	if err != nil {
		t.Fatal(err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	add := sd.AddSignerChain
	if f.noAttrs {
		add = func(ee *x509.Certificate, key any, _ []*x509.Certificate, c pkcs7.SignerInfoConfig) error {
			return sd.SignWithoutAttr(ee, key, c)
		}
	}
	for range map[bool]int{false: 1, true: 2}[f.twice] {
		if err := add(
			f.id.Leaf(), f.id.Key, f.id.Chain[1:], pkcs7.SignerInfoConfig{ExtraSignedAttributes: f.attrs},
		); err != nil {
			t.Fatal(err)
		}
	}
	if !f.attached {
		sd.Detach()
	}
	der, err := sd.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

const (
	cades    = "ETSI.CAdES.detached"
	pkcs7Sub = "adbe.pkcs7.detached"
)

func TestForeignSignatures(t *testing.T) {
	t.Parallel()
	id, rsaID := pki().Seal, pki().RSA()
	withESS := []pkcs7.Attribute{ess(id.Leaf())}
	visible := pdf.Array{int64(100), int64(100), int64(300), int64(160)}
	raw := testpdf.New(testpdf.Options{})
	unsigned := testpdf.New(testpdf.Options{
		Structure: testpdf.ObjectStreams, Catalog: "/AcroForm<</Fields[30 0 R]>>", Page: "/Annots[30 0 R]",
		Objects: map[int]string{
			30: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Buyer)/Rect[100 100 300 160]/F 4>>",
			32: "<</Type/XObject/Subtype/Form/BBox[0 0 200 60]/Length 17>>\nstream\n2 2 90 20 re f   \nendstream",
		},
	})
	good := seal(t, sealer(t, id), raw)
	goodWithField := seal(t, sealer(t, id), unsigned)
	buyer := pdf.Ref{Num: 30}
	appearance := pdf.Dict{"AP": pdf.Dict{"N": pdf.Ref{Num: 32}}}
	evil, err := testpki.SelfSigned("Test Vault Seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		f         foreign
		raw       []byte
		ok        bool
		integrity string // of the last signature
	}{
		"adbe.pkcs7.detached": {
			f: foreign{id: id, subFilter: pkcs7Sub}, raw: raw, ok: true, integrity: pades.IntegrityValid,
		},
		"adbe.pkcs7.detached, RSA": {
			f: foreign{id: rsaID, subFilter: pkcs7Sub}, raw: raw, ok: true, integrity: pades.IntegrityValid,
		},
		"CAdES with signing-time": {
			f: foreign{id: id, subFilter: cades, attrs: withESS}, raw: raw, ok: true, integrity: pades.IntegrityValid,
		},
		"second, visible, trusted": {
			f: foreign{id: id, subFilter: pkcs7Sub, rect: visible}, raw: good, ok: true, integrity: pades.IntegrityValid,
		},
		"second in the field for it": {
			f: foreign{id: id, subFilter: pkcs7Sub, existing: buyer, field: appearance}, raw: goodWithField, ok: true,
			integrity: pades.IntegrityValid,
		},
		"visible, by a stranger": {
			f: foreign{id: evil, subFilter: pkcs7Sub, rect: visible}, raw: good, integrity: pades.IntegrityValid,
		},
		"field signed by a stranger": {
			f: foreign{id: evil, subFilter: pkcs7Sub, existing: buyer, field: appearance}, raw: goodWithField,
			integrity: pades.IntegrityValid,
		},
		"field moved while signing": {
			f: foreign{
				id: id, subFilter: pkcs7Sub, existing: buyer,
				field: pdf.Dict{"Rect": pdf.Array{int64(0), int64(0), int64(600), int64(800)}},
			},
			raw: goodWithField, integrity: pades.IntegrityValid,
		},
		"field with a script": {
			f: foreign{id: id, subFilter: pkcs7Sub, field: pdf.Dict{"AA": pdf.Dict{}}}, raw: good,
			integrity: pades.IntegrityValid,
		},
		"CAdES without ESS": {f: foreign{id: id, subFilter: cades}, raw: raw, integrity: pades.IntegrityInvalid},
		"ESS of another certificate": {
			f: foreign{id: id, subFilter: pkcs7Sub, attrs: []pkcs7.Attribute{ess(pki().CA)}}, raw: raw,
			integrity: pades.IntegrityInvalid,
		},
		"ESS twice": {
			f: foreign{id: id, subFilter: cades, attrs: append(withESS, withESS...)}, raw: raw,
			integrity: pades.IntegrityInvalid,
		},
		"content encapsulated": {
			f: foreign{id: id, subFilter: pkcs7Sub, attached: true}, raw: raw, integrity: pades.IntegrityInvalid,
		},
		"two signers": {
			f: foreign{id: id, subFilter: pkcs7Sub, twice: true}, raw: raw, integrity: pades.IntegrityInvalid,
		},
		"adbe.pkcs7.sha1": {
			f: foreign{id: id, subFilter: "adbe.pkcs7.sha1"}, raw: raw, integrity: pades.IntegrityUnsupported,
		},
		"no SubFilter worth the name": {f: foreign{id: id, subFilter: ""}, raw: raw, integrity: pades.IntegrityUnsupported},
		"time-stamp that is none": {
			f: foreign{id: id, subFilter: "ETSI.RFC3161"}, raw: raw, integrity: pades.IntegrityInvalid,
		},
		"on a file certified P=1": {f: foreign{
			id: id, subFilter: pkcs7Sub,
		}, raw: seal(t, sealer(t, id), raw, func(r *pades.SealRequest) {
			r.Certify = 1
		}), integrity: pades.IntegrityValid},
		"on a file certified P=2": {f: foreign{
			id: id, subFilter: pkcs7Sub,
		}, raw: seal(t, sealer(t, id), raw, func(r *pades.SealRequest) {
			r.Certify = 2
		}), ok: true, integrity: pades.IntegrityValid},
		"after the content was changed": {
			f: foreign{id: id, subFilter: pkcs7Sub}, raw: shadow(t, good), integrity: pades.IntegrityValid,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verify(t, tc.f.sign(t, tc.raw))
			if r.OK() != tc.ok {
				t.Errorf("OK: got %v, want %v: %s", r.OK(), tc.ok, problems(r))
			}
			last := r.Signatures[len(r.Signatures)-1]
			if last.Integrity != tc.integrity {
				t.Errorf("integrity: got %s, want %s: %s", last.Integrity, tc.integrity, last.Problem)
			}
			if last.Level != pades.LevelNone {
				t.Errorf("level: got %s for what is no baseline signature", last.Level)
			}
			if want := time.Date(2026, 1, 1, 11, 0, 0, 0, time.UTC); last.Integrity == pades.IntegrityValid &&
				!last.SigningTime.Equal(want) {
				t.Errorf("signing time: got %v, want %v", last.SigningTime, want)
			}
		})
	}
}

// TestFinalSignatures: after a certification with P=1, or a signature in a field that locks the document, validation
// material and time-stamps may come, and nothing else.
func TestFinalSignatures(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	lock := func(p int64) []byte {
		return foreign{
			id: pki().Seal, subFilter: pkcs7Sub,
			field: pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{}, "P": p}},
		}.sign(
			t, raw,
		)
	}
	certify := func(p int) []byte {
		return seal(t, sealer(t, pki().Seal), raw, func(r *pades.SealRequest) { r.Certify = p })
	}
	metadata := func(raw []byte) []byte {
		return increment(t, raw, func(u *pdf.Update) {
			m := u.AddStream(pdf.Dict{"Type": pdf.Name("Metadata"), "Subtype": pdf.Name("XML")}, []byte("<x/>"))
			editCatalog(t, u, func(c pdf.Dict) { c["Metadata"] = m })
		})
	}
	emptyField := func(raw []byte) []byte {
		return addField(t, raw, func(*pdf.Update) pdf.Dict {
			return pdf.Dict{
				"FT": pdf.Name("Sig"), "T": pdf.String("Later"), "Rect": pdf.Array{int64(0), int64(0), int64(0), int64(0)},
			}
		})
	}
	another := foreign{id: pki().Seal, subFilter: pkcs7Sub, field: pdf.Dict{"T": pdf.String("Another")}}
	for name, tc := range map[string]struct {
		raw   []byte
		final bool
	}{
		"certified P=1": {certify(1), true}, "certified P=2": {certify(2), false},
		"locked P=1": {lock(1), true}, "locked P=2": {lock(2), false},
	} {
		wantOK(t, tc.raw, 1)
		wantOK(t, extendFile(t, extender(t), tc.raw), 2)
		for change, bad := range map[string][]byte{
			"metadata": metadata(tc.raw), "empty field": emptyField(tc.raw), "signature": another.sign(t, tc.raw),
			"metadata after extending": metadata(extendFile(t, extender(t), tc.raw)),
		} {
			if r := verify(t, bad); r.OK() == tc.final {
				t.Errorf("%s, then %s: OK is %v: %s", name, change, r.OK(), problems(r))
			}
		}
	}
}

// TestShadowAttacks prepares the original so that a permitted change has a second effect.
func TestShadowAttacks(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	for name, tc := range map[string]struct {
		original testpdf.Options
		change   func(*pdf.Update)
	}{
		"validation material is also the page's content": {
			testpdf.Options{
				Catalog: "/DSS<</Certs 30 0 R>>",
				Objects: map[int]string{5: "<</Type/Page/Parent 2 0 R/Contents 30 0 R>>", 30: "[6 0 R]"},
			},
			func(u *pdf.Update) {
				u.Put(pdf.Ref{Num: 30}, pdf.Array{u.AddStream(pdf.Dict{}, []byte("0 0 9 9 re f"))})
			},
		},
		"annotations are also the page's content": {
			testpdf.Options{
				Objects: map[int]string{5: "<</Type/Page/Parent 2 0 R/Contents 30 0 R/Annots 30 0 R>>", 30: "[6 0 R]"},
			},
			func(u *pdf.Update) {
				u.Put(pdf.Ref{Num: 30}, pdf.Array{u.AddStream(pdf.Dict{}, []byte("0 0 9 9 re f"))})
			},
		},
		"dangling content": {
			testpdf.Options{Objects: map[int]string{5: "<</Type/Page/Parent 2 0 R/Contents[6 0 R 300 0 R]>>"}},
			func(u *pdf.Update) { u.Put(pdf.Ref{Num: 300}, &pdf.Stream{Raw: []byte("0 0 9 9 re f")}) },
		},
		"dangling image": {
			testpdf.Options{Objects: map[int]string{4: "<</Type/Font/Subtype/Type3/Resources 77 0 R>>"}},
			func(u *pdf.Update) { u.Put(pdf.Ref{Num: 77}, pdf.Dict{}) },
		},
		"metadata is also an image": {
			testpdf.Options{
				Catalog: "/Metadata 30 0 R", Page: "/Thumb 30 0 R",
				Objects: map[int]string{30: "<</Type/Metadata/Length 1>>\nstream\nx\nendstream"},
			},
			func(u *pdf.Update) {
				u.Put(pdf.Ref{Num: 30}, &pdf.Stream{Dict: pdf.Dict{"Type": pdf.Name("Metadata")}, Raw: []byte("y")})
			},
		},
		"form is also a resource": {
			testpdf.Options{
				Catalog: "/AcroForm 30 0 R", Page: "/Resources 30 0 R", Objects: map[int]string{30: "<</Fields[]>>"},
			},
			func(u *pdf.Update) {
				u.Put(pdf.Ref{Num: 30}, pdf.Dict{"Fields": pdf.Array{}, "SigFlags": int64(3), "Font": pdf.Dict{}})
			},
		},
		"catalog becomes a stream": {
			testpdf.Options{},
			func(u *pdf.Update) {
				c, _ := u.Document().Catalog()
				u.Put(pdf.Ref{Num: 1}, &pdf.Stream{Dict: c})
			},
		},
	} {
		for _, kind := range testpdf.Structures() {
			t.Run(name+", "+kind.String(), func(t *testing.T) {
				t.Parallel()
				o := tc.original
				o.Structure = kind
				good := seal(t, s, testpdf.New(o))
				wantOK(t, good, 1)
				bad := increment(t, good, tc.change)
				r, err := pades.Verify(context.Background(), bad, pades.Options{Roots: pki().Roots()})
				if err == nil && r.OK() {
					t.Errorf("taken for valid: %s", problems(r))
				}
			})
		}
	}
}
