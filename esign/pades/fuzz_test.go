package pades_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
)

// FuzzVerify changes a sealed file. Nothing may panic, and no change may go unnoticed but white space at the end.
func FuzzVerify(f *testing.F) {
	for _, kind := range testpdf.Structures() {
		f.Add(seal(f, sealer(f, pki().Seal), testpdf.New(testpdf.Options{Structure: kind, Pages: 1})))
	}
	good := seal(f, sealer(f, pki().Seal), testpdf.New(testpdf.Options{Pages: 1}))
	f.Add(good)
	f.Add(extendFile(f, extender(f), seal(f, sealer(f, pki().Seal), good, func(r *pades.SealRequest) {
		r.Appearance = &pades.Appearance{Page: 1, Y: 0.5, W: 0.5, H: 0.1, Lines: []string{"Sealed"}}
	})))
	filled := fills(f)
	for _, name := range []string{"text", "PDFDocEncoding", "combo box", "radio button", "lines", "framed"} {
		f.Add(increment(f, certified(f, formFile(testpdf.Classic, "", nil), 2), filled[name].do))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := pades.Verify(
			context.Background(), raw, pades.Options{Roots: pki().Roots(), Limits: pades.Limits{Decoded: 1 << 20}},
		)
		if err != nil || !r.OK() {
			return
		}
		for _, s := range r.Signatures {
			if s.SignedLen > int64(len(raw)) || s.Integrity != pades.IntegrityValid {
				t.Fatalf("OK, but %+v", s)
			}
		}
	})
}

// FuzzEditSealed writes bytes over a sealed file at any place; the result must not verify.
func FuzzEditSealed(f *testing.F) {
	good := seal(f, sealer(f, pki().Seal), testpdf.New(testpdf.Options{Structure: testpdf.ObjectStreams, Pages: 1}))
	_, b := findByteRange(f, good)
	f.Add(uint32(100), []byte("x"))
	f.Add(uint32(b[1]+20), []byte("0"))
	f.Add(uint32(len(good)), []byte("1 0 obj<<>>endobj"))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		i := int(at) % (len(good) + 1)
		raw := append(bytes.Clone(good[:i]), patch...)
		if len(raw) < len(good) {
			raw = append(raw, good[len(raw):]...)
		}
		r, err := pades.Verify(
			context.Background(), raw, pades.Options{Roots: pki().Roots(), Limits: pades.Limits{Decoded: 1 << 20}},
		)
		if err != nil || !r.OK() || same(raw, good, b) {
			return
		}
		t.Fatalf("%d bytes at %d went unnoticed: %q", len(patch), i, patch)
	})
}

// same reports whether raw means what good means: equal but for white space at the end, the case of hexadecimal digits,
// and the parts of the CMS structure that nothing signs: unsigned attributes, further certificates, version numbers.
func same(raw, good []byte, b [4]int) bool {
	trimmed := bytes.TrimRight(raw, " \r\n\t\f\x00")
	if !bytes.Equal(trimmed, bytes.TrimRight(good, "\n")) && len(raw) != len(good) {
		return false
	}
	if len(raw) != len(good) {
		return true
	}
	if !bytes.Equal(raw[:b[1]], good[:b[1]]) || !bytes.Equal(raw[b[2]:], good[b[2]:]) {
		return false
	}
	_, err := hex.DecodeString(string(raw[b[1]+1 : b[2]-1]))
	return err == nil
}

// FuzzStatement feeds the CMS parser anything.
func FuzzStatement(f *testing.F) {
	der, _, err := sealer(f, pki().Seal).Statement(context.Background(), []byte("version 1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add(indefinite(f, der))
	f.Fuzz(func(t *testing.T, raw []byte) {
		content, r, err := pades.VerifyStatement(context.Background(), raw, pades.Options{Roots: pki().Roots()})
		if err == nil && r.OK() && string(content) != "version 1" {
			t.Fatalf("another statement was accepted: %q", content)
		}
		_, _ = pades.ParseToken(raw)
	})
}
