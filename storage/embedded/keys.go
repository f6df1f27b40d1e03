package embedded

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign"
)

// Keys are the installation's keys, one purpose each. A nil field is made on
// first use in Options.Dir/keys and kept there.
//
// To change a key, give another, or move its file away while no replica runs: the
// next Open makes a new one, records the change as an event that the new key signs,
// and keeps the public key of the old one, which verifies what it signed until then
// for ever. Renamed to end in .old.pem (certificates.old.pem), the old key signs the
// change too; so do the keys in Retired.
type Keys struct {
	// Seal and its certificate chain, issuers after it and without the root, seal
	// documents. RSA, ECDSA or Ed25519; see pades.Config. Default: P-256.
	Seal      crypto.Signer
	SealChain []*x509.Certificate
	// Roots are what our own seals are checked against, besides the last certificate
	// of SealChain, or the root made for the default Seal, and those of retired seals
	// for their time. Default: these alone.
	Roots *x509.CertPool

	Log          crypto.Signer // Ed25519; signs checkpoints
	Certificates crypto.Signer // Ed25519; signs certificates
	Statements   crypto.Signer // Ed25519; signs custody and release statements
	Custodian    crypto.Signer // Ed25519; signs acknowledgments, with Options.Custodian
	Embed        crypto.Signer // Ed25519; signs embed tokens

	Retired []crypto.Signer // private keys that the ones above replace, to sign the change; default: none

	Links  []esign.LinkKey // signing links' MAC; the first signs
	Tokens []esign.LinkKey // download tokens' MAC; the first signs
	Keeper Keeper          // encrypts webhook secrets

	root *x509.Certificate // made for the default Seal
}

// Names of the key files.
const (
	sealFile       = "seal.pem"
	logFile        = "log.pem"
	certsFile      = "certificates.pem"
	statementsFile = "statements.pem"
	custodianFile  = "custodian.pem"
	embedFile      = "embed.pem"
	linksFile      = "links.key"
	tokensFile     = "tokens.key"
	keeperFile     = "keeper.key"
)

// sealYears is how long the certificate made for the default seal is valid.
const sealYears = 10

// PEM types.
const (
	pemPrivate     = "PRIVATE KEY" // PKCS #8, RFC 5958
	pemCertificate = "CERTIFICATE"
	pemSecret      = "EVAULT SECRET KEY" // 32 random bytes
)

