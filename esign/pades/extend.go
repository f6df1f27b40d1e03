package pades

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/revocation"
)

var (
	// ErrRevocationUnavailable: no revocation information is available for a
	// certificate. Nothing was extended; try again later.
	ErrRevocationUnavailable = errors.New("pades: no revocation information available")
	// ErrNotValid: the file has no signature, or a signature that is not valid,
	// not trusted, or followed by changes that it forbids.
	ErrNotValid = errors.New("pades: not all signatures of the file are valid and trusted")
)

// ExtenderConfig of [NewExtender].
type ExtenderConfig struct {
	// Roots are the trust anchors; all signatures of a file must be valid under them. Required.
	Roots *x509.CertPool
	// Intermediates helps to build chains; default none.
	Intermediates []*x509.Certificate
	// Revocation provides revocation data for every certificate except the roots. Required.
	Revocation RevocationSource
	// Timestamper adds a document time-stamp over all (level B-LTA); default none (level B-LT).
	Timestamper Timestamper
	// Now is the clock; default time.Now.
	Now    func() time.Time
	Limits Limits
}

// Extender raises sealed files to the levels for long-term preservation (ETSI EN 319 142-1 §6.3): it adds the
// certificates and revocation data that verification will need to the document security store (§5.4.2), and with a
// Timestamper a document time-stamp (§5.4.3) over the file. To keep a B-LTA file verifiable, extend it again before the
// authority's certificate expires.
//
// An Extender is safe for concurrent use if Revocation and Timestamper are.
type Extender struct{ c ExtenderConfig }

// NewExtender checks the configuration. It does no I/O.
func NewExtender(c ExtenderConfig) (*Extender, error) {
	switch {
	case c.Roots == nil:
		return nil, errors.New("pades: ExtenderConfig.Roots is required")
	case c.Revocation == nil:
		return nil, errors.New("pades: ExtenderConfig.Revocation is required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Extender{c: c}, nil
}

// Level is the level of an extended B-T seal: LevelBLT, or LevelBLTA with a time-stamp authority.
func (e *Extender) Level() string {
	if e.c.Timestamper == nil {
		return LevelBLT
	}
	return LevelBLTA
}

// Extension is the result of Extend: the extended file is the old one followed by Appended.
type Extension struct {
	Appended []byte
	SHA256   [32]byte // of the extended file
	Size     int64    // of the extended file
	Level    string   // LevelBLT or LevelBLTA: what signatures of level B-T reach by it
	Field    string   // of the document time-stamp; "" without one
	Time     time.Time
}

// Extend verifies raw and appends one incremental update. Errors: [ErrNotValid], [ErrRevocationUnavailable],
// [ErrTimestampUnavailable], [ErrNotExtendable], [ErrNotPDF], *[SizeError], and ctx's.
func (e *Extender) Extend(ctx context.Context, raw []byte) (*Extension, error) {
	d, err := pdf.Open(raw, e.c.Limits.pdf())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPDF, err)
	}
	v := &verification{ctx: ctx, doc: d, report: &Report{}, options: Options{
		Roots: e.c.Roots, Intermediates: e.c.Intermediates, Now: e.c.Now(), Limits: e.c.Limits,
	}}
	if err := v.run(); err != nil {
		return nil, err
	}
	if problem := v.finish().firstProblem(); problem != "" {
		return nil, fmt.Errorf("%w: %s", ErrNotValid, problem)
	}
	material, err := e.collect(ctx, v)
	if err != nil {
		return nil, err
	}
	u, err := d.Update()
	if err != nil {
		return nil, asNotExtendable(err)
	}
	if err := u.AvoidDangling(); err != nil {
		return nil, asNotExtendable(err)
	}
	if _, err := signing.AddValidationMaterial(u, material...); err != nil {
		return nil, asNotExtendable(err)
	}
	if e.c.Timestamper == nil {
		appended, err := u.Close()
		if err != nil {
			return nil, err
		}
		out := &Extension{
			Appended: appended, Level: LevelBLT, Time: v.options.Now.UTC(), Size: int64(len(raw) + len(appended)),
		}
		h := crypto.SHA256.New()
		h.Write(raw)
		h.Write(appended)
		h.Sum(out.SHA256[:0])
		return out, nil
	}
	return e.stamp(ctx, raw, u)
}

// firstProblem says why the signatures of a file are not preserved, "" when they are: all must be intact.
func (r *Report) firstProblem() string {
	for _, s := range r.Signatures {
		if !s.intact() {
			return s.Field + ": " + s.Problem
		}
	}
	if len(r.Signatures) == 0 && r.Problem == "" {
		return "it has none"
	}
	return r.Problem
}

// collection gathers what the chains of all signatures need.
type collection struct {
	*Extender
	ctx   context.Context
	now   time.Time
	known *revocation.Answers // what the file carries and what was fetched
	part  *signing.Material
}

