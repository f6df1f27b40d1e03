package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"hash"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// pki is shared: keys take time, and nothing in it changes.
var pki = sync.OnceValue(func() *testpki.PKI {
	p, err := testpki.New(testpki.Options{})
	if err != nil {
		panic(err)
	}
	return p
})

func sealer(t testing.TB, id testpki.Identity, change ...func(*pades.Config)) *pades.Sealer {
	t.Helper()
	c := pades.Config{Signer: id.Key, Chain: id.Chain, Timestamper: pki().Timestamper()}
	for _, f := range change {
		f(&c)
	}
	s, err := pades.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noStamp(c *pades.Config) { c.Timestamper = nil }

func seal(t testing.TB, s *pades.Sealer, raw []byte, change ...func(*pades.SealRequest)) []byte {
	t.Helper()
	r := pades.SealRequest{PDF: raw, Reason: "Authoritative copy"}
	for _, f := range change {
		f(&r)
	}
	got, err := s.Seal(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(raw), got.Appended...)
}

func verify(t testing.TB, raw []byte) *pades.Report {
	t.Helper()
	r, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantOK(t *testing.T, raw []byte, signatures int) *pades.Report {
	t.Helper()
	r := verify(t, raw)
	if !r.OK() || len(r.Signatures) != signatures {
		t.Fatalf("got %d signatures, problem %q, want %d good ones", len(r.Signatures), problems(r), signatures)
	}
	return r
}

func problems(r *pades.Report) string {
	out := []string{r.Problem}
	for _, s := range r.Signatures {
		out = append(out, s.Field+": "+s.Integrity+", "+s.Trust+", "+s.ChangesAfter+", "+s.Problem)
	}
	return strings.Join(out, "; ")
}

// files are structurally different originals.
func files() map[string][]byte {
	out := map[string][]byte{}
	for _, k := range testpdf.Structures() {
		out[k.String()] = testpdf.New(testpdf.Options{Structure: k})
		out[k.String()+" with a form"] = testpdf.New(testpdf.Options{
			Structure: k, Catalog: "/AcroForm 30 0 R", Page: "/Annots[31 0 R]",
			Objects: map[int]string{
				30: "<</Fields[31 0 R]/DA(/Helv 0 Tf)>>",
				31: "<</Type/Annot/Subtype/Widget/FT/Tx/T(Seal 1)/Rect[10 10 90 30]/V(x)>>",
			},
		})
	}
	out["annotations in one shared array"] = testpdf.New(testpdf.Options{
		Page: "/Annots 30 0 R", Objects: map[int]string{30: "[31 0 R]", 31: "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>"},
	})
	out["no final newline"] = testpdf.New(testpdf.Options{NoFinalNewline: true})
	out["indirect list of fields"] = testpdf.New(
		testpdf.Options{Catalog: "/AcroForm<</Fields 30 0 R>>", Objects: map[int]string{30: "[]"}},
	)
	return out
}

// signedPrefixes are the lengths of the revisions that the approval signatures of a file sign.
func signedPrefixes(raw []byte) ([]int64, int64, error) {
	d, err := pdf.Open(raw, pdf.Limits{Bytes: int64(len(raw))})
	if err != nil {
		return nil, 0, err
	}
	return signing.SignedPrefixes(d)
}

func TestSealKeepsEarlierSeals(t *testing.T) {
	t.Parallel()
	first, second := sealer(t, pki().Seal), sealer(t, pki().RSA(), noStamp)
	for name, raw := range files() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := seal(t, first, raw)
			r := wantOK(t, one, 1)
			if s := r.Signatures[0]; s.Coverage != pades.CoverageWholeFile || s.ChangesAfter != pades.ChangesNone ||
				s.Level != pades.LevelBT || s.TimestampTime == nil {
				t.Errorf("first seal: got %+v", s)
			}
			two := seal(t, second, one)
			three := seal(t, first, two)
			if !bytes.HasPrefix(three, raw) || !bytes.HasPrefix(three, one) {
				t.Fatal("the original is no prefix of the sealed file")
			}
			r = wantOK(t, three, 3)
			for i, want := range []string{pades.ChangesPermitted, pades.ChangesPermitted, pades.ChangesNone} {
				if got := r.Signatures[i].ChangesAfter; got != want {
					t.Errorf("seal %d: changes after it are %s, want %s", i+1, got, want)
				}
			}
			if got, want := r.Signatures[1].Level, pades.LevelBB; got != want {
				t.Errorf("level without time-stamp: got %s, want %s", got, want)
			}
			prefixes, _, err := signedPrefixes(three)
			if err != nil || len(prefixes) != 3 || prefixes[2] != int64(len(three)) {
				t.Errorf("signed prefixes: got %v, %v", prefixes, err)
			}
		})
	}
}

