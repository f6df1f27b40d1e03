package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // SHA-256 for crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

var (
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidMGF1    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// hashes lists the digests that are made and accepted. SHA-1 and MD5 are not (ETSI TS 119 312).
var hashes = []struct {
	hash               crypto.Hash
	id, rsaID, ecdsaID asn1.ObjectIdentifier
}{
	{crypto.SHA256, oidSHA256, rsaWith(11), ecdsaWith(2)},
	{crypto.SHA384, oidSHA384, rsaWith(12), ecdsaWith(3)},
	{crypto.SHA512, oidSHA512, rsaWith(13), ecdsaWith(4)},
}

func rsaWith(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, n} }

func ecdsaWith(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, n} }

// digestHash is the digest with this identifier, 0 when it is not accepted.
func digestHash(id asn1.ObjectIdentifier) crypto.Hash {
	for _, h := range hashes {
		if h.id.Equal(id) {
			return h.hash
		}
	}
	return 0
}

// digestNamed is a digest as people call it.
func digestNamed(id asn1.ObjectIdentifier) string {
	switch {
	case id.Equal(asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}):
		return "SHA-1"
	case id.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}):
		return "MD5"
	}
	return id.String()
}

func digestID(h crypto.Hash) pkix.AlgorithmIdentifier {
	for _, e := range hashes {
		if e.hash == h {
			return pkix.AlgorithmIdentifier{Algorithm: e.id}
		}
	}
	return pkix.AlgorithmIdentifier{}
}

// Sum is the digest of b.
func Sum(h crypto.Hash, b []byte) []byte {
	x := h.New()
	x.Write(b)
	return x.Sum(nil)
}

// Algorithm is how one kind of key signs.
type Algorithm struct {
	Hash crypto.Hash       // of the content, and of the signed attributes unless Pure
	Opts crypto.SignerOpts // for crypto.Signer
	Pure bool              // the signer gets the signed attributes themselves (Ed25519, RFC 8419)
	Size int               // of the largest signature value, in bytes

	id pkix.AlgorithmIdentifier
}

// Verify checks a signature value over signed attributes, DER.
func (a Algorithm) Verify(pub crypto.PublicKey, attributes, value []byte) error {
	return verifyValue(pub, a.id, a.Hash, signedMessage{attributes, Sum(a.Hash, attributes)}, value)
}

const (
	minRSABits   = 2048
	minCurveBits = 256
)

// AlgorithmFor chooses how a key signs. h is 0 for the default: SHA-256, SHA-384 for P-384.
func AlgorithmFor(pub crypto.PublicKey, h crypto.Hash, pss bool) (Algorithm, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return rsaAlgorithm(k, h, pss)
	case *ecdsa.PublicKey:
		return ecdsaAlgorithm(k, h)
	case ed25519.PublicKey:
		if h != 0 && h != crypto.SHA512 {
			return Algorithm{}, errors.New("Ed25519 requires SHA-512 (RFC 8419 §3)")
		}
		return Algorithm{
			Hash: crypto.SHA512, Opts: crypto.Hash(0), Pure: true, Size: ed25519.SignatureSize,
			id: pkix.AlgorithmIdentifier{Algorithm: oidEd25519},
		}, nil
	}
	return Algorithm{}, fmt.Errorf("keys of type %T are not supported", pub)
}

func rsaAlgorithm(k *rsa.PublicKey, h crypto.Hash, pss bool) (Algorithm, error) {
	if k.N.BitLen() < minRSABits {
		return Algorithm{}, fmt.Errorf("an RSA key of %d bits is too short, want at least %d", k.N.BitLen(), minRSABits)
	}
	if h == 0 {
		h = crypto.SHA256
	}
	for _, e := range hashes {
		if e.hash != h {
			continue
		}
		a := Algorithm{Hash: h, Opts: h, Size: k.Size()}
		if !pss {
			a.id = pkix.AlgorithmIdentifier{Algorithm: e.rsaID, Parameters: asn1.NullRawValue}
			return a, nil
		}
		parameters, err := pssParameters(h)
		a.id = pkix.AlgorithmIdentifier{Algorithm: oidPSS, Parameters: asn1.RawValue{FullBytes: parameters}}
		a.Opts = &rsa.PSSOptions{SaltLength: h.Size(), Hash: h}
		return a, err
	}
	return Algorithm{}, fmt.Errorf("digest %v is not supported", h)
}

