package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/digitorus/pkcs7"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// intactCorpus is signed files with which nothing is wrong: own and foreign signatures, every level and algorithm, on
// files of several producers.
func intactCorpus(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, part := range []map[string][]byte{
		levelCorpus(t), algorithmCorpus(t), originalCorpus(t), signerCorpus(t), foreignCorpus(t), formCorpus(t),
	} {
		maps.Copy(out, part)
	}
	return out
}

func levelCorpus(t *testing.T) map[string][]byte {
	out := map[string][]byte{}
	for level, maker := range makers(t) {
		for _, kind := range testpdf.Structures() {
			out["level "+level+", "+kind.String()] = seal(t, maker(pki().Seal), testpdf.New(testpdf.Options{Structure: kind}))
		}
	}
	return out
}

func algorithmCorpus(t *testing.T) map[string][]byte {
	out := map[string][]byte{}
	p384, err := pki().P384("P-384 Seal")
	if err != nil {
		t.Fatal(err)
	}
	ed, err := pki().Ed25519("Ed25519 Seal")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		id     testpki.Identity
		change func(*pades.Config)
	}{
		"RSA PKCS #1, SHA-256": {pki().RSA(), func(*pades.Config) {}},
		"RSA PKCS #1, SHA-512": {pki().RSA(), func(c *pades.Config) { c.Hash = crypto.SHA512 }},
		"RSA PSS, SHA-256":     {pki().RSA(), func(c *pades.Config) { c.PSS = true }},
		"P-256, SHA-384":       {pki().Seal, func(c *pades.Config) { c.Hash = crypto.SHA384 }},
		"P-384, SHA-384":       {p384, func(*pades.Config) {}},
		"Ed25519":              {ed, func(*pades.Config) {}},
	} {
		out["algorithm "+name] = seal(t, sealer(t, tc.id, tc.change), fpdfFile(t))
	}
	return out
}

