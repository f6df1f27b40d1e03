package tsa

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"
)

// maxList bounds a CRL; those of large authorities have several MiB.
const maxList = 16 << 20

// RevocationConfig of [NewRevocation].
type RevocationConfig struct {
	// HTTP makes the requests. The addresses stand in certificates, so give a client whose dialer refuses internal
	// addresses. Required.
	HTTP *http.Client
	// Timeout for one answer; default 10 seconds.
	Timeout time.Duration
	// Now is the clock that ages the cache; default time.Now.
	Now func() time.Time
}

// Revocation asks issuers whether they revoked certificates: by OCSP (RFC 6960) where the certificate names a responder
// that may answer and knows it, else by the CRL it names (RFC 5280 §4.2.1.13). Answers are kept until half their time has passed. It implements
// pades.RevocationSource and is safe for concurrent use.
type Revocation struct {
	http    *http.Client
	timeout time.Duration
	now     func() time.Time

	mu    sync.Mutex
	cache map[string]answer
}

type answer struct {
	der   []byte
	until time.Time
}

// NewRevocation checks the configuration. It opens no connection.
func NewRevocation(c RevocationConfig) (*Revocation, error) {
	if c.HTTP == nil {
		return nil, errors.New("tsa: RevocationConfig.HTTP is required")
	}
	r := &Revocation{http: &http.Client{}, timeout: c.Timeout, now: c.Now, cache: map[string]answer{}}
	*r.http = *c.HTTP
	r.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if r.timeout <= 0 {
		r.timeout = 10 * time.Second
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

// Revocation returns the issuer's answer about cert. The error names what was tried.
func (r *Revocation) Revocation(ctx context.Context, cert, issuer *x509.Certificate) (response, crl []byte, err error) {
	failed := []error{errors.New("tsa: revocation status unavailable")}
	for _, u := range cert.OCSPServer {
		response, err := r.ocsp(ctx, u, cert, issuer)
		if err == nil {
			return response, nil, nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", u, err))
	}
	for _, u := range cert.CRLDistributionPoints {
		crl, err := r.crl(ctx, u, issuer)
		if err == nil {
			return nil, crl, nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", u, err))
	}
	return nil, nil, errors.Join(failed...)
}

func (r *Revocation) ocsp(ctx context.Context, u string, cert, issuer *x509.Certificate) ([]byte, error) {
	key := "ocsp " + string(issuer.RawSubjectPublicKeyInfo) + cert.SerialNumber.String()
	if der, ok := r.kept(key); ok {
		return der, nil
	}
	body, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		return nil, err
	}
	der, err := r.fetch(ctx, http.MethodPost, u, body, maxResponse)
	if err != nil {
		return nil, err
	}
	parsed, err := ocsp.ParseResponseForCert(der, cert, issuer)
	if err != nil {
		return nil, err
	}
	switch c := parsed.Certificate; {
	case parsed.Status == ocsp.Unknown:
		return nil, errors.New("the responder does not know the certificate")
	case c != nil && !c.Equal(issuer) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return nil, errors.New("the issuer did not delegate the responder") // RFC 6960 §4.2.2.2
	}
	r.keep(key, der, parsed.ThisUpdate, parsed.NextUpdate)
	return der, nil
}

func (r *Revocation) crl(ctx context.Context, u string, issuer *x509.Certificate) ([]byte, error) {
	key := "crl " + string(issuer.RawSubjectPublicKeyInfo) + u
	if der, ok := r.kept(key); ok {
		return der, nil
	}
	der, err := r.fetch(ctx, http.MethodGet, u, nil, maxList)
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return nil, err
	}
	r.keep(key, der, list.ThisUpdate, list.NextUpdate)
	return der, nil
}

func (r *Revocation) kept(key string) ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.cache[key]
	if ok && r.now().After(a.until) {
		delete(r.cache, key)
		ok = false
	}
	return a.der, ok
}

// maxKept bounds the cache; a deployment meets few issuers.
const maxKept = 1000

func (r *Revocation) keep(key string, der []byte, thisUpdate, nextUpdate time.Time) {
	if nextUpdate.Before(thisUpdate) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cache) >= maxKept {
		clear(r.cache)
	}
	r.cache[key] = answer{der: der, until: thisUpdate.Add(nextUpdate.Sub(thisUpdate) / 2)}
}

func (r *Revocation) fetch(ctx context.Context, method, u string, body []byte, most int64) ([]byte, error) {
	if parsed, err := url.Parse(u); err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.User != nil {
		return nil, errors.New("not a plain http or https URL")
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/ocsp-request")
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the response is %s", resp.Status)
	}
	der, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(der)) > most {
		return nil, errors.New("the response is too long")
	}
	return der, nil
}
