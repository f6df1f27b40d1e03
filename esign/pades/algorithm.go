package pades

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
	{crypto.SHA256, oidSHA256, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
	{crypto.SHA384, oidSHA384, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}},
	{crypto.SHA512, oidSHA512, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}},
}

func hashByID(id asn1.ObjectIdentifier) crypto.Hash {
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

func sum(h crypto.Hash, b []byte) []byte {
	x := h.New()
	x.Write(b)
	return x.Sum(nil)
}

// algorithm is how one kind of key signs.
type algorithm struct {
	hash crypto.Hash // of the content, and of the signed attributes unless pure
	id   pkix.AlgorithmIdentifier
	opts crypto.SignerOpts
	pure bool // the signer gets the signed attributes themselves (Ed25519, RFC 8419)
	size int  // of the largest signature value, in bytes
}

const (
	minRSABits   = 2048
	minCurveBits = 256
)

// algorithmFor chooses how a key signs. h is 0 for the default: SHA-256, SHA-384 for P-384.
func algorithmFor(pub crypto.PublicKey, h crypto.Hash, pss bool) (algorithm, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return rsaAlgorithm(k, h, pss)
	case *ecdsa.PublicKey:
		return ecdsaAlgorithm(k, h)
	case ed25519.PublicKey:
		if h != 0 && h != crypto.SHA512 {
			return algorithm{}, errors.New("pades: Ed25519 goes with SHA-512 (RFC 8419 §3)")
		}
		return algorithm{hash: crypto.SHA512, id: pkix.AlgorithmIdentifier{Algorithm: oidEd25519}, opts: crypto.Hash(0), pure: true, size: ed25519.SignatureSize}, nil
	}
	return algorithm{}, fmt.Errorf("pades: keys of type %T are not supported", pub)
}

func rsaAlgorithm(k *rsa.PublicKey, h crypto.Hash, pss bool) (algorithm, error) {
	if k.N.BitLen() < minRSABits {
		return algorithm{}, fmt.Errorf("pades: an RSA key of %d bits is too short, %d are needed", k.N.BitLen(), minRSABits)
	}
	if h == 0 {
		h = crypto.SHA256
	}
	for _, e := range hashes {
		if e.hash != h {
			continue
		}
		a := algorithm{hash: h, opts: h, size: k.Size()}
		if !pss {
			a.id = pkix.AlgorithmIdentifier{Algorithm: e.rsaID, Parameters: asn1.NullRawValue}
			return a, nil
		}
		parameters, err := pssParameters(h)
		a.id = pkix.AlgorithmIdentifier{Algorithm: oidPSS, Parameters: asn1.RawValue{FullBytes: parameters}}
		a.opts = &rsa.PSSOptions{SaltLength: h.Size(), Hash: h}
		return a, err
	}
	return algorithm{}, fmt.Errorf("pades: digest %v is not supported", h)
}

func ecdsaAlgorithm(k *ecdsa.PublicKey, h crypto.Hash) (algorithm, error) {
	if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
		return algorithm{}, errors.New("pades: elliptic curves other than P-256 and P-384 are not supported")
	}
	if h == 0 {
		h = crypto.SHA256
		if k.Curve == elliptic.P384() {
			h = crypto.SHA384
		}
	}
	for _, e := range hashes {
		if e.hash == h {
			// SEQUENCE of two integers, each with a sign byte.
			return algorithm{hash: h, id: pkix.AlgorithmIdentifier{Algorithm: e.ecdsaID}, opts: h, size: 2*(k.Curve.Params().BitSize/8+3) + 4}, nil
		}
	}
	return algorithm{}, fmt.Errorf("pades: digest %v is not supported", h)
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
		Hash: id, MGF: pkix.AlgorithmIdentifier{Algorithm: oidMGF1, Parameters: asn1.RawValue{FullBytes: mgf}}, Salt: h.Size(), Trailer: 1,
	})
}

// unsupportedError says that something could not be checked, which is neither valid nor invalid.
type unsupportedError struct{ what string }

func (e *unsupportedError) Error() string { return e.what + " is not supported" }

func unsupported(what string) error { return &unsupportedError{what} }

var errSignatureValue = errors.New("the signature value does not match the signed attributes")

// signedMessage is what a signature value is over: the DER encoding of the signed attributes, and its digest. Of content that was
// signed without attributes there is the digest alone.
type signedMessage struct{ der, sum []byte }

// verifyValue checks a CMS signature value.
func verifyValue(pub crypto.PublicKey, id pkix.AlgorithmIdentifier, digest crypto.Hash, message signedMessage, value []byte) error {
	ok := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSABits {
			return unsupported(fmt.Sprintf("an RSA key of %d bits", k.N.BitLen()))
		}
		if id.Algorithm.Equal(oidPSS) {
			return verifyPSS(k, id, digest, message, value)
		}
		if !named(id, digest, oidRSA, false) {
			return unsupported("signature algorithm " + id.Algorithm.String())
		}
		ok = rsa.VerifyPKCS1v15(k, digest, message.sum, value) == nil
	case *ecdsa.PublicKey:
		if k.Params().BitSize < minCurveBits {
			return unsupported("elliptic curve " + k.Params().Name)
		}
		if !named(id, digest, oidEC, true) {
			return unsupported("signature algorithm " + id.Algorithm.String())
		}
		ok = ecdsa.VerifyASN1(k, message.sum, value)
	case ed25519.PublicKey:
		if !id.Algorithm.Equal(oidEd25519) || digest != crypto.SHA512 || message.der == nil {
			return unsupported("signature algorithm " + id.Algorithm.String())
		}
		ok = ed25519.Verify(k, message.der, value)
	default:
		return unsupported("the kind of key")
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

func verifyPSS(k *rsa.PublicKey, id pkix.AlgorithmIdentifier, digest crypto.Hash, message signedMessage, value []byte) error {
	var p pssParams
	if rest, err := asn1.Unmarshal(id.Parameters.FullBytes, &p); err != nil || len(rest) > 0 {
		return unsupported("RSASSA-PSS with these parameters")
	}
	var mgf pkix.AlgorithmIdentifier
	if _, err := asn1.Unmarshal(p.MGF.Parameters.FullBytes, &mgf); err != nil || !p.MGF.Algorithm.Equal(oidMGF1) {
		return unsupported("RSASSA-PSS with these parameters")
	}
	if hashByID(p.Hash.Algorithm) != digest || hashByID(mgf.Algorithm) != digest || p.Trailer != 1 || p.Salt < 0 || p.Salt > 64 {
		return unsupported("RSASSA-PSS with these parameters")
	}
	if rsa.VerifyPSS(k, digest, message.sum, value, &rsa.PSSOptions{SaltLength: p.Salt, Hash: digest}) != nil {
		return errSignatureValue
	}
	return nil
}
