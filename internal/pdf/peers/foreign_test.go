package peers_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/revocation"
	"github.com/digitorus/pdfsign/sign"

	"github.com/evaultlib/evault/esign/pades"
	own "github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

var pki = sync.OnceValue(func() *testpki.PKI {
	p, err := testpki.New(testpki.Options{})
	if err != nil {
		panic(err)
	}
	return p
})

// samples lists the PDF files of a module in the module cache, below a folder. They are read there, and never
// committed.
func samples(t testing.TB, module, below string) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Skipf("module cache: %v", err)
	}
	var out []string
	root := filepath.Join(strings.TrimSpace(string(dir)), below)
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".pdf") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// trusting verifies a file as one would who trusts whatever certificates it carries, soon after it was signed: what is
// left is whether the signatures are intact.
func trusting(t testing.TB, raw []byte) *pades.Report {
	t.Helper()
	o := pades.Options{Roots: x509.NewCertPool()}
	r, err := pades.Verify(context.Background(), raw, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Signatures {
		if s.Certificate != nil {
			o.Roots.AddCert(s.Certificate)
		}
		if s.SigningTime.After(o.Now) {
			o.Now = s.SigningTime.Add(time.Hour)
		}
	}
	d, err := own.Open(raw, own.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := signing.ReadValidationMaterial(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, der := range m.Certificates {
		if c, err := x509.ParseCertificate(der); err == nil {
			o.Roots.AddCert(c)
		}
	}
	if r, err = pades.Verify(context.Background(), raw, o); err != nil {
		t.Fatal(err)
	}
	return r
}

// pdfsig sums up what poppler's verifier says, where it is installed.
func pdfsig(path string) string {
	if os.Getenv("EVAULT_TOOLS") != "1" {
		return "-"
	}
	out, err := exec.Command("pdfsig", "-nocert", path).CombinedOutput()
	valid := strings.Count(string(out), "Signature is Valid.")
	switch n := strings.Count(string(out), "Signature Validation: "); {
	case err != nil && n == 0:
		return "no signature"
	case n == valid:
		return "valid"
	case strings.Contains(string(out), "has not yet been verified"):
		return "valid or not verified"
	}
	return "invalid"
}

// TestSignedSamples: no file that others signed and shipped as a sample is called broken.
func TestSignedSamples(t *testing.T) {
	t.Parallel()
	judged := map[string]int{}
	for _, path := range samples(t, "github.com/pdfcpu/pdfcpu", "pkg/samples/signatures") {
		r := trusting(t, read(t, path))
		if r.Problem != "" {
			t.Errorf("%s: %s", filepath.Base(path), r.Problem)
		}
		for _, s := range r.Signatures {
			if s.Integrity == pades.IntegrityInvalid || s.ChangesAfter == pades.ChangesSuspicious {
				t.Errorf("%s: called broken: %s", filepath.Base(path), s.Problem)
			}
			judged[s.Integrity]++
			t.Logf(
				"%-22s %-24s %s, %s, %s, %s %s; pdfsig %s", filepath.Base(path), s.SubFilter, s.Level, s.Integrity, s.Trust,
				s.ChangesAfter, s.Problem, pdfsig(path),
			)
		}
	}
	t.Logf("signatures: %v", judged)
	if judged[pades.IntegrityValid] < 5 {
		t.Errorf("only %d signatures could be judged", judged[pades.IntegrityValid])
	}
}

// pdfsign signs with the library of that name.
func pdfsign(id testpki.Identity, raw []byte, change ...func(*sign.SignData)) ([]byte, error) {
	r, err := pdf.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	data := sign.SignData{
		Signature: sign.SignDataSignature{
			CertType: sign.ApprovalSignature, Info: sign.SignDataSignatureInfo{Name: "Example", Date: time.Now()},
		},
		Signer: id.Key, DigestAlgorithm: crypto.SHA256, Certificate: id.Leaf(),
		CertificateChains:  [][]*x509.Certificate{{id.Leaf(), pki().CA, pki().Root}},
		RevocationFunction: func(_, _ *x509.Certificate, _ *revocation.InfoArchival) error { return nil },
	}
	for _, f := range change {
		f(&data)
	}
	var out bytes.Buffer
	if err := sign.Sign(bytes.NewReader(raw), &out, r, int64(len(raw)), data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func sealWith(t testing.TB, id testpki.Identity, raw []byte) ([]byte, error) {
	t.Helper()
	s, err := pades.New(pades.Config{Signer: id.Key, Chain: id.Chain, Timestamper: pki().Timestamper()})
	if err != nil {
		t.Fatal(err)
	}
	seal, err := s.Seal(context.Background(), pades.SealRequest{PDF: raw})
	if err != nil {
		return nil, err
	}
	return append(bytes.Clone(raw), seal.Appended...), nil
}

// TestPdfsignSignatures: what the library pdfsign signed is good, and stays so under a seal of ours and an extension.
func TestPdfsignSignatures(t *testing.T) {
	t.Parallel()
	p384, err := pki().P384("P-384")
	if err != nil {
		t.Fatal(err)
	}
	certify := func(p sign.DocMDPPerm) func(*sign.SignData) {
		return func(d *sign.SignData) {
			d.Signature.CertType, d.Signature.DocMDPPerm = sign.CertificationSignature, p
		}
	}
	raw := testpdf.Contract(3)
	n := 0
	for name, tc := range map[string]struct {
		id     testpki.Identity
		raw    []byte
		change func(*sign.SignData)
	}{
		"P-256":                 {pki().Seal, raw, nil},
		"RSA":                   {pki().RSA(), raw, nil},
		"P-384, SHA-384":        {p384, raw, func(d *sign.SignData) { d.DigestAlgorithm = crypto.SHA384 }},
		"cross-reference table": {pki().Seal, testpdf.Sized(10, 1<<20), nil},
		"object streams":        {pki().RSA(), testpdf.ObjectStream(3), nil},
		"certification P=2":     {pki().Seal, raw, certify(sign.AllowFillingExistingFormFieldsAndSignaturesPerms)},
		"visible": {pki().Seal, raw, func(d *sign.SignData) {
			d.Appearance = sign.Appearance{
				Visible: true, Page: 1, LowerLeftX: 100, LowerLeftY: 50, UpperRightX: 300, UpperRightY: 100,
			}
		}},
	} {
		if tc.change == nil {
			tc.change = func(*sign.SignData) {}
		}
		signed, err := pdfsign(tc.id, tc.raw, tc.change)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		both, err := sealWith(t, pki().RSA(), signed)
		if err != nil {
			t.Errorf("%s: seal: %v", name, err)
			continue
		}
		for _, raw := range [][]byte{signed, both, extended(t, both)} {
			n++
			path := filepath.Join(t.TempDir(), "file.pdf")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
			if err != nil || !r.OK() {
				t.Errorf("%s: called broken: %+v, %v", name, r, err)
			}
			t.Logf("%-22s %d signatures; pdfsig %s", name, len(r.Signatures), pdfsig(path))
		}
	}
	t.Logf("%d files", n)
}

func extended(t testing.TB, raw []byte) []byte {
	t.Helper()
	e, err := pades.NewExtender(
		pades.ExtenderConfig{Roots: pki().Roots(), Revocation: pki().Revocations(), Timestamper: pki().Timestamper()},
	)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Extend(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(raw), x.Appended...)
}

// TestSealsOnFilesOfOthers seals every PDF that pdfcpu ships as a sample, by many producers: the seal is good, or the
// file is refused by name.
func TestSealsOnFilesOfOthers(t *testing.T) {
	t.Parallel()
	sealed, refused, verdicts := 0, map[string]int{}, map[string]int{}
	for _, path := range samples(t, "github.com/pdfcpu/pdfcpu", "pkg") {
		raw := read(t, path)
		out, err := sealWith(t, pki().Seal, raw)
		var n *pades.NotExtendableError
		switch {
		case errors.As(err, &n):
			refused[n.Reason]++
			continue
		case errors.Is(err, pades.ErrNotPDF):
			refused["not a PDF"]++
			continue
		case err != nil:
			t.Errorf("%s: %v", path, err)
			continue
		}
		sealed++
		r, err := pades.Verify(context.Background(), out, pades.Options{Roots: pki().Roots()})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if last := r.Signatures[len(r.Signatures)-1]; !last.OK() || last.Level != pades.LevelBT {
			t.Errorf("%s: %s, %s", filepath.Base(path), r.Problem, last.Problem)
		}
		if os.Getenv("EVAULT_TOOLS") == "1" {
			to := filepath.Join(t.TempDir(), "file.pdf")
			if err := os.WriteFile(to, out, 0o600); err != nil {
				t.Fatal(err)
			}
			verdict := pdfsig(to)
			verdicts[verdict]++
			if verdict != "valid" {
				t.Logf("pdfsig %s: %s", verdict, filepath.Base(path))
			}
		}
	}
	t.Logf("%d sealed and good, refused: %v, pdfsig: %v", sealed, refused, verdicts)
	if sealed < 100 {
		t.Errorf("only %d files were sealed", sealed)
	}
}