func ecdsaAlgorithm(k *ecdsa.PublicKey, h crypto.Hash) (Algorithm, error) {
	if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
		return Algorithm{}, errors.New("elliptic curves other than P-256 and P-384 are not supported")
	}
	if h == 0 {
		h = crypto.SHA256
		if k.Curve == elliptic.P384() {
			h = crypto.SHA384
		}
	}
	for _, e := range hashes {
		if e.hash == h {
			size := 2*(k.Curve.Params().BitSize/8+3) + 4 // SEQUENCE of two integers, each with a sign byte
			return Algorithm{Hash: h, Opts: h, Size: size, id: pkix.AlgorithmIdentifier{Algorithm: e.ecdsaID}}, nil
		}
	}
	return Algorithm{}, fmt.Errorf("digest %v is not supported", h)
}

// pssParams is RSASSA-PSS-params of RFC 4055 §3.1.
type pssParams struct {
	Hash    pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
	MGF     pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
	Salt    int                      `asn1:"explicit,tag:2"`
	Trailer int                      `asn1:"optional,explicit,tag:3,default:1"`
}

func pssParameters(h crypto.Hash) ([]byte, error) {
	id := digestID(h)
	id.Parameters = asn1.NullRawValue
	mgf, err := asn1.Marshal(id)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(pssParams{
		Hash: id, MGF: pkix.AlgorithmIdentifier{Algorithm: oidMGF1, Parameters: asn1.RawValue{FullBytes: mgf}},
		Salt: h.Size(), Trailer: 1,
	})
}

// UnsupportedError says that something could not be checked, which is neither valid nor invalid.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + " is not supported" }

// Unsupported returns an *[UnsupportedError].
func Unsupported(what string) error { return &UnsupportedError{what} }

var errSignatureValue = errors.New("the signature value does not match the signed attributes")

// signedMessage is the subject of a signature value: the DER encoding of the signed attributes, and its digest. Of
// content that was signed without attributes there is the digest alone.
type signedMessage struct{ der, sum []byte }

// verifyValue checks a CMS signature value.
func verifyValue(
	pub crypto.PublicKey, id pkix.AlgorithmIdentifier, digest crypto.Hash, message signedMessage, value []byte,
) error {
	ok := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSABits {
			return Unsupported(fmt.Sprintf("an RSA key of %d bits", k.N.BitLen()))
		}
		if id.Algorithm.Equal(oidPSS) {
			return verifyPSS(k, id, digest, message, value)
		}
		if !named(id, digest, oidRSA, false) {
			return Unsupported("signature algorithm " + id.Algorithm.String())
		}
		ok = rsa.VerifyPKCS1v15(k, digest, message.sum, value) == nil
	case *ecdsa.PublicKey:
		if k.Params().BitSize < minCurveBits {
			return Unsupported("elliptic curve " + k.Params().Name)
		}
		if !named(id, digest, oidEC, true) {
			return Unsupported("signature algorithm " + id.Algorithm.String())
		}
		ok = ecdsa.VerifyASN1(k, message.sum, value)
	case ed25519.PublicKey:
		if !id.Algorithm.Equal(oidEd25519) || digest != crypto.SHA512 || message.der == nil {
			return Unsupported("signature algorithm " + id.Algorithm.String())
		}
		ok = ed25519.Verify(k, message.der, value)
	default:
		return Unsupported("the kind of key")
	}
	if !ok {
		return errSignatureValue
	}
	return nil
}

// named reports whether id is the algorithm for digest, or the bare key algorithm, which leaves the digest to the
// SignerInfo.
func named(id pkix.AlgorithmIdentifier, digest crypto.Hash, bare asn1.ObjectIdentifier, ec bool) bool {
	if id.Algorithm.Equal(bare) {
		return true
	}
	for _, e := range hashes {
		if e.hash == digest {
			return (ec && id.Algorithm.Equal(e.ecdsaID)) || (!ec && id.Algorithm.Equal(e.rsaID))
		}
	}
	return false
}

func verifyPSS(
	k *rsa.PublicKey, id pkix.AlgorithmIdentifier, digest crypto.Hash, message signedMessage, value []byte,
) error {
	var p pssParams
	if rest, err := asn1.Unmarshal(id.Parameters.FullBytes, &p); err != nil || len(rest) > 0 {
		return Unsupported("RSASSA-PSS with these parameters")
	}
	var mgf pkix.AlgorithmIdentifier
	if _, err := asn1.Unmarshal(p.MGF.Parameters.FullBytes, &mgf); err != nil || !p.MGF.Algorithm.Equal(oidMGF1) {
		return Unsupported("RSASSA-PSS with these parameters")
	}
	if digestHash(p.Hash.Algorithm) != digest || digestHash(mgf.Algorithm) != digest ||
		p.Trailer != 1 || p.Salt < 0 || p.Salt > 64 {
		return Unsupported("RSASSA-PSS with these parameters")
	}
	if rsa.VerifyPSS(k, digest, message.sum, value, &rsa.PSSOptions{SaltLength: p.Salt, Hash: digest}) != nil {
		return errSignatureValue
	}
	return nil
}