// complete fills what is nil from files in dir, making them when they are not
// there. dir "" has no files.
func (k *Keys) complete(dir string, custodian bool, now time.Time, random io.Reader) (err error) {
	f := keyFiles{dir: dir, rand: random}
	if (k.Seal == nil) != (len(k.SealChain) == 0) {
		return errors.New("Keys.Seal and Keys.SealChain must be given together")
	}
	if k.Seal == nil {
		if err := f.seal(k, now); err != nil {
			return err
		}
	}
	signers := []struct {
		to   *crypto.Signer
		file string
		want bool
	}{
		{&k.Log, logFile, true},
		{&k.Certificates, certsFile, true},
		{&k.Statements, statementsFile, true},
		{&k.Embed, embedFile, true},
		{&k.Custodian, custodianFile, custodian},
	}
	for _, s := range signers {
		if *s.to == nil && s.want {
			if *s.to, err = f.ed25519(s.file); err != nil {
				return err
			}
		}
	}
	if err := f.retired(k); err != nil {
		return err
	}
	for _, s := range []struct {
		to   *[]esign.LinkKey
		file string
	}{{&k.Links, linksFile}, {&k.Tokens, tokensFile}} {
		if len(*s.to) == 0 {
			secret, err := f.secret(s.file)
			if err != nil {
				return err
			}
			*s.to = []esign.LinkKey{{ID: fingerprint(secret), Secret: secret}}
		}
	}
	if k.Keeper == nil {
		secret, err := f.secret(keeperFile)
		if err != nil {
			return err
		}
		if k.Keeper, err = newKeeper(secret); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint names a secret without telling it.
func fingerprint(secret []byte) string {
	h := sha256.Sum256(append([]byte("evault key id\x00"), secret...))
	return hex.EncodeToString(h[:4])
}

// keyFiles reads keys, and makes those that are not there.
type keyFiles struct {
	dir  string
	rand io.Reader
}

func (f keyFiles) path(name string) (string, error) {
	if f.dir == "" {
		return "", fmt.Errorf("Options.Dir is required to store %s, because Options.Keys does not have it", name)
	}
	return filepath.Join(f.dir, "keys", name), nil
}

// blocks returns the PEM blocks of a file, after making it when it is not there.
func (f keyFiles) blocks(name string, make func() ([]*pem.Block, error), types ...string) ([]*pem.Block, error) {
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	content, err := readOrMake(path, func() ([]byte, error) {
		bs, err := make()
		if err != nil {
			return nil, err
		}
		var out []byte
		for _, b := range bs {
			out = append(out, pem.EncodeToMemory(b)...)
		}
		return out, nil
	})
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	var bs []*pem.Block
	for _, t := range types {
		var b *pem.Block
		if b, content = pem.Decode(content); b == nil || b.Type != t {
			return nil, fmt.Errorf("key %s: expected PEM block %s is missing", name, t)
		}
		bs = append(bs, b)
	}
	return bs, nil
}

func (f keyFiles) secret(name string) ([]byte, error) {
	bs, err := f.blocks(name, func() ([]*pem.Block, error) {
		b := make([]byte, 32)
		_, err := io.ReadFull(f.rand, b)
		return []*pem.Block{{Type: pemSecret, Bytes: b}}, err
	}, pemSecret)
	if err != nil {
		return nil, err
	}
	if len(bs[0].Bytes) != 32 {
		return nil, fmt.Errorf("key %s: has %d bytes, want 32", name, len(bs[0].Bytes))
	}
	return bs[0].Bytes, nil
}

func (f keyFiles) ed25519(name string) (crypto.Signer, error) {
	bs, err := f.blocks(name, func() ([]*pem.Block, error) {
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(f.rand, seed); err != nil {
			return nil, err
		}
		b, err := private(ed25519.NewKeyFromSeed(seed))
		return []*pem.Block{b}, err
	}, pemPrivate)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(bs[0].Bytes)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	k, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key %s: is %T, want Ed25519", name, key)
	}
	return k, nil
}

func private(key any) (*pem.Block, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &pem.Block{Type: pemPrivate, Bytes: der}, nil
}

// seal loads or makes the sealing key, its certificate and the root of that.
func (f keyFiles) seal(k *Keys, now time.Time) error {
	bs, err := f.blocks(sealFile, func() ([]*pem.Block, error) { return makeSeal(now) }, pemPrivate, pemCertificate, pemCertificate)
	if err != nil {
		return err
	}
	key, err := x509.ParsePKCS8PrivateKey(bs[0].Bytes)
	if err != nil {
		return fmt.Errorf("key %s: %w", sealFile, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return fmt.Errorf("key %s: %T cannot sign", sealFile, key)
	}
	var certs []*x509.Certificate
	for _, b := range bs[1:] {
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return fmt.Errorf("key %s: %w", sealFile, err)
		}
		certs = append(certs, c)
	}
	k.Seal, k.SealChain, k.root = signer, certs[:1], certs[1]
	return nil
}

// retired adds the keys whose files were renamed to end in .old.pem.
func (f keyFiles) retired(k *Keys) error {
	if f.dir == "" {
		return nil
	}
	for _, name := range []string{sealFile, logFile, certsFile, statementsFile, custodianFile, embedFile} {
		name = strings.TrimSuffix(name, ".pem") + ".old.pem"
		content, err := os.ReadFile(filepath.Join(f.dir, "keys", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
		b, _ := pem.Decode(content)
		if b == nil || b.Type != pemPrivate {
			return fmt.Errorf("key %s: expected PEM block %s is missing", name, pemPrivate)
		}
		key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
		if err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return fmt.Errorf("key %s: %T cannot sign", name, key)
		}
		k.Retired = append(k.Retired, signer)
	}
	return nil
}

// makeSeal makes a P-256 key and its certificate by a root whose key is thrown
// away. The chain is made from the system's random source: ecdsa and x509 read
// another in no fixed way.
func makeSeal(now time.Time) ([]*pem.Block, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	from, until := now.Add(-time.Hour), now.AddDate(sealYears, 0, 0)
	root := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "evault self-made root " + rand.Text()[:8]},
		NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "evault self-made seal"},
		NotBefore: from, NotAfter: until, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil {
		return nil, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	b, err := private(leafKey)
	if err != nil {
		return nil, err
	}
	return []*pem.Block{b, {Type: pemCertificate, Bytes: leafDER}, {Type: pemCertificate, Bytes: rootDER}}, nil
}

// serial returns a positive number of 126 bits, RFC 5280 §4.1.2.2.
func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) //nolint:errcheck // never fails
	b[0] = b[0]&0x3f | 0x20
	return new(big.Int).SetBytes(b)
}
