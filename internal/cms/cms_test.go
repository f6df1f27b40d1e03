package cms_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/cms"
	"github.com/evaultlib/evault/internal/testpki"
)

// sign makes a SignedData that carries content.
func sign(t testing.TB, id testpki.Identity, h crypto.Hash, pss bool, content []byte) []byte {
	t.Helper()
	alg, err := cms.AlgorithmFor(id.Key.Public(), h, pss)
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := cms.SignedAttributes(id.Leaf(), alg, cms.Sum(alg.Hash, content))
	if err != nil {
		t.Fatal(err)
	}
	input := attributes
	if !alg.Pure {
		input = cms.Sum(alg.Hash, attributes)
	}
	value, err := id.Key.Sign(rand.Reader, input, alg.Opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := alg.Verify(id.Key.Public(), attributes, value); err != nil {
		t.Fatal(err)
	}
	if len(value) > alg.Size {
		t.Errorf("the value has %d bytes, Size is %d", len(value), alg.Size)
	}
	d := cms.Draft{Algorithm: alg, Chain: id.Chain, Content: content, Attributes: attributes}
	der, err := d.Marshal(value, nil)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func verify(der []byte, elsewhere func(*cms.Signed) []byte) error {
	c, err := cms.Parse(der)
	if err != nil {
		return err
	}
	return c.Verify(cms.Sum(c.Digest, elsewhere(c)), cms.BindingV2)
}

func TestEveryAlgorithm(t *testing.T) {
	t.Parallel()
	pki, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p384, err := pki.P384("P-384")
	if err != nil {
		t.Fatal(err)
	}
	edwards, err := pki.Ed25519("Ed25519")
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("version 1")
	own := func(c *cms.Signed) []byte { return c.Content }
	other := func(*cms.Signed) []byte { return []byte("version 2") }
	for name, tc := range map[string]struct {
		id  testpki.Identity
		h   crypto.Hash
		pss bool
	}{
		"RSA":         {id: pki.RSA()},
		"RSA SHA-512": {id: pki.RSA(), h: crypto.SHA512},
		"RSA PSS":     {id: pki.RSA(), pss: true},
		"P-256":       {id: pki.Seal},
		"P-384":       {id: p384},
		"Ed25519":     {id: edwards},
	} {
		der := sign(t, tc.id, tc.h, tc.pss, content)
		if err := verify(der, own); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := verify(der, other); err == nil {
			t.Errorf("%s: other content verifies", name)
		}
		c, err := cms.Parse(der)
		if err != nil || !bytes.Equal(c.Content, content) || c.BER || c.Size != len(der) || !c.Leaf.Equal(tc.id.Leaf()) {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
		if c, err := cms.Parse(append(bytes.Clone(der), 0, 0)); err != nil || c.Size != len(der) {
			t.Errorf("%s with padding: %v", name, err)
		}
		if _, err := cms.Parse(append(bytes.Clone(der), 1)); err == nil {
			t.Errorf("%s: bytes that follow were passed over", name)
		}
	}
}

// FuzzParse changes a SignedData: no change is accepted that changes the content.
func FuzzParse(f *testing.F) {
	pki, err := testpki.New(testpki.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sign(f, pki.Seal, 0, false, []byte("version 1")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := cms.Parse(raw)
		if err != nil || !c.Leaf.Equal(pki.Seal.Leaf()) {
			return
		}
		if c.Verify(cms.Sum(c.Digest, c.Content), cms.BindingV2) == nil && string(c.Content) != "version 1" {
			t.Fatalf("other content verifies: %q", c.Content)
		}
	})
}

func TestHostileBER(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for name, ber := range map[string][]byte{
		"deep":            bytes.Repeat([]byte{0x30, 0x80}, 1<<19),
		"deep and closed": append(bytes.Repeat([]byte{0x30, 0x80}, 1<<17), make([]byte, 1<<18)...),
		"many":            append([]byte{0x30, 0x80}, bytes.Repeat([]byte{5, 0}, 1<<20)...),
		"long":            append([]byte{0x30, 0x80, 0x04, 0x84, 0x7F, 0xFF, 0xFF, 0xFF}, make([]byte, 1<<20)...),
		"nothing":         {},
		"one byte":        {0x30},
	} {
		if _, err := cms.Parse(ber); err == nil {
			t.Errorf("%s was parsed", name)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
