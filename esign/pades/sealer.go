package pades

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/evaultlib/evault/internal/cms"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
)

var (
	// ErrTimestampUnavailable: no time-stamp authority returned a valid
	// response. Nothing was sealed; try again later.
	ErrTimestampUnavailable = errors.New("pades: time-stamp authority unavailable")
	// ErrNotExtendable: the file cannot have an embedded seal; errors.As with
	// *[NotExtendableError] gives the reason.
	ErrNotExtendable = errors.New("pades: the file cannot be sealed")
	// ErrCertificateInvalid: the sealing certificate is not valid at the time of the seal.
	ErrCertificateInvalid = errors.New("pades: the sealing certificate is not valid")
	// ErrNotPDF: the bytes are not a readable PDF.
	ErrNotPDF = errors.New("pades: not a readable PDF")
)

// NotExtendableError says why a file cannot have an embedded seal. A detached
// statement ([Sealer.Statement]) is still possible.
type NotExtendableError struct {
	Reason string // encrypted, damaged, certified_no_changes, locked or usage_rights
}

func (e *NotExtendableError) Error() string { return ErrNotExtendable.Error() + ": " + e.Reason }

// Is makes errors.Is(err, ErrNotExtendable) true.
func (e *NotExtendableError) Is(target error) bool { return target == ErrNotExtendable }

// SizeError reports that the signature value needs more room than
// [SealRequest].Reserve. [Sealer.Seal] retries once by itself.
type SizeError struct{ Need, Reserved int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("pades: the signature value has %d bytes, %d were reserved", e.Need, e.Reserved)
}

// Timestamper gets time-stamp tokens. The client for RFC 3161 over HTTP is package tsa.
type Timestamper interface {
	// Timestamp returns a DER TimeStampToken over digest, made with h.
	Timestamp(ctx context.Context, h crypto.Hash, digest []byte) ([]byte, error)
}

// Config of [New].
type Config struct {
	// Signer is the sealing key: in a file, an HSM or a KMS. RSA of 2048 bits or more, ECDSA on P-256 or P-384, or
	// Ed25519, which few readers know yet. Nil is allowed for remote signers that are driven with [Sealer.Prepare] and
	// [Sealer.Finish].
	Signer crypto.Signer
	// Chain is the certificate of Signer followed by its issuers, without the root. Required.
	Chain []*x509.Certificate
	// Hash is the digest; default SHA-256, SHA-384 for P-384, SHA-512 (the only one) for Ed25519.
	Hash crypto.Hash
	// PSS makes an RSA key sign by RSASSA-PSS instead of PKCS #1 v1.5, which every reader knows; default false.
	PSS bool
	// Timestamper adds a time-stamp to each seal (level B-T); default none (level B-B).
	Timestamper Timestamper
	// Extender raises each seal to B-LT or B-LTA before it is returned; it needs Timestamper. The file is held in memory
	// once more for it. Default none. Statements stay at B-T.
	Extender *Extender
	// Fonts are TrueType fonts that appearances are drawn with where the default ones lack a character; default none. The
	// default ones have Latin, Vietnamese, Greek, Cyrillic, Hebrew, Armenian and Georgian.
	Fonts [][]byte
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Rand feeds signing; default crypto/rand.
	Rand io.Reader
}

// Sealer makes seals with one key. It is safe for concurrent use if its Signer and Timestamper are.
type Sealer struct {
	signer    crypto.Signer
	chain     []*x509.Certificate
	alg       cms.Algorithm
	stamper   Timestamper
	extender  *Extender
	fonts     font.Fonts
	now       func() time.Time
	rand      io.Reader
	tokenSize atomic.Int64 // of the last token
}

