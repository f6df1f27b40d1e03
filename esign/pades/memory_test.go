package pades_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testheap"
	"github.com/evaultlib/evault/internal/testpdf"
)

// TestMemory bounds what sealing, extending and verifying hold at once, the file included: three times the file and 32
// MiB. Not parallel: other tests would be counted.
func TestMemory(t *testing.T) {
	testenv.Long(t)
	many := map[int]string{}
	for i := range 30_000 {
		many[1000+i] = fmt.Sprintf("<</Type/Thing/Number %d/Next %d 0 R/Text(%d)>>", i, 1000+(i+1)%30_000, i)
	}
	files := map[string][]byte{}
	for _, kind := range []testpdf.Structure{testpdf.Classic, testpdf.ObjectStreams} {
		files[kind.String()+", 100 pages, 20 MB"] = testpdf.New(
			testpdf.Options{Structure: kind, Pages: 100, Padding: 20 << 20},
		)
	}
	for _, kind := range []testpdf.Structure{testpdf.Classic, testpdf.XRefStreams} {
		files[kind.String()+", 30,000 objects"] = testpdf.New(testpdf.Options{Structure: kind, Objects: many})
	}
	s := sealer(t, pki().Seal)
	lta := sealer(t, pki().Seal, func(c *pades.Config) { c.Extender = extender(t) })
	for name, raw := range files {
		twice := seal(t, lta, seal(t, lta, raw))
		for verb, tc := range map[string]struct {
			raw []byte
			do  func(raw []byte) error
		}{
			"seal": {raw, func(raw []byte) error {
				_, err := s.Seal(context.Background(), pades.SealRequest{PDF: raw})
				return err
			}},
			"B-LTA": {raw, func(raw []byte) error {
				_, err := lta.Seal(context.Background(), pades.SealRequest{PDF: raw})
				return err
			}},
			"extend": {twice, func(raw []byte) error { _, err := extender(t).Extend(context.Background(), raw); return err }},
			"verify": {twice, func(raw []byte) error {
				_, err := pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
				return err
			}},
			"visible": {raw, func(raw []byte) error {
				_, err := s.Seal(
					context.Background(),
					pades.SealRequest{PDF: raw, Appearance: &pades.Appearance{Page: 1, W: 0.5, H: 0.1, Lines: sealLines}},
				)
				return err
			}},
		} {
			file := bytes.Clone(tc.raw)
			var err error
			took := testheap.Peak(10, func() { err = tc.do(file) })
			if err != nil {
				t.Fatal(err)
			}
			most := 2*int64(len(file)) + 32<<20
			t.Logf("%-35s %-8s %5.1f MiB beside a file of %5.1f", name, verb, float64(took)/(1<<20), float64(len(file))/(1<<20))
			if took > most {
				t.Errorf("%s, %s: %d MiB beside the file of %d MiB", name, verb, took>>20, len(file)>>20)
			}
		}
	}
}

// TestMemoryOfManyRevisions: revisions are held two at a time, however many signatures a small file has over an object
// stream that comes out large.
func TestMemoryOfManyRevisions(t *testing.T) {
	testenv.Long(t)
	raw := testpdf.New(testpdf.Options{
		Structure: testpdf.ObjectStreams, Padding: 200 << 10,
		Objects: map[int]string{100: "(" + strings.Repeat("x", 25<<20) + ")"},
	})
	s := sealer(t, pki().Seal, noStamp)
	for range 20 {
		raw = seal(t, s, raw)
	}
	var r *pades.Report
	var err error
	took := testheap.Peak(10, func() {
		r, err = pades.Verify(context.Background(), raw, pades.Options{Roots: pki().Roots()})
	})
	if err != nil || !r.OK() {
		t.Fatalf("%v, %v", problems(r), err)
	}
	t.Logf("%d MiB for %d signatures on a file of %d KiB", took>>20, len(r.Signatures), len(raw)>>10)
	if took > 256<<20 {
		t.Errorf("%d MiB for a file of %d KiB", took>>20, len(raw)>>10)
	}
}

// tlv is one DER element.
func tlv(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := []byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// TestMemoryOfHostileAnswers: structures with as many members as their bytes allow are not turned into as many values.
func TestMemoryOfHostileAnswers(t *testing.T) {
	testenv.Long(t)
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{Padding: 200 << 10}))
	crl, err := pki().Revocations().CRL(pki().CA)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseRevocationList(crl)
	if err != nil {
		t.Fatal(err)
	}
	entry := append([]byte{0x30, 0x12, 0x02, 0x01, 0x01, 0x17, 0x0D}, "261123000000Z"...)
	ecdsa := []byte{0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02}
	long := tlv(
		0x30, tlv(0x30, []byte{2, 1, 1}, ecdsa, parsed.RawIssuer, entry[5:], tlv(0x30, bytes.Repeat(entry, 1_500_000))),
		ecdsa, []byte{0x03, 0x01, 0x00},
	)
	answers := increment(t, good, func(u *pdf.Update) {
		list := u.Add(pdf.Deflate(pdf.Dict{}, long))
		dss := u.Add(pdf.Dict{"CRLs": pdf.Array{list}, "OCSPs": pdf.Array{list}, "Certs": pdf.Array{list}})
		editCatalog(t, u, func(c pdf.Dict) { c["DSS"] = dss })
	})
	signedData := []byte{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02}
	data := []byte{0x30, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01}
	cms := func(digests, signers []byte) []byte {
		return tlv(0x30, signedData, tlv(0xA0, tlv(0x30, []byte{2, 1, 1}, digests, data, signers)))
	}
	empty := bytes.Repeat([]byte{0x30, 0x00}, 5<<20)
	for name, do := range map[string]func(){
		"1.5 million entries": func() {
			r, err := pades.Verify(context.Background(), answers, pades.Options{Roots: pki().Roots()})
			if err != nil || r.Signatures[0].Integrity != pades.IntegrityValid {
				t.Errorf("got %v, %v", r, err)
			}
		},
		"5 million digests": func() { _, _ = pades.ParseToken(cms(tlv(0x31, empty), tlv(0x31))) },
		"5 million signers": func() { _, _ = pades.ParseToken(cms(tlv(0x31), tlv(0x31, empty))) },
	} {
		took := testheap.Peak(10, do)
		t.Logf("%s: %d MiB", name, took>>20)
		if took > 192<<20 {
			t.Errorf("%s: %d MiB", name, took>>20)
		}
	}
}