// fpdfFile is a contract as the library fpdf writes it.
func fpdfFile(t *testing.T) []byte {
	t.Helper()
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	f := fpdf.New("P", "mm", "A4", "")
	f.SetCatalogSort(true)
	f.SetCreationDate(at)
	f.SetModificationDate(at)
	f.AddPage()
	f.SetFont("Helvetica", "", 12)
	f.MultiCell(0, 6, "The buyer pays 1000 USD.", "", "L", false)
	f.AddPage()
	f.Text(20, 20, "Signatures")
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func originalCorpus(t *testing.T) map[string][]byte {
	s := sealer(t, pki().Seal)
	originals := map[string][]byte{
		"contract": testpdf.Contract(3), "form": testpdf.Form(), "attachment": testpdf.WithAttachment(),
		"turned":  testpdf.Rotated(90),
		"cropped": testpdf.Cropped(), "unruly": testpdf.Unruly(), "shared resources": testpdf.Shared(3),
		"one MB":         testpdf.Sized(10, 1<<20),
		"object streams": testpdf.ObjectStream(3), "hybrid": testpdf.Hybrid(3), "fpdf": fpdfFile(t),
	}
	for name, raw := range files() {
		originals[name] = raw
	}
	out := map[string][]byte{}
	for name, raw := range originals {
		if d := mustOpen(t, raw); acroform.Extendable(d) == "" {
			out["original "+name] = seal(t, s, raw)
		}
	}
	return out
}

func signerCorpus(t *testing.T) map[string][]byte {
	a := newAttackSet(t, testpdf.HybridRef)
	out := map[string][]byte{}
	for name, raw := range a.intact() {
		out["signers "+name] = raw
	}
	rsa := sealer(t, pki().RSA(), noStamp)
	three := seal(t, a.s, seal(t, rsa, a.good))
	out["signers three"] = three
	out["signers three, extended twice"] = extendFile(t, extender(t), extendFile(t, extender(t), three))
	out["signers certified P=3"] = seal(t, a.s, a.raw, func(r *pades.SealRequest) { r.Certify = 3 })
	out["signers visible"] = seal(t, a.s, a.raw, visible(sealLines, emblem(t)))
	out["signers visible after visible"] = seal(t, rsa, out["signers visible"], beside(sealLines, nil))
	out["signers visible on certified P=2"] = seal(t, rsa, a.cert2, visible(sealLines, nil))
	inField := seal(t, a.s, withField(testpdf.XRefStreams, "/Rotate 270", ""), func(r *pades.SealRequest) {
		r.Field, r.Appearance = "Parties.Buyer", &pades.Appearance{Lines: sealLines}
	})
	out["signers in a prepared field"] = inField
	out["signers in a prepared field, then another"] = seal(t, rsa, inField)
	return out
}

// formCorpus is some of the certified and filled forms of [filledCorpus], which [TestFilling] verifies all.
func formCorpus(t *testing.T) map[string][]byte {
	out := map[string][]byte{}
	for name, raw := range filledCorpus(t) {
		if !strings.Contains(name, "P=3") && !strings.Contains(name, testpdf.Classic.String()) &&
			!strings.Contains(name, testpdf.XRefStreams.String()) {
			out[name] = raw
		}
	}
	return out
}

// foreignCorpus is signatures whose CMS another library made, with attributes and fields as other software has them.
func foreignCorpus(t *testing.T) map[string][]byte {
	id, rsa := pki().Seal, pki().RSA()
	raw := fpdfFile(t)
	good := seal(t, sealer(t, id), raw)
	rect := pdf.Array{int64(100), int64(100), int64(300), int64(160)}
	field := testpdf.New(testpdf.Options{
		Structure: testpdf.ObjectStreams, Catalog: "/AcroForm<</Fields[30 0 R]>>", Page: "/Annots[30 0 R]",
		Objects: map[int]string{30: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Buyer)/Rect[100 100 300 160]/F 4>>"},
	})
	first := foreign{id: rsa, subFilter: pkcs7Sub}.sign(t, raw)
	out := map[string][]byte{
		"PKCS #7, P-256":            foreign{id: id, subFilter: pkcs7Sub}.sign(t, raw),
		"PKCS #7, RSA":              first,
		"CAdES with signing-time":   foreign{id: id, subFilter: cades, attrs: []pkcs7.Attribute{ess(id.Leaf())}}.sign(t, raw),
		"visible":                   foreign{id: id, subFilter: pkcs7Sub, rect: rect}.sign(t, raw),
		"after ours":                foreign{id: id, subFilter: pkcs7Sub}.sign(t, good),
		"before ours":               seal(t, sealer(t, id), first),
		"before ours, extended":     extendFile(t, extender(t), seal(t, sealer(t, id), first)),
		"extended":                  extendFile(t, extender(t), first),
		"in a field that was there": foreign{id: id, subFilter: pkcs7Sub, existing: pdf.Ref{Num: 30}}.sign(t, field),
	}
	foreignOut := map[string][]byte{}
	for name, raw := range out {
		foreignOut["foreign "+name] = raw
	}
	return foreignOut
}

// tamperings change any signed file so that no signature over the change may count any more. One that does not apply to
// a file returns nil.
func tamperings(t *testing.T) map[string]func(raw []byte) []byte {
	evil, err := testpki.SelfSigned("Test Vault Seal", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	stranger := sealer(t, evil, noStamp)
	return map[string]func(raw []byte) []byte{
		"a byte of the first revision changed": func(raw []byte) []byte {
			b := bytes.Clone(raw)
			b[len("%PDF-1.")+4] ^= 1
			return b
		},
		"signed digest changed": func(raw []byte) []byte {
			const messageDigest = "2a864886f70d010904" // its identifier; SET and OCTET STRING headers follow
			b := bytes.Clone(raw)
			at := bytes.Index(b, []byte(messageDigest)) + len(messageDigest) + 2*len("\x31\x22\x04\x20") + 10
			b[at] = "10"[b[at]&1]
			return b
		},
		"end not signed": func(raw []byte) []byte {
			return setByteRange(t, raw, func(b [4]int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], b[3]-1) })
		},
		"bytes appended": func(raw []byte) []byte {
			return append(bytes.Clone(raw), "\n1 0 obj\n<<>>\nendobj\n"...)
		},
		"page replaced":              func(raw []byte) []byte { return shadow(t, raw) },
		"page replaced, then sealed": func(raw []byte) []byte { return sealUnlessBlocked(stranger, shadow(t, raw)) },
		"page replaced, then by a peer": func(raw []byte) []byte {
			return sealUnlessBlocked(sealer(t, pki().RSA()), shadow(t, raw))
		},
		"text laid over a page": func(raw []byte) []byte {
			return annotate(
				t, raw,
				pdf.Dict{
					"Type": pdf.Name("Annot"), "Subtype": pdf.Name("FreeText"), "Rect": pdf.Rect{X1: 400, Y1: 200}.Array(),
					"Contents": pdf.String("PAID"),
				},
			)
		},
		"seal laid over a page by a stranger": func(raw []byte) []byte {
			got, err := stranger.Seal(
				context.Background(),
				pades.SealRequest{PDF: raw, Appearance: &pades.Appearance{Page: 1, W: 1, H: 1, Lines: []string{"PAID"}}},
			)
			if err != nil {
				return nil // certified P=1
			}
			return append(bytes.Clone(raw), got.Appended...)
		},
	}
}