// New checks that key, certificate and digest fit each other. It does no I/O.
func New(c Config) (*Sealer, error) {
	if len(c.Chain) == 0 || slices.Contains(c.Chain, nil) {
		return nil, errors.New("pades: Config.Chain is required")
	}
	leaf := c.Chain[0]
	if c.Signer != nil {
		pub, ok := c.Signer.Public().(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !pub.Equal(leaf.PublicKey) {
			return nil, errors.New("pades: Config.Signer is not the key of the first certificate in Config.Chain")
		}
	}
	for i, cert := range c.Chain[1:] {
		if err := c.Chain[i].CheckSignatureFrom(cert); err != nil {
			return nil, fmt.Errorf("pades: Config.Chain: certificate %d is not issued by the next one: %w", i+1, err)
		}
	}
	if c.Extender != nil && c.Timestamper == nil {
		return nil, errors.New("pades: Config.Extender needs Config.Timestamper")
	}
	if err := forDocuments(leaf); err != nil {
		return nil, fmt.Errorf("pades: Config.Chain: %w", err)
	}
	alg, err := cms.AlgorithmFor(leaf.PublicKey, c.Hash, c.PSS)
	if err != nil {
		return nil, fmt.Errorf("pades: %w", err)
	}
	fonts, err := font.NewFonts(c.Fonts...)
	if err != nil {
		return nil, fmt.Errorf("pades: Config.Fonts: %w", err)
	}
	s := &Sealer{
		signer: c.Signer, chain: slices.Clone(c.Chain), alg: alg, stamper: c.Timestamper, extender: c.Extender, fonts: fonts,
		now: c.Now, rand: c.Rand,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	s.tokenSize.Store(6 << 10)
	return s, nil
}

// Level is what the sealer makes of a file: LevelBB, LevelBT with a time-stamp authority, or what its Extender makes.
func (s *Sealer) Level() string {
	if s.extender != nil {
		return s.extender.Level()
	}
	return s.signatureLevel()
}

// signatureLevel is the level of the signature itself, before it is extended.
func (s *Sealer) signatureLevel() string {
	if s.stamper == nil {
		return LevelBB
	}
	return LevelBT
}

// Certificate returns the sealing certificate.
func (s *Sealer) Certificate() *x509.Certificate { return s.chain[0] }

// Check reports whether a seal could be made at the given time (now when zero): the certificates
// are valid then, and the time-stamp authority is available. It requests a time-stamp over random
// bytes, and does not use the Extender. Errors: [ErrCertificateInvalid], [ErrTimestampUnavailable].
func (s *Sealer) Check(ctx context.Context, at time.Time) error {
	if at.IsZero() {
		at = s.now()
	}
	if err := s.checkValidity(at); err != nil {
		return err
	}
	if s.stamper == nil {
		return nil
	}
	probe := make([]byte, 32)
	if _, err := io.ReadFull(s.rand, probe); err != nil {
		return fmt.Errorf("pades: %w", err)
	}
	_, _, err := s.stamp(ctx, probe)
	return err
}

func (s *Sealer) checkValidity(at time.Time) error {
	for _, c := range s.chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return fmt.Errorf("%w at %s: %s is valid from %s to %s", ErrCertificateInvalid, at.UTC().Format(time.RFC3339),
				c.Subject.CommonName, c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// stamp gets a token over value and checks that it is one. Without a time-stamp authority it returns nil.
func (s *Sealer) stamp(ctx context.Context, value []byte) ([]byte, *Token, error) {
	if s.stamper == nil {
		return nil, nil, nil
	}
	der, t, err := requestToken(ctx, s.stamper, s.alg.Hash, cms.Sum(s.alg.Hash, value))
	if err == nil {
		s.tokenSize.Store(int64(len(der)))
	}
	return der, t, err
}

func requestToken(ctx context.Context, stamper Timestamper, h crypto.Hash, digest []byte) ([]byte, *Token, error) {
	der, err := stamper.Timestamp(ctx, h, digest)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrTimestampUnavailable, err)
	}
	t, err := ParseToken(der)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrTimestampUnavailable, err)
	}
	if !t.Stamps(h, digest) {
		return nil, nil, fmt.Errorf("%w: message imprint mismatch", ErrTimestampUnavailable)
	}
	if definite, size, ok := cms.Definite(der); ok && size == len(der) {
		der = definite // a token in BER would make the seal around it BER too
	}
	return der, t, nil
}

// reserve estimates the size of the CMS structure: certificates, signature value, the last token with a third to spare,
// and the fixed parts.
func (s *Sealer) reserve() int {
	n := 1024 + s.alg.Size
	for _, c := range s.chain {
		n += len(c.Raw)
	}
	if s.stamper != nil {
		n += int(s.tokenSize.Load()) * 4 / 3
	}
	return n
}

// sign returns the signature value over the signed attributes.
func (s *Sealer) sign(attributes []byte) ([]byte, error) {
	if s.signer == nil {
		return nil, errors.New("pades: Config.Signer is required")
	}
	input := attributes
	if !s.alg.Pure {
		input = cms.Sum(s.alg.Hash, attributes)
	}
	value, err := s.signer.Sign(s.rand, input, s.alg.Opts)
	if err != nil {
		return nil, fmt.Errorf("pades: sealing key: %w", err)
	}
	return value, nil
}

// checkValue makes sure that a signer signed with the right key before anything is made of its answer.
func (s *Sealer) checkValue(attributes, value []byte) error {
	if err := s.alg.Verify(s.chain[0].PublicKey, attributes, value); err != nil {
		return fmt.Errorf("pades: sealing key: %w", err)
	}
	return nil
}

func asNotExtendable(err error) error {
	var r *pdf.Refusal
	switch {
	case errors.As(err, &r) && r.Reason == pdf.ReasonDamaged:
		return &NotExtendableError{Reason: pdf.BlockDamaged}
	case errors.As(err, &r):
		return fmt.Errorf("%w: %w", ErrNotPDF, err)
	}
	return err
}
