package pades

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
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
	if s.unproven != nil {
		s.distrust(TrustUnknown, s.unproven)
		return
	}
	at, stamped := proven, false
	if s.token != nil {
		chain, trust, err := v.chain(s.token.Certificate, s.token.certificates, proven, x509.ExtKeyUsageTimeStamping)
		if err == nil && s.token.Time.After(proven) {
			trust, err = TrustUnknown, errors.New("its time is in the future")
		}
		if err == nil {
			trust, err = v.revoked(s, chain, proven)
		}
		if err != nil {
			s.distrust(trust, fmt.Errorf("time-stamp authority: %w", err))
			return
		}
		at, stamped = s.token.Time, true
		t := s.token.Time
		s.report.TimestampTime, s.report.TimestampAuthority = &t, s.token.Certificate.Subject.String()
		s.report.Trust = TrustTrusted
	}
	if s.isTimestamp() {
		return
	}
	chain, trust, err := v.chain(s.cms.Leaf, s.cms.Certificates, at, x509.ExtKeyUsageAny)
	if err == nil {
		trust, err = v.revoked(s, chain, at)
	}
	if err != nil {
		if stamped && trust == TrustUnknown {
			trust = TrustUntrusted // the time is proven, so validity is known
		}
		s.distrust(trust, err)
		return
	}
	if err := forDocuments(s.cms.Leaf); err != nil {
		s.distrust(TrustUntrusted, err)
		return
	}
	s.report.Trust = TrustTrusted
}

// documentUsages are the extended key usages of certificates that sign documents, where there are any: that of RFC
// 9336, Adobe's and Microsoft's; and code signing, for which issuers and readers take it too.
var documentUsages = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 5, 5, 7, 3, 36}, {1, 2, 840, 113583, 1, 1, 5}, {1, 3, 6, 1, 4, 1, 311, 10, 3, 12},
}

// forDocuments wants a certificate whose key may sign documents (RFC 5280 §4.2.1.3, §4.2.1.12): not that of a web
// server, nor of an authority for time-stamps or answers about revocation, which anybody may have sign what he likes.
func forDocuments(c *x509.Certificate) error {
	if c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return errors.New("the certificate does not allow signing")
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return nil
	}
	for _, u := range c.ExtKeyUsage {
		if u == x509.ExtKeyUsageAny || u == x509.ExtKeyUsageEmailProtection || u == x509.ExtKeyUsageCodeSigning {
			return nil
		}
	}
	for _, u := range c.UnknownExtKeyUsage {
		if slices.ContainsFunc(documentUsages, u.Equal) {
			return nil
		}
	}
	return errors.New("the certificate's extended key usage does not allow signing documents")
}

// revoked turns the answer about revocation into one about trust.
func (v *verification) revoked(s *verified, chain []*x509.Certificate, at time.Time) (string, error) {
	err := v.judgeRevocation(s, chain, at)
	switch {
	case errors.Is(err, errRevoked):
		return TrustUntrusted, err
	case err != nil:
		return TrustUnknown, err
	}
	return TrustTrusted, nil
}

// chain is [Options.chain] with the certificates of the document security store. A chain that was found for an earlier
// signature by the same key is taken again if all of it is valid at the time asked for.
func (v *verification) chain(
	leaf *x509.Certificate, bag []*x509.Certificate, at time.Time, use x509.ExtKeyUsage,
) ([]*x509.Certificate, string, error) {
	key := chainKey{string(leaf.Raw), use}
	outside := func(c *x509.Certificate) bool { return at.Before(c.NotBefore) || at.After(c.NotAfter) }
	if known := v.found[key]; known != nil && !slices.ContainsFunc(known, outside) {
		return known, TrustTrusted, nil
	}
	chain, trust, err := v.options.chain(leaf, slices.Concat(bag, v.certificates), at, use)
	if err == nil {
		if v.found == nil {
			v.found = map[chainKey][]*x509.Certificate{}
		}
		v.found[key] = chain
	}
	return chain, trust, err
}

type chainKey struct {
	leaf string
	use  x509.ExtKeyUsage
}

func (s *verified) distrust(trust string, err error) {
	s.report.Trust, s.report.TrustProblem = trust, err.Error()
}

// chain looks for a path from leaf to one of the roots that holds at the given time. It is returned leaf first.
func (o *Options) chain(
	leaf *x509.Certificate, bag []*x509.Certificate, at time.Time, use x509.ExtKeyUsage,
) ([]*x509.Certificate, string, error) {
	pool := x509.NewCertPool()
	for _, c := range slices.Concat(bag, o.Intermediates) {
		pool.AddCert(c)
	}
	chains, err := leaf.Verify(
		x509.VerifyOptions{Roots: o.Roots, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}},
	)
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return chains[0], TrustTrusted, nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, TrustUnknown, fmt.Errorf("a certificate is not valid at %s", at.UTC().Format(time.RFC3339))
	}
	return nil, TrustUntrusted, errors.New("no chain from the certificate to a trusted root: " + err.Error())
}
