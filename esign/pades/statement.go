package pades

import (
	"context"
	"fmt"
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
	return der, s.Level(), nil
}
