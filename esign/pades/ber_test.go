package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
)

// indefinite writes DER again as BER: every constructed element without a length, every longer octet string in two
// pieces.
func indefinite(t testing.TB, der []byte) []byte { return indefiniteTo(t, der, 100) }

// indefiniteTo does so for a number of layers. Libraries in Java do it for the four outer ones.
func indefiniteTo(t testing.TB, der []byte, layers int) []byte {
	t.Helper()
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	if err != nil {
		t.Fatal(err)
	}
	out := der[:len(der)-len(rest)]
	switch {
	case layers == 0:
	case v.IsCompound:
		out = []byte{der[0], 0x80}
		for b := v.Bytes; len(b) > 0; {
			var member asn1.RawValue
			if b, err = asn1.Unmarshal(b, &member); err != nil {
				t.Fatal(err)
			}
			out = append(out, indefiniteTo(t, member.FullBytes, layers-1)...)
		}
		out = append(out, 0, 0)
	case der[0] == asn1.TagOctetString && len(v.Bytes) > 8:
		first, _ := asn1.Marshal(v.Bytes[:5])
		second, _ := asn1.Marshal(v.Bytes[5:])
		out = append(append(append([]byte{0x24, 0x80}, first...), second...), 0, 0)
	}
	return out
}

// berStamper issues tokens in BER.
type berStamper struct {
	t testing.TB
	*testpki.Stamper
}

func (b berStamper) Timestamp(ctx context.Context, h crypto.Hash, digest []byte) ([]byte, error) {
	der, err := b.Stamper.Timestamp(ctx, h, digest)
	if err != nil {
		return nil, err
	}
	return indefinite(b.t, der), nil
}

func TestSignaturesInBER(t *testing.T) {
	t.Parallel()
	roomy := func(r *pades.SealRequest) { r.Reserve = 30_000 }
	good := seal(t, sealer(t, pki().Seal), testpdf.New(testpdf.Options{}), roomy)
	ber := swapValue(t, good, func(der []byte) []byte { return indefinite(t, der) })
	s := wantOK(t, ber, 1).Signatures[0]
	if s.TimestampTime == nil || s.Level != pades.LevelNone {
		t.Errorf("got time %v, level %s", s.TimestampTime, s.Level)
	}
	wantOK(t, extendFile(t, extender(t), ber), 2)
	for name, change := range map[string]func([]byte) []byte{
		"something follows":     func(b []byte) []byte { return append(b, 1) },
		"cut":                   func(b []byte) []byte { return b[:len(b)-200] },
		"a digit of it changed": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"piece of another kind": func(b []byte) []byte {
			return bytes.Replace(b, []byte{0x24, 0x80, 0x04}, []byte{0x24, 0x80, 0x0C}, 1)
		},
		"wrapped in another layer": func(b []byte) []byte { return append(append([]byte{0x30, 0x80}, b...), 0, 0) },
	} {
		bad := swapValue(t, good, func(der []byte) []byte { return change(indefinite(t, der)) })
		if r := verify(t, bad); r.OK() {
			t.Errorf("%s: taken for valid", name)
		}
	}
}

// TestTokensInBER: an authority that answers in BER does not make the seal BER.
func TestTokensInBER(t *testing.T) {
	t.Parallel()
	stamper := berStamper{t, pki().Timestamper()}
	out := seal(t, sealer(t, pki().Seal, func(c *pades.Config) {
		c.Timestamper = stamper
	}), testpdf.New(testpdf.Options{}))
	if got := wantOK(t, out, 1).Signatures[0].Level; got != pades.LevelBT {
		t.Errorf("level: got %s", got)
	}
	e := extender(t, func(c *pades.ExtenderConfig) { c.Timestamper = stamper })
	if got := wantOK(t, extendFile(t, e, out), 2).Signatures[0].Level; got != pades.LevelBLTA {
		t.Errorf("level: got %s", got)
	}
}