// collect finds what the chains of all signatures need, signature by signature, and fetches what the file does not
// carry.
func (e *Extender) collect(ctx context.Context, v *verification) ([]signing.Material, error) {
	c := &collection{Extender: e, ctx: ctx, now: v.options.Now, known: v.embedded}
	var parts []signing.Material
	for _, s := range v.signatures {
		c.part = &signing.Material{Contents: s.sig.Value, At: c.now}
		for _, chain := range s.chains {
			for i, cert := range chain.certificates {
				c.carry(cert)
				if i+1 == len(chain.certificates) {
					continue
				}
				if err := c.settle(cert, chain.certificates[i+1], chain.at); err != nil {
					return nil, err
				}
			}
		}
		parts = append(parts, *c.part)
	}
	return parts, nil
}

func (c *collection) carry(cert *x509.Certificate) {
	c.part.Certificates = include(c.part.Certificates, cert.Raw)
}

// include adds der to a list that does not hold it.
func include(list [][]byte, der []byte) [][]byte {
	if slices.ContainsFunc(list, func(x []byte) bool { return bytes.Equal(x, der) }) {
		return list
	}
	return append(list, der)
}

// settle makes sure that what is known answers for one certificate, and takes the answer into the part.
func (c *collection) settle(cert, issuer *x509.Certificate, at time.Time) error {
	status, p := c.known.Certificate(cert, issuer, at, c.now)
	if status == revocation.Unknown {
		if err := c.fetch(cert, issuer, 0); err != nil {
			return err
		}
		status, p = c.known.Certificate(cert, issuer, at, c.now)
	}
	switch status {
	case revocation.Revoked:
		return fmt.Errorf("%w: %s: %w", ErrNotValid, cert.Subject.CommonName, errRevoked)
	case revocation.Unknown:
		return fmt.Errorf("%w: %s: the OCSP response or CRL does not verify", ErrRevocationUnavailable, cert.Subject.CommonName)
	}
	for _, r := range p.Certificates {
		c.carry(r)
	}
	for _, der := range p.OCSPs {
		c.part.OCSPs = include(c.part.OCSPs, der)
	}
	for _, der := range p.CRLs {
		c.part.CRLs = include(c.part.CRLs, der)
	}
	return nil
}

// fetch asks about one certificate, and about the responder that answered where its own revocation counts.
func (c *collection) fetch(cert, issuer *x509.Certificate, depth int) error {
	response, list, err := c.c.Revocation.Revocation(c.ctx, cert, issuer)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrRevocationUnavailable, cert.Subject.CommonName, err)
	}
	var ocsps, lists [][]byte
	if response != nil {
		ocsps = [][]byte{response}
	}
	if list != nil {
		lists = [][]byte{list}
	}
	c.known.Add(ocsps, lists)
	if responder := c.known.Unanswered(response, cert, issuer, c.now, depth); responder != nil {
		return c.fetch(responder, issuer, depth+1)
	}
	return nil
}

// tokenRoom is the room for the token of a document time-stamp.
const tokenRoom = 16 << 10

// stamp closes the update with a document time-stamp (ETSI EN 319 142-1 §5.4.3; ISO 32000-2 §12.8.5).
func (e *Extender) stamp(ctx context.Context, raw []byte, u *pdf.Update) (*Extension, error) {
	sig := signing.Reserve(u, pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"), "Filter": filterPPKLite, "SubFilter": pdf.Name(subFilterStamp),
	}, tokenRoom)
	page, err := u.Document().FirstPage()
	if err != nil {
		return nil, asNotExtendable(err)
	}
	field, err := addField(u, "Timestamp", sig.Ref, overlay.Widget{Page: page}, nil)
	if err != nil {
		return nil, asNotExtendable(err)
	}
	p, err := sig.Close()
	if err != nil {
		return nil, err
	}
	file := crypto.SHA256.New()
	p.HashPrefix(file)
	own := crypto.SHA256.New()
	if c, ok := file.(hash.Cloner); ok {
		if own, err = c.Clone(); err != nil {
			return nil, fmt.Errorf("pades: %w", err)
		}
	} else {
		p.HashPrefix(own)
	}
	p.HashSuffix(own)
	der, token, err := requestToken(ctx, e.c.Timestamper, crypto.SHA256, own.Sum(nil))
	if err != nil {
		return nil, err
	}
	appended, err := p.Embed(der)
	if err != nil {
		return nil, &SizeError{Need: len(der), Reserved: p.Reserved()}
	}
	p.HashRest(file)
	out := &Extension{
		Appended: appended, Level: LevelBLTA, Field: field, Time: token.Time, Size: int64(len(raw) + len(appended)),
	}
	file.Sum(out.SHA256[:0])
	return out, nil
}
