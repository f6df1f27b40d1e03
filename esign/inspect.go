package esign

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/validate"
)

// InProcess examines files in this process: it enforces counted limits, but not
// limits of time or memory. Signatures of others are trusted if they chain to
// roots; without roots their trust is unknown.
func InProcess(l Limits, roots *x509.CertPool) Inspector { return inProcess{l, roots} }

type inProcess struct {
	limits Limits
	roots  *x509.CertPool
}

func (i inProcess) Inspect(ctx context.Context, raw []byte) (*Inspection, error) {
	d, err := pdf.Read(raw, pdf.Limits(i.limits))
	if err != nil {
		return nil, err
	}
	info, err := pdfinspect.InspectDocument(ctx, d)
	if err != nil {
		return nil, err
	}
	out := &Inspection{
		Pages: len(info.Pages), Encrypted: info.Encrypted, ActiveContent: info.ActiveContent, Warnings: info.Warnings,
		Sealing: Sealing{info.Sealing.Mode, info.Sealing.Reason},
	}
	if err := ownMarks(ctx, d, out); err != nil {
		return nil, err
	}
	if !info.Signed {
		return out, nil
	}
	roots := i.roots
	if roots == nil {
		roots = x509.NewCertPool()
	}
	report, err := pades.Verify(ctx, raw, pades.Options{Roots: roots, Limits: pades.Limits{Bytes: int64(len(raw)) + 1}})
	if err != nil {
		return nil, err
	}
	for _, s := range report.Signatures {
		if i.roots == nil { // nobody was named to be trusted, so distrust is no problem of the signature
			s.Trust = pades.TrustUnknown
			if s.Problem == s.TrustProblem {
				s.Problem = ""
			}
		}
		out.Signatures = append(out.Signatures, inspected(s))
	}
	if report.Problem != "" {
		out.Warnings = append(out.Warnings, report.Problem)
	}
	return out, nil
}

// ownMarks names the marks of this system that the file bears.
func ownMarks(ctx context.Context, d *pdf.Document, out *Inspection) error {
	d.Renew()
	marks, err := copymark.FindOwnMarks(ctx, d)
	if err != nil {
		return err
	}
	out.OwnMarks = marks.Kinds()
	var warnings []string
	for _, m := range marks.Found {
		warnings = append(warnings, "the file has a mark of this system and is not an original: "+m.String())
	}
	if marks.Unread != "" {
		warnings = append(warnings, "the file could not be searched completely for marks of this system: "+marks.Unread)
	}
	out.Warnings = append(warnings, out.Warnings...)
	return nil
}

func inspected(s pades.SignatureReport) InspectedSignature {
	in := InspectedSignature{
		Field: s.Field, Subject: s.Subject, Level: s.Level, Integrity: s.Integrity, Coverage: s.Coverage,
		ChangesAfter: s.ChangesAfter, Changes: s.Changes, Trust: s.Trust, Reason: s.Reason,
		Problem: cmp.Or(s.Problem, s.Weakness),
	}
	if !s.SigningTime.IsZero() {
		at := environ.Micro(s.SigningTime)
		in.SigningTime = &at
	}
	return in
}

// inspect asks the Inspector and applies the policy on active content.
func (e *Engine) inspect(ctx context.Context, raw []byte) (*Inspection, error) {
	if int64(len(raw)) > e.cfg.Limits.Bytes {
		return nil, &Refusal{Reason: pdf.ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, at most %d are accepted", len(raw), e.cfg.Limits.Bytes)}
	}
	in, err := e.cfg.Inspector.Inspect(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", err)
	}
	if e.cfg.ActiveContent == ActiveContentReject && len(in.ActiveContent) > 0 {
		return nil, validate.Fail("document", "active_content", "contains %s", strings.Join(in.ActiveContent, ", "))
	}
	return in, nil
}