func TestSealSays(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	at := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	got, err := sealer(t, pki().Seal).Seal(
		context.Background(), pades.SealRequest{PDF: raw, Reason: "Übertragung an Łódź Bank", At: at},
	)
	if err != nil {
		t.Fatal(err)
	}
	full := append(bytes.Clone(raw), got.Appended...)
	if got.SHA256 != sha256.Sum256(full) || got.Size != int64(len(full)) {
		t.Error("digest or size is not that of the sealed file")
	}
	if got.Field != "Seal 1" || got.Level != pades.LevelBT || !strings.Contains(got.TimeSource, "Test TSA") {
		t.Errorf("got %+v", got)
	}
	s := wantOK(t, full, 1).Signatures[0]
	if s.Reason != "Übertragung an Łódź Bank" || !s.SigningTime.Equal(at) || s.Field != "Seal 1" ||
		s.SignedLen != got.Size {
		t.Errorf("got %+v", s)
	}
}

func TestSealIsDeterministicButForTheSignature(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	at := time.Now()
	s := sealer(t, pki().RSA(), noStamp) // PKCS #1 v1.5 signatures have no randomness
	a := seal(t, s, raw, func(r *pades.SealRequest) { r.At = at })
	b := seal(t, s, raw, func(r *pades.SealRequest) { r.At = at })
	if !bytes.Equal(a, b) {
		t.Error("the same request gave two different files")
	}
}

// TestPrepareAgain: what was prepared need not be kept, for the same request prepares it again.
// TestSealGoesOnFromAState: with the state of SHA-256 after the file the seal is
// the same as without, and the state is left as it was.
func TestSealGoesOnFromAState(t *testing.T) {
	t.Parallel()
	for name, raw := range files() {
		state := sha256.New().(hash.Cloner)
		state.Write(raw)
		before := state.Sum(nil)
		got, err := sealer(t, pki().Seal).Seal(t.Context(), pades.SealRequest{PDF: raw, Hashed: state})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sealed := append(bytes.Clone(raw), got.Appended...)
		wantOK(t, sealed, 1)
		if got.SHA256 != sha256.Sum256(sealed) || !bytes.Equal(state.Sum(nil), before) {
			t.Errorf("%s: another digest, or the state was changed", name)
		}
	}
}

