package tsa_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"io"
	"net/http"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/evaultlib/evault/esign/pades/tsa"
)

func revocation(t *testing.T, now func() time.Time) *tsa.Revocation {
	t.Helper()
	r, err := tsa.NewRevocation(tsa.RevocationConfig{HTTP: http.DefaultClient, Timeout: 5 * time.Second, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// issue makes a certificate that names where to ask about it.
func issue(t *testing.T, responders, lists []string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := pki().Template("Asked about", time.Hour)
	template.OCSPServer, template.CRLDistributionPoints = responders, lists
	id, err := pki().Issue(key, template)
	if err != nil {
		t.Fatal(err)
	}
	return id.Leaf()
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	source := pki().Revocations()
	url := serve(t, source)
	now := time.Now()
	r := revocation(t, func() time.Time { return now })
	ctx := context.Background()

	cert := issue(t, []string{url}, nil)
	der, list, err := r.Revocation(ctx, cert, pki().CA)
	if err != nil || list != nil {
		t.Fatalf("OCSP: %v", err)
	}
	if got, err := ocsp.ParseResponseForCert(der, cert, pki().CA); err != nil || got.Status != ocsp.Good {
		t.Errorf("OCSP: got %+v, %v", got, err)
	}
	if _, _, err := r.Revocation(ctx, cert, pki().CA); err != nil || source.Calls() != 1 {
		t.Errorf("the answer was not kept: %d calls, %v", source.Calls(), err)
	}
	now = now.Add(6 * 24 * time.Hour) // the answer was for seven days
	if _, _, err := r.Revocation(ctx, cert, pki().CA); err != nil || source.Calls() != 2 {
		t.Errorf("an old answer was kept: %d calls, %v", source.Calls(), err)
	}

	byList := issue(t, []string{"http://127.0.0.1:1"}, []string{"ldap://example.com", url})
	_, list, err = r.Revocation(ctx, byList, pki().CA)
	if err != nil {
		t.Fatalf("CRL: %v", err)
	}
	if parsed, err := x509.ParseRevocationList(list); err != nil || parsed.CheckSignatureFrom(pki().CA) != nil {
		t.Errorf("CRL: got %v", err)
	}
}

func TestRevocationRefuses(t *testing.T) {
	t.Parallel()
	down := pki().Revocations()
	down.Down = true
	rubbish := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }))
	for name, cert := range map[string]*x509.Certificate{
		"names nothing":     issue(t, nil, nil),
		"down":              issue(t, []string{serve(t, down)}, nil),
		"rubbish":           issue(t, []string{rubbish}, []string{rubbish}),
		"not a web address": issue(t, []string{"file:///etc/passwd"}, []string{"ldap://example.com", "http://u:p@example.com"}),
	} {
		if a, b, err := revocation(t, nil).Revocation(context.Background(), cert, pki().CA); err == nil {
			t.Errorf("%s: got %x, %x", name, a, b)
		}
	}
	if _, err := tsa.NewRevocation(tsa.RevocationConfig{}); err == nil {
		t.Error("a client without HTTP was accepted")
	}
}

// TestRevocationPassesOverResponders: an answer from one who may not give it, or does not know, leads to the list.
func TestRevocationPassesOverResponders(t *testing.T) {
	t.Parallel()
	list := serve(t, pki().Revocations())
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		use    []x509.ExtKeyUsage
		status int
		byList bool
	}{
		"delegated":     {[]x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, ocsp.Good, false},
		"not delegated": {nil, ocsp.Good, true},
		"unknown":       {[]x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, ocsp.Unknown, true},
	} {
		template := pki().Template("Responder", time.Hour)
		template.ExtKeyUsage = tc.use
		id, err := pki().Issue(key, template)
		if err != nil {
			t.Fatal(err)
		}
		responder := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			asked, err := ocsp.ParseRequest(body)
			if err != nil {
				t.Error(err)
				return
			}
			now := time.Now()
			der, err := ocsp.CreateResponse(pki().CA, id.Leaf(), ocsp.Response{
				Status: tc.status, SerialNumber: asked.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour), Certificate: id.Leaf(),
			}, key)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(der)
		}))
		a, b, err := revocation(t, nil).Revocation(context.Background(), issue(t, []string{responder}, []string{list}), pki().CA)
		if err != nil || (a == nil) != tc.byList || (b != nil) != tc.byList {
			t.Errorf("%s: got %d bytes of OCSP, %d of CRL, %v", name, len(a), len(b), err)
		}
	}
}
