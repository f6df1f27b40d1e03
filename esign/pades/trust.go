package pades

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// trust builds the chains, newest signature first: a document time-stamp proves the time at which everything before it
// existed, so that certificates which expired since then still count (ETSI EN 319 102-1 §5.6, in short).
func (v *verification) trust() {
	proven := v.options.Now
	for i := len(v.signatures) - 1; i >= 0; i-- {
		s := v.signatures[i]
		if s.report.Integrity != IntegrityValid {
			continue
		}
		v.trustOne(s, proven)
		if s.isTimestamp() && s.report.Trust == TrustTrusted {
			proven = s.token.Time
		}
	}
}

func (v *verification) trustOne(s *verified, proven time.Time) {
	at, stamped := proven, false
	if s.token != nil {
		trust, err := v.options.chain(s.token.Certificate, s.token.certificates, proven, x509.ExtKeyUsageTimeStamping)
		if err == nil && s.token.Time.After(proven) {
			trust, err = TrustUnknown, errors.New("its time lies in the future")
		}
		if err != nil {
			s.distrust(trust, fmt.Errorf("time-stamp authority: %w", err))
			return
		}
		at, stamped = s.token.Time, true
		t := s.token.Time
		s.report.TimestampTime = &t
		s.report.Trust = TrustTrusted
	}
	if s.isTimestamp() {
		return
	}
	trust, err := v.options.chain(s.cms.leaf, s.cms.certificates, at, x509.ExtKeyUsageAny)
	if err != nil {
		if stamped && trust == TrustUnknown {
			trust = TrustUntrusted // the time is proven, so validity is known
		}
		s.distrust(trust, err)
		return
	}
	if u := s.cms.leaf.KeyUsage; u != 0 && u&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		s.distrust(TrustUntrusted, errors.New("the certificate is not one for signing"))
		return
	}
	s.report.Trust = TrustTrusted
}

func (s *verified) distrust(trust string, err error) {
	s.report.Trust = trust
	if s.report.Problem == "" {
		s.report.Problem = err.Error()
	}
}

// chain looks for a path from leaf to one of the roots that holds at the given time.
func (o *Options) chain(leaf *x509.Certificate, bag []*x509.Certificate, at time.Time, use x509.ExtKeyUsage) (string, error) {
	pool := x509.NewCertPool()
	for _, c := range bag {
		pool.AddCert(c)
	}
	for _, c := range o.Intermediates {
		pool.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: o.Roots, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return TrustTrusted, nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return TrustUnknown, fmt.Errorf("a certificate is not valid at %s", at.UTC().Format(time.RFC3339))
	}
	return TrustUntrusted, errors.New("no chain from the certificate to a trusted root: " + err.Error())
}
