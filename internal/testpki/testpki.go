// Package testpki makes a small public-key infrastructure for tests: a root, an intermediate authority, sealing keys of
// every supported kind, and a time-stamp authority in process. Nothing in it is a secret and nothing is fit for use
// outside tests.
//
// A PKI may be used by several goroutines at once.
//
// Stability: for the tests of this module only; it may change with any version.
package testpki

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/digitorus/timestamp"
)

// Identity is a key with its certificate chain, leaf first, without the root.
type Identity struct {
	Key   crypto.Signer
	Chain []*x509.Certificate
}

// Leaf returns the identity's own certificate.
func (i Identity) Leaf() *x509.Certificate { return i.Chain[0] }

// PKI is one root with all that was issued below it.
type PKI struct {
	Root *x509.Certificate
	CA   *x509.Certificate // issued by Root; issues everything else
	Seal Identity          // ECDSA P-256
	TSA  Identity          // ECDSA P-256, extended key usage timeStamping

	now     func() time.Time
	rootKey *ecdsa.PrivateKey
	caKey   *ecdsa.PrivateKey
	serial  atomic.Int64
	rsa     func() Identity
}

// Options of [New].
type Options struct {
	// Now is the clock of the authorities; default time.Now.
	Now func() time.Time
	// Life is how long certificates are valid, from an hour before Now; default ten years.
	Life time.Duration
}

// New makes a PKI. It fails only when the system has no randomness.
func New(o Options) (*PKI, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Life == 0 {
		o.Life = 10 * 365 * 24 * time.Hour
	}
	p := &PKI{now: o.Now}
	var err error
	if p.rootKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if p.caKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if p.Root, err = p.certificate(p.template("Test Root", o.Life, authority), nil, p.rootKey.Public(), p.rootKey); err != nil {
		return nil, err
	}
	if p.CA, err = p.certificate(p.template("Test CA", o.Life, authority), p.Root, p.caKey.Public(), p.rootKey); err != nil {
		return nil, err
	}
	if p.Seal, err = p.P256("Test Vault Seal"); err != nil {
		return nil, err
	}
	if p.TSA, err = p.NewTSA("Test TSA", o.Life); err != nil {
		return nil, err
	}
	p.rsa = sync.OnceValue(func() Identity {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return Identity{}
		}
		id, _ := p.Issue(k, p.template("Test RSA Seal", o.Life, sealing))
		return id
	})
	return p, nil
}

// Roots returns a pool with the root alone.
func (p *PKI) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Root)
	return pool
}

// RSA returns an identity with an RSA key of 2048 bits, made on first use.
func (p *PKI) RSA() Identity { return p.rsa() }

// P256 issues an identity with a fresh P-256 key.
func (p *PKI) P256(name string) (Identity, error) { return p.ec(name, elliptic.P256()) }

// P384 issues an identity with a fresh P-384 key.
func (p *PKI) P384(name string) (Identity, error) { return p.ec(name, elliptic.P384()) }

func (p *PKI) ec(name string, c elliptic.Curve) (Identity, error) {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	return p.Issue(k, p.template(name, 10*365*24*time.Hour, sealing))
}

// Ed25519 issues an identity with a fresh Ed25519 key.
func (p *PKI) Ed25519(name string) (Identity, error) {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	return p.Issue(k, p.template(name, 10*365*24*time.Hour, sealing))
}

// NewTSA issues another time-stamp authority.
func (p *PKI) NewTSA(name string, life time.Duration) (Identity, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	return p.Issue(k, p.template(name, life, stamping))
}

// SelfSigned makes an identity that no root vouches for.
func SelfSigned(name string, now time.Time) (Identity, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	p := &PKI{now: func() time.Time { return now }}
	c, err := p.certificate(p.template(name, 365*24*time.Hour, sealing), nil, k.Public(), k)
	return Identity{Key: k, Chain: []*x509.Certificate{c}}, err
}

// Template returns a sealing certificate's template valid from an hour before now for life; a test changes what it needs.
func (p *PKI) Template(name string, life time.Duration) *x509.Certificate {
	return p.template(name, life, sealing)
}

// Issue signs a certificate for key by the intermediate authority.
func (p *PKI) Issue(key crypto.Signer, template *x509.Certificate) (Identity, error) {
	c, err := p.certificate(template, p.CA, key.Public(), p.caKey)
	return Identity{Key: key, Chain: []*x509.Certificate{c, p.CA}}, err
}

type purpose func(*x509.Certificate)

func authority(t *x509.Certificate) {
	t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
}

func sealing(t *x509.Certificate) {
	t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
}

// stamping sets the one critical extended key usage that RFC 3161 §2.3 asks for; x509 itself never marks it critical.
func stamping(t *x509.Certificate) {
	t.KeyUsage = x509.KeyUsageDigitalSignature
	value, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err == nil {
		t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}}
	}
}

func (p *PKI) template(name string, life time.Duration, use purpose) *x509.Certificate {
	from := p.now().Add(-time.Hour)
	t := &x509.Certificate{
		SerialNumber:          big.NewInt(1000 + p.serial.Add(1)),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Example Vault"}, Country: []string{"US"}},
		NotBefore:             from,
		NotAfter:              from.Add(life),
		BasicConstraintsValid: true,
	}
	use(t)
	return t
}

func (p *PKI) certificate(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	if parent == nil {
		parent = t
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Stamper issues time-stamp tokens in process. It implements pades.Timestamper.
type Stamper struct {
	ID  Identity
	CA  *x509.Certificate
	Now func() time.Time

	calls atomic.Int64
}

// Timestamper returns a stamper of the PKI's own authority.
func (p *PKI) Timestamper() *Stamper { return &Stamper{ID: p.TSA, CA: p.CA, Now: p.now} }

// Calls returns how many tokens were asked for.
func (s *Stamper) Calls() int64 { return s.calls.Load() }

// Timestamp returns a token over digest.
func (s *Stamper) Timestamp(ctx context.Context, h crypto.Hash, digest []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	der, err := s.respond(&timestamp.Request{HashAlgorithm: h, HashedMessage: digest, Certificates: true})
	if err != nil {
		return nil, err
	}
	ts, err := timestamp.ParseResponse(der)
	if err != nil {
		return nil, err
	}
	return ts.RawToken, nil
}

func (s *Stamper) respond(r *timestamp.Request) ([]byte, error) {
	s.calls.Add(1)
	ts := timestamp.Timestamp{
		HashAlgorithm: r.HashAlgorithm, HashedMessage: r.HashedMessage, Time: s.Now(), Nonce: r.Nonce,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, AddTSACertificate: r.Certificates,
		Certificates: []*x509.Certificate{s.CA},
	}
	return ts.CreateResponseWithOpts(s.ID.Leaf(), s.ID.Key, crypto.SHA256)
}

// ServeHTTP answers RFC 3161 §3.4 requests.
func (s *Stamper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err == nil {
		var req *timestamp.Request
		if req, err = timestamp.ParseRequest(body); err == nil {
			body, err = s.respond(req)
		}
	}
	if err != nil {
		http.Error(w, fmt.Sprint("time-stamp request: ", err), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(body)
}