func TestPrepareAgain(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	r := pades.SealRequest{PDF: testpdf.New(testpdf.Options{}), At: time.Now(), Reserve: 8000}
	visible(sealLines, emblem(t))(&r)
	first, err := s.Prepare(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	value, err := pki().Seal.Key.Sign(rand.Reader, first.Digest, first.Opts)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, s, r.PDF) // something else in between
	again, err := s.Prepare(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Finish(context.Background(), again, value)
	if err != nil {
		t.Fatal(err)
	}
	wantOK(t, append(bytes.Clone(r.PDF), got.Appended...), 1)
}

func TestSealWithEveryKey(t *testing.T) {
	t.Parallel()
	p384, err := pki().P384("P-384 Seal")
	if err != nil {
		t.Fatal(err)
	}
	ed, err := pki().Ed25519("Ed25519 Seal")
	if err != nil {
		t.Fatal(err)
	}
	raw := testpdf.New(testpdf.Options{})
	for name, tc := range map[string]struct {
		id     testpki.Identity
		change func(*pades.Config)
	}{
		"P-256":             {pki().Seal, func(*pades.Config) {}},
		"P-256 and SHA-512": {pki().Seal, func(c *pades.Config) { c.Hash = crypto.SHA512 }},
		"P-384":             {p384, func(*pades.Config) {}},
		"RSA":               {pki().RSA(), func(*pades.Config) {}},
		"RSA and SHA-384":   {pki().RSA(), func(c *pades.Config) { c.Hash = crypto.SHA384 }},
		"RSA-PSS":           {pki().RSA(), func(c *pades.Config) { c.PSS = true }},
		"Ed25519":           {ed, func(*pades.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sealer(t, tc.id, tc.change)
			wantOK(t, seal(t, s, raw), 1)
			p, err := s.Prepare(context.Background(), pades.SealRequest{PDF: raw})
			if err != nil {
				t.Fatal(err)
			}
			input := p.Digest
			if input == nil {
				input = p.Message
			}
			value, err := tc.id.Key.Sign(rand.Reader, input, p.Opts)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Finish(context.Background(), p, value)
			if err != nil {
				t.Fatal(err)
			}
			wantOK(t, append(bytes.Clone(raw), got.Appended...), 1)
		})
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	good := testpdf.New(testpdf.Options{})
	certified := seal(t, sealer(t, pki().Seal), good, func(r *pades.SealRequest) { r.Certify = 1 })
	broken := bytes.Replace(good, []byte("startxref\n"), []byte("startxref\n9"), 1)
	encrypted := bytes.Replace(good, []byte("/Root 1 0 R"), []byte("/Encrypt 4 0 R/Root 1 0 R"), 1)
	for name, tc := range map[string]struct {
		raw    []byte
		want   error
		reason string
	}{
		"nothing":       {nil, pades.ErrNotPDF, ""},
		"text":          {[]byte("hello"), pades.ErrNotPDF, ""},
		"certified P=1": {certified, pades.ErrNotExtendable, "certified_no_changes"},
		"broken xref":   {broken, pades.ErrNotExtendable, "damaged"},
		"encrypted":     {encrypted, pades.ErrNotExtendable, "encrypted"},
		"usage rights": {
			testpdf.New(testpdf.Options{Catalog: "/Perms<</UR3 4 0 R>>"}), pades.ErrNotExtendable, "usage_rights",
		},
		"locked": {
			testpdf.New(testpdf.Options{
				Catalog: "/AcroForm<</Fields[30 0 R]>>",
				Objects: map[int]string{30: "<</FT/Sig/T(A)/V 31 0 R/Lock<</Action/All/P 1>>>>", 31: "<</Type/Sig>>"},
			}),
			pades.ErrNotExtendable, "locked",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sealer(t, pki().Seal).Seal(context.Background(), pades.SealRequest{PDF: tc.raw})
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			var n *pades.NotExtendableError
			if errors.As(err, &n); tc.reason != "" && n.Reason != tc.reason {
				t.Errorf("got reason %q, want %q", n.Reason, tc.reason)
			}
		})
	}
}

type failingStamper struct{ token []byte }

func (f failingStamper) Timestamp(context.Context, crypto.Hash, []byte) ([]byte, error) {
	if f.token == nil {
		return nil, errors.New("down")
	}
	return f.token, nil
}

func TestSealNeedsItsTimestamp(t *testing.T) {
	t.Parallel()
	other, err := pki().Timestamper().Timestamp(context.Background(), crypto.SHA256, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, stamper := range map[string]pades.Timestamper{
		"down": failingStamper{}, "rubbish": failingStamper{[]byte("x")}, "token over something else": failingStamper{other},
	} {
		s := sealer(t, pki().Seal, func(c *pades.Config) { c.Timestamper = stamper })
		if _, err := s.Seal(
			context.Background(), pades.SealRequest{PDF: testpdf.New(testpdf.Options{})},
		); !errors.Is(err, pades.ErrTimestampUnavailable) {
			t.Errorf("%s: got %v, want %v", name, err, pades.ErrTimestampUnavailable)
		}
		if err := s.Check(context.Background(), time.Time{}); !errors.Is(err, pades.ErrTimestampUnavailable) {
			t.Errorf("%s: Check: got %v", name, err)
		}
	}
}

func TestSealNeedsAValidCertificate(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	late := time.Now().AddDate(30, 0, 0)
	if err := s.Check(context.Background(), late); !errors.Is(err, pades.ErrCertificateInvalid) {
		t.Errorf("Check: got %v", err)
	}
	if _, err := s.Seal(
		context.Background(), pades.SealRequest{PDF: testpdf.New(testpdf.Options{}), At: late},
	); !errors.Is(err, pades.ErrCertificateInvalid) {
		t.Errorf("Seal: got %v", err)
	}
	if err := s.Check(context.Background(), time.Time{}); err != nil {
		t.Errorf("Check now: %v", err)
	}
}

func TestSealReservesEnough(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{})
	_, err := sealer(t, pki().Seal).Seal(context.Background(), pades.SealRequest{PDF: raw, Reserve: 100})
	var size *pades.SizeError
	if !errors.As(err, &size) || size.Reserved != 100 || size.Need < 500 {
		t.Fatalf("got %v", err)
	}
	big := pki().Template("Big", time.Hour*24)
	big.DNSNames = []string{strings.Repeat("a", 60) + ".example"}
	for range 6 {
		big.DNSNames = append(big.DNSNames, big.DNSNames...)
	}
	stamper, err := pki().P256("unused")
	if err != nil {
		t.Fatal(err)
	}
	if stamper, err = pki().Issue(stamper.Key, big); err != nil {
		t.Fatal(err)
	}
	wantOK(t, seal(t, sealer(t, stamper), raw), 1)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	other, err := pki().P256("Other")
	if err != nil {
		t.Fatal(err)
	}
	noSign, err := pki().P256("x")
	if err != nil {
		t.Fatal(err)
	}
	template := pki().Template("No signing", time.Hour)
	template.KeyUsage = 1 << 2 // key encipherment
	if noSign, err = pki().Issue(noSign.Key, template); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]pades.Config{
		"no chain":          {Signer: pki().Seal.Key},
		"another key":       {Signer: other.Key, Chain: pki().Seal.Chain},
		"chain not a chain": {Signer: other.Key, Chain: append(other.Chain[:1:1], pki().Root)},
		"weak hash":         {Signer: other.Key, Chain: other.Chain, Hash: crypto.SHA1},
		"not for signing":   {Signer: noSign.Key, Chain: noSign.Chain},
	} {
		if _, err := pades.New(c); err == nil {
			t.Errorf("%s: New accepted it", name)
		}
	}
}

func TestFinishRefusesAnotherSignature(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	p, err := s.Prepare(context.Background(), pades.SealRequest{PDF: testpdf.New(testpdf.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(context.Background(), p, []byte("not a signature")); err == nil {
		t.Error("Finish accepted a wrong signature value")
	}
}

func TestSealHonorsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := sealer(t, pki().Seal).Seal(
		ctx, pades.SealRequest{PDF: testpdf.New(testpdf.Options{})},
	); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestSealTakesADanglingNumber seals a file that names objects it lacks, under the numbers that the seal gets.
func TestSealTakesADanglingNumber(t *testing.T) {
	t.Parallel()
	raw := testpdf.New(testpdf.Options{Page: "/Thumb 9 0 R/Metadata 10 0 R"})
	s := sealer(t, pki().Seal)
	wantOK(t, seal(t, s, seal(t, s, raw)), 2)
}
