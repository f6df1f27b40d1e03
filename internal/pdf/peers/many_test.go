package peers_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/digitorus/pdfsign/sign"
	"github.com/pdfcpu/pdfcpu/pkg/api"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/testpdf"
)

// A place is where a signature is seen, in the points of the page's own space; the zero value is nowhere.
type place struct {
	page           int
	x0, y0, x1, y1 float64
}

// producer adds one signature, as one program does.
type producer func(t *testing.T, raw []byte) []byte

// producers sign with several programs.
type producers struct {
	t     *testing.T // outlives the programs
	dir   string
	tsa   string
	n     int
	java  io.Writer
	said  *bufio.Scanner
	named int
}

func newProducers(t *testing.T) *producers {
	p := &producers{t: t, dir: t.TempDir()}
	server := httptest.NewServer(pki().Timestamper())
	t.Cleanup(server.Close)
	p.tsa = server.URL
	return p
}

func (p *producers) name() string {
	p.named++
	return fmt.Sprintf("Signer %d", p.named)
}

func (p *producers) file(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// identity writes key and certificates of the RSA signer where programs find them.
func (p *producers) identity(t *testing.T) (key, chain string) {
	der, err := x509.MarshalPKCS8PrivateKey(pki().RSA().Key)
	if err != nil {
		t.Fatal(err)
	}
	return p.file(t, "key.der", der), p.file(t, "chain.pem", pemOf(pki().RSA().Chain))
}

func pemOf(certs []*x509.Certificate) (out []byte) {
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// iText signs with iText 5, in one process for all files.
func (p *producers) iText(kind string, at place, stamped bool, field string) producer {
	return func(t *testing.T, raw []byte) []byte {
		t.Helper()
		if p.java == nil {
			p.startJava(p.t)
		}
		in, out := p.next(t, raw)
		tsa := "-"
		if stamped {
			tsa = p.tsa
		}
		field := field
		if field == "" {
			field = p.name()
		}
		fmt.Fprintf(
			p.java, "%s\t%s\t%s\t%d\t%g\t%g\t%g\t%g\t%s\t%s\n", in, out, field, at.page, at.x0, at.y0, at.x1, at.y1, kind, tsa,
		)
		if !p.said.Scan() || p.said.Text() != "ok" {
			t.Fatalf("iText: %s", p.said.Text())
		}
		return read(t, out)
	}
}

func (p *producers) startJava(t *testing.T) {
	const jars = "/usr/share/java/"
	var path []string
	for _, j := range []string{"itext5", "bcprov", "bcpkix", "bcutil"} {
		path = append(path, jars+j+".jar")
	}
	key, chain := p.identity(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(
		ctx, "java", "-cp", strings.Join(path, string(filepath.ListSeparator)), filepath.Join("testdata", "Sign.java"), key,
		chain,
	)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	p.java, p.said = in, bufio.NewScanner(out)
}

// pdfsign signs with the Go library of that name.
func (p *producers) pdfsign(at place) producer {
	return func(t *testing.T, raw []byte) []byte {
		t.Helper()
		out, err := pdfsign(pki().RSA(), raw, func(d *sign.SignData) {
			if at != (place{}) {
				d.Appearance = sign.Appearance{
					Visible: true, Page: uint32(at.page), LowerLeftX: at.x0, LowerLeftY: at.y0, UpperRightX: at.x1,
					UpperRightY: at.y1,
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// seal seals with our own package.
func (p *producers) seal(change ...func(*pades.SealRequest)) producer {
	return func(t *testing.T, raw []byte) []byte {
		t.Helper()
		s, err := pades.New(pades.Config{Signer: pki().Seal.Key, Chain: pki().Seal.Chain, Timestamper: pki().Timestamper()})
		if err != nil {
			t.Fatal(err)
		}
		r := pades.SealRequest{PDF: raw}
		for _, f := range change {
			f(&r)
		}
		seal, err := s.Seal(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		return append(bytes.Clone(raw), seal.Appended...)
	}
}

// node signs with node-signpdf, where EVAULT_SIGNPDF names the node_modules that it is in.
func (p *producers) node(at place) producer {
	return func(t *testing.T, raw []byte) []byte {
		t.Helper()
		der, err := x509.MarshalPKCS8PrivateKey(pki().RSA().Key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, issuers := p.file(t, "leaf.pem", pemOf(pki().RSA().Chain[:1])),
			p.file(t, "issuers.pem", pemOf(pki().RSA().Chain[1:]))
		key := p.file(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		in, out := p.next(t, raw)
		rect := fmt.Sprintf("%g,%g,%g,%g", at.x0, at.y0, at.x1, at.y1)
		cmd := exec.Command("node", filepath.Join("testdata", "sign.js"), in, out, key, leaf, issuers, rect, p.name())
		cmd.Env = append(os.Environ(), "NODE_PATH="+os.Getenv("EVAULT_SIGNPDF"))
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("node-signpdf: %v: %s", err, said)
		}
		return read(t, out)
	}
}

// next writes a file that is to be signed, and names the signed one.
func (p *producers) next(t *testing.T, raw []byte) (in, out string) {
	t.Helper()
	p.n++
	return p.file(t, fmt.Sprintf("%d.pdf", p.n), raw), filepath.Join(p.dir, fmt.Sprintf("%d-signed.pdf", p.n))
}

// byPdfcpu is a contract that pdfcpu wrote anew.
func byPdfcpu(t *testing.T) []byte {
	t.Helper()
	api.DisableConfigDir()
	var out bytes.Buffer
	if err := api.Optimize(bytes.NewReader(testpdf.Contract(2)), &out, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// signedByMany are honest files with two to five signatures of two programs or more. Signatures that are seen stand
// where the pages are empty.
func signedByMany(t *testing.T) map[string][]byte {
	p := newProducers(t)
	left, right := place{1, 60, 50, 260, 68}, place{1, 320, 50, 520, 68}
	second := place{2, 320, 50, 520, 68}
	box := func(page int, x float64) func(*pades.SealRequest) {
		return func(r *pades.SealRequest) {
			r.Appearance = &pades.Appearance{
				Page: page, X: x, Y: 0.914, W: 0.25, H: 0.022, Lines: []string{"Sealed by Example Vault"},
			}
		}
	}
	mine, seen, seenRight := p.seal(), p.seal(box(1, 0.1)), p.seal(box(1, 0.6))
	more := func(t *testing.T, raw []byte) []byte { return extended(t, raw) }
	type steps = []producer
	all := map[string]steps{
		"pdfsign, own":                             {p.pdfsign(place{}), mine},
		"pdfsign seen, own seen":                   {p.pdfsign(right), seen},
		"pdfsign, pdfsign seen, own":               {p.pdfsign(place{}), p.pdfsign(right), mine},
		"pdfsign three times, own twice":           {p.pdfsign(place{}), p.pdfsign(left), p.pdfsign(place{}), mine, mine},
		"pdfsign, own, validation material, stamp": {p.pdfsign(right), mine, more},
	}
	bases := map[string][]byte{
		"contract": testpdf.Contract(3), "one page": testpdf.Contract(1), "object streams": testpdf.ObjectStream(3),
		"pdfcpu": byPdfcpu(t), "turned": testpdf.New(testpdf.Options{Page: "/Rotate 90"}),
	}
	if os.Getenv("EVAULT_TOOLS") == "1" {
		iText := func(at place) producer { return p.iText("sign", at, false, "") }
		stamped := func(at place) producer { return p.iText("sign", at, true, "") }
		stamp := p.iText("stamp", place{}, true, "")
		for name, s := range map[string]steps{
			"own, iText":           {mine, iText(place{})},
			"own seen, iText seen": {seen, iText(right)},
			"iText seen, own":      {iText(right), mine},
			"iText with a time-stamp, iText seen, own seen":            {stamped(place{}), iText(right), seen},
			"own, iText, own, iText seen":                              {mine, iText(place{}), mine, iText(left)},
			"own, iText seen, a stamp by iText":                        {mine, iText(left), stamp},
			"iText with a time-stamp, own, validation material, stamp": {stamped(right), mine, more},
			"own, validation material, stamp, iText":                   {mine, more, iText(right)},
			"pdfsign seen, iText seen":                                 {p.pdfsign(left), iText(right)},
			"pdfsign, own, iText seen, own seen, iText": {
				p.pdfsign(place{}), mine, iText(left), seenRight, iText(place{}),
			},
		} {
			all[name] = s
		}
	}
	out := map[string][]byte{}
	add := func(name string, raw []byte, steps steps) {
		for _, s := range steps {
			raw = s(t, raw)
		}
		out[name] = raw
	}
	for base, raw := range bases {
		for name, s := range all {
			add(base+": "+name, raw, s)
		}
	}
	if os.Getenv("EVAULT_TOOLS") == "1" {
		add(
			"on two pages: iText seen, own, iText seen", testpdf.Contract(3),
			steps{p.iText("sign", second, false, ""), mine, p.iText("sign", left, true, "")},
		)
		add(
			"inherited sizes: own, iText seen", testpdf.New(testpdf.Options{}), steps{mine, p.iText("sign", right, false, "")},
		)
		field := testpdf.New(testpdf.Options{
			Catalog: "/AcroForm<</Fields[30 0 R 31 0 R]>>", Page: "/Annots[30 0 R 31 0 R]", Objects: map[int]string{
				30: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Buyer)/Rect[100 100 300 160]/F 4>>",
				31: "<</Type/Annot/Subtype/Widget/FT/Tx/T(Name)/V(Ann)/Rect[100 200 300 220]/F 4>>",
			},
		})
		add("form: own, iText in the field for it", field, steps{mine, p.iText("field", place{}, false, "Buyer")})
		add("form: iText in the field for it, own seen", field, steps{p.iText("field", place{}, true, "Buyer"), seenRight})
	}
	if os.Getenv("EVAULT_SIGNPDF") != "" {
		add("node-signpdf twice, own", testpdf.Contract(3), steps{p.node(place{}), p.node(right), mine})
		add("node-signpdf, own seen", testpdf.Contract(1), steps{p.node(left), seenRight})
		if os.Getenv("EVAULT_TOOLS") == "1" {
			add(
				"node-signpdf, iText seen, own", testpdf.Contract(3),
				steps{p.node(place{}), p.iText("sign", right, false, ""), mine},
			)
			add(
				"node-signpdf twice, iText twice, own", testpdf.Contract(2),
				steps{p.node(place{}), p.node(left), p.iText("sign", right, true, ""), p.iText("sign", place{}, false, ""), mine},
			)
		}
	}
	return out
}

// tampered are changes of a signed file after which its first signature must not be called valid.
func tampered(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	flipped := bytes.Clone(raw)
	flipped[len("%PDF-1.7\n%")] ^= 1
	later := func(change func(*pdf.Update, pdf.Page) error) []byte {
		d, err := pdf.Open(raw, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := d.Update()
		if err != nil {
			t.Fatal(err)
		}
		page, err := d.Page(1)
		if err == nil {
			err = change(u, page)
		}
		if err != nil {
			t.Fatal(err)
		}
		appended, err := u.Close()
		if err != nil {
			t.Fatal(err)
		}
		return append(bytes.Clone(raw), appended...)
	}
	edit := func(k pdf.Name, v func(*pdf.Update) pdf.Object) []byte {
		return later(func(u *pdf.Update, p pdf.Page) error {
			d := p.Dict.Clone()
			d[k] = v(u)
			u.Put(p.Ref, d)
			return nil
		})
	}
	over := (&producers{}).seal(func(r *pades.SealRequest) {
		r.Appearance = &pades.Appearance{Page: 1, W: 1, H: 1, Lines: []string{"PAID"}}
	})
	return map[string][]byte{
		"a byte":           flipped,
		"bytes at the end": append(bytes.Clone(raw), "1 0 obj<<>>endobj\n"...),
		"other content": edit("Contents", func(u *pdf.Update) pdf.Object {
			return u.AddStream(pdf.Dict{}, []byte("0 0 99 99 re f"))
		}),
		"page turned": edit("Rotate", func(*pdf.Update) pdf.Object { return int64(270) }),
		"text laid over": later(func(u *pdf.Update, p pdf.Page) error {
			return acroform.AddAnnotation(
				u,
				u.Add(
					pdf.Dict{
						"Type": pdf.Name("Annot"), "Subtype": pdf.Name("FreeText"), "Rect": pdf.Rect{X1: 400, Y1: 400}.Array(),
						"Contents": pdf.String("PAID"),
					},
				),
				p,
			)
		}),
		"a seal laid over": over(t, raw),
	}
}

// TestSignedByMany: of honest files that several people signed with several programs no signature is called broken, nor
// the file suspicious; of the same files tampered with none is called valid.
func TestSignedByMany(t *testing.T) {
	files := signedByMany(t)
	suspicious, fooled, bad := 0, 0, 0
	signatures := map[int]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		raw := files[name]
		r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
		if err != nil {
			t.Fatal(err)
		}
		signatures[len(r.Signatures)]++
		if !r.OK() {
			suspicious++
			for _, s := range r.Signatures {
				t.Errorf("%s: %s %s, %s, %s: %s %s", name, s.Field, s.Integrity, s.ChangesAfter, s.Trust, s.Problem, r.Problem)
			}
		}
		for attack, raw := range tampered(t, raw) {
			bad++
			r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
			if err != nil || len(r.Signatures) == 0 || r.Problem != "" {
				continue
			}
			if s := r.Signatures[0]; s.Integrity == pades.IntegrityValid &&
				(s.ChangesAfter == pades.ChangesNone || s.ChangesAfter == pades.ChangesPermitted) {
				fooled++
				t.Errorf("%s, %s: called valid, %s, %q", name, attack, s.ChangesAfter, s.Changes)
			}
		}
	}
	t.Logf(
		"%d honest files, by number of signatures %v: %d suspicious; %d tampered: %d called valid", len(files), signatures,
		suspicious, bad, fooled,
	)
	if len(files) < 20 {
		t.Errorf("only %d files", len(files))
	}
}