func sealUnlessBlocked(s *pades.Sealer, raw []byte) []byte {
	got, err := s.Seal(context.Background(), pades.SealRequest{PDF: raw})
	if err != nil {
		return nil // certified P=1
	}
	return append(raw, got.Appended...)
}

// TestCorpus wants every intact file called good and every tampered one not. With EVAULT_TOOLS=1 it asks pdfsig about
// the same files and lists its verdict beside ours.
func TestCorpus(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	ask := func([]byte) string { return "-" }
	if testenv.HasTools() {
		ask = pdfsig(t)
	}
	intact := intactCorpus(t)
	names := slices.Sorted(maps.Keys(intact))
	broken, tampered, fooled, verdicts, passes := 0, 0, 0, map[string]int{}, map[string]int{}
	attacks := tamperings(t)
	try := func(name string, bad []byte, good func(*pades.Report) bool) {
		tampered++
		passes[ask(bad)]++
		if r, err := pades.Verify(context.Background(), bad, pades.Options{Roots: pki().Roots()}); err == nil && good(r) {
			fooled++
			t.Errorf("%s: taken for valid: %s", name, problems(r))
		}
	}
	for name, bad := range formAttacks(t, testpdf.ObjectStreams) {
		try(name, bad, (*pades.Report).OK)
	}
	for _, name := range names {
		raw := intact[name]
		r := verify(t, raw)
		if !r.OK() && (!unbroken(r) || !strings.HasPrefix(name, "form ")) {
			broken++
			t.Errorf("intact %q: %s", name, problems(r))
		}
		verdict := ask(raw)
		verdicts[verdict]++
		t.Logf("%-55s %d signatures, %s, OK %v; pdfsig %s", name, len(r.Signatures), r.Signatures[0].Level, r.OK(), verdict)
		for attack, change := range attacks {
			if bad := change(raw); bad != nil {
				try(name+", "+attack, bad, unbroken)
			}
		}
	}
	t.Logf("%d intact, %d called broken; %d tampered, %d called valid", len(names), broken, tampered, fooled)
	t.Logf("pdfsig on the intact: %v; on the tampered: %v", verdicts, passes)
	if len(names) < 25 || tampered < 50 {
		t.Errorf("the corpus has shrunk: %d intact, %d tampered", len(names), tampered)
	}
}

// pdfsig returns a function that sums up what pdfsig says about a file.
func pdfsig(t *testing.T) func([]byte) string {
	path := filepath.Join(t.TempDir(), "file.pdf")
	return func(raw []byte) string {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("pdfsig", "-nocert", path).CombinedOutput()
		said := string(out)
		valid := strings.Count(said, "Signature is Valid.")
		unknown := strings.Count(said, "has not yet been verified")
		invalid := strings.Count(said, "Signature Validation: ") - valid - unknown
		switch {
		case err != nil && valid+invalid+unknown == 0:
			return "no signature"
		case invalid > 0:
			return "invalid"
		case valid > 0:
			return "valid"
		}
		return "not verified"
	}
}
