package pades

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/cms"
	"github.com/evaultlib/evault/internal/revocation"
)

// Statement signs content as it is: a DER CMS SignedData (CAdES, ETSI EN 319 122-1) that carries
// content, the certificates and, with a time-stamp authority, a signature-time-stamp. It is the
// detached seal for a file that cannot be extended. level is LevelBB or LevelBT. Errors are those
// of [Sealer.Seal] that do not concern PDF.
func (s *Sealer) Statement(ctx context.Context, content []byte) (der []byte, level string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if err := s.checkValidity(s.now()); err != nil {
		return nil, "", err
	}
	attributes, err := cms.SignedAttributes(s.chain[0], s.alg, cms.Sum(s.alg.Hash, content))
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
	draft := &cms.Draft{Algorithm: s.alg, Chain: s.chain, Content: content, Attributes: attributes}
	if der, err = draft.Marshal(value, token); err != nil {
		return nil, "", fmt.Errorf("pades: %w", err)
	}
	return der, s.signatureLevel(), nil
}

// VerifyStatement checks a statement and returns what it states. The content is
// returned only when the signature is intact; the report says whether its
// signer is trusted. Errors: a missing Options.Roots, and malformed input.
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
		Level: LevelNone, Integrity: IntegrityUnsupported, Coverage: CoverageWholeFile, ChangesAfter: ChangesNone,
		Trust:      TrustUnknown,
		Revocation: RevocationUnknown, SignedLen: int64(len(der)),
	}}
	if s.cms, err = cms.Parse(der); err != nil {
		return nil, nil, fmt.Errorf("pades: %w", err)
	}
	if s.cms.Content == nil || s.cms.Size != len(der) {
		return nil, nil, errors.New("pades: not a statement: it has no signed content, or data follows it")
	}
	s.identify(s.cms.Leaf)
	if err := s.cms.Verify(cms.Sum(s.cms.Digest, s.cms.Content), cms.BindingV2); err != nil {
		s.fail(err)
		return nil, &s.report, nil
	}
	s.report.Integrity = IntegrityValid
	s.readToken(o.Intermediates)
	if s.report.Integrity != IntegrityValid {
		return nil, &s.report, nil
	}
	v := &verification{
		options: o, embedded: revocation.Parse(nil, nil), known: revocation.Parse(o.Material.OCSPs, o.Material.CRLs),
	}
	v.trustOne(s, o.Now)
	s.conclude("")
	if s.report.Level = LevelBB; s.report.TimestampTime != nil {
		s.report.Level = LevelBT
	}
	return s.cms.Content, &s.report, nil
}
