package testpki

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Revocations answers whether certificates of a PKI were revoked. It implements pades.RevocationSource, and answers OCSP
// requests (RFC 6960 appendix A) and GET requests for the CRL over HTTP.
type Revocations struct {
	p       *PKI
	mu      sync.Mutex
	revoked map[string]time.Time
	calls   int
	// Down makes every answer fail.
	Down bool
}

// Revocations returns a fresh answerer for which nothing is revoked.
func (p *PKI) Revocations() *Revocations { return &Revocations{p: p, revoked: map[string]time.Time{}} }

// Revoke revokes a certificate at a time.
func (r *Revocations) Revoke(c *x509.Certificate, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked[c.SerialNumber.String()] = at
}

// Calls returns how many answers were asked for.
func (r *Revocations) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// Revocation returns an OCSP response for what the intermediate authority issued, and the root's CRL for that authority.
func (r *Revocations) Revocation(_ context.Context, cert, issuer *x509.Certificate) (response, crl []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.Down {
		return nil, nil, fmt.Errorf("revocation service is down")
	}
	if issuer.Equal(r.p.CA) {
		response, err = r.ocsp(cert.SerialNumber)
		return response, nil, err
	}
	crl, err = r.crl(r.p.Root)
	return nil, crl, err
}

func (r *Revocations) ocsp(serial *big.Int) ([]byte, error) {
	now := r.p.now()
	answer := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(7 * 24 * time.Hour)}
	if at, ok := r.revoked[serial.String()]; ok {
		answer.Status, answer.RevokedAt, answer.RevocationReason = ocsp.Revoked, at, ocsp.KeyCompromise
	}
	return ocsp.CreateResponse(r.p.CA, r.p.CA, answer, r.p.caKey)
}

func (r *Revocations) crl(issuer *x509.Certificate) ([]byte, error) {
	now := r.p.now()
	list := &x509.RevocationList{Number: big.NewInt(now.Unix()), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(30 * 24 * time.Hour)}
	for serial, at := range r.revoked {
		n, _ := new(big.Int).SetString(serial, 10)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: at})
	}
	key := r.p.rootKey
	if issuer.Equal(r.p.CA) {
		key = r.p.caKey
	}
	return x509.CreateRevocationList(rand.Reader, list, issuer, key)
}

// CRL returns the list of one of the two authorities.
func (r *Revocations) CRL(issuer *x509.Certificate) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.crl(issuer)
}

// ServeHTTP answers OCSP by POST and the intermediate authority's CRL by GET.
func (r *Revocations) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	var out []byte
	err := fmt.Errorf("down")
	switch {
	case r.Down:
	case req.Method == http.MethodGet:
		out, err = r.crl(r.p.CA)
	default:
		var body []byte
		var parsed *ocsp.Request
		if body, err = io.ReadAll(io.LimitReader(req.Body, 1<<16)); err == nil {
			if parsed, err = ocsp.ParseRequest(body); err == nil {
				out, err = r.ocsp(parsed.SerialNumber)
			}
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(out)
}
