package pades

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Statement signs content as it is: a DER CMS SignedData (CAdES, ETSI EN 319 122-1) that carries content, the certificates
// and, with a time-stamp authority, a signature-time-stamp. It is what stands beside a file that cannot be extended. level
// is LevelBB or LevelBT. Errors are those of [Sealer.Seal] that do not concern PDF.
func (s *Sealer) Statement(ctx context.Context, content []byte) (der []byte, level string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if err := s.checkValidity(s.now()); err != nil {
		return nil, "", err
	}
	attributes, err := signedAttributes(s.chain[0], s.alg, sum(s.alg.hash, content))
	if err != nil {
		return nil, "", fmt.Errorf("pades: %w", err)
	}
	value, err := s.sign(attributes)
	if err != nil {
		return nil, "", err
	}
	if err := s.checkValue(attributes, value); err != nil {
		return nil, "", err
	}
	token, _, err := s.stamp(ctx, value)
	if err != nil {
		return nil, "", err
	}
	if content == nil {
		content = []byte{}
	}
	cms := &unsignedCMS{alg: s.alg, chain: s.chain, content: content, attributes: attributes}
	if der, err = cms.assemble(value, token); err != nil {
		return nil, "", fmt.Errorf("pades: %w", err)
	}
	return der, s.signatureLevel(), nil
}

// VerifyStatement checks a statement and returns what it states. The content is returned only when the signature is
// intact; whether its signer is trusted stands in the report. Errors: a missing Options.Roots, and malformed input.
func VerifyStatement(ctx context.Context, der []byte, o Options) (content []byte, r *SignatureReport, err error) {
	if o.Roots == nil {
		return nil, nil, errors.New("pades: Options.Roots is required")
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	s := &verified{report: SignatureReport{
		Level: LevelNone, Integrity: IntegrityUnsupported, Coverage: CoverageWholeFile, ChangesAfter: ChangesNone, Trust: TrustUnknown,
		Revocation: RevocationUnknown, SignedLen: int64(len(der)),
	}}
	if s.cms, err = parseCMS(der); err != nil {
		return nil, nil, fmt.Errorf("pades: %w", err)
	}
	if s.cms.content == nil || s.cms.size != len(der) {
		return nil, nil, errors.New("pades: not a statement: nothing is signed in it, or something follows it")
	}
	s.identify(s.cms.leaf)
	if err := s.cms.verify(oidData, sum(s.cms.digest, s.cms.content), essV2); err != nil {
		s.fail(err)
		return nil, &s.report, nil
	}
	s.report.Integrity = IntegrityValid
	s.readToken(o.Intermediates)
	if s.report.Integrity != IntegrityValid {
		return nil, &s.report, nil
	}
	v := &verification{options: o, embedded: parseAnswers(nil, nil), known: parseAnswers(o.Material.OCSPs, o.Material.CRLs)}
	v.trustOne(s, o.Now)
	s.conclude("")
	if s.report.Level = LevelBB; s.report.TimestampTime != nil {
		s.report.Level = LevelBT
	}
	return s.cms.content, &s.report, nil
}
