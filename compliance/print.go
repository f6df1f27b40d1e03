package compliance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

const printNotice = " These pages show, for reading and filing, what the certificate says. The certificate itself is the signed JSON " +
	"document (compact JWS) whose SHA-256 stands under Digests; only its signature is proof. Digests are SHA-256 (FIPS 180-4), those of " +
	"log entries as RFC 6962 section 2.1 has it."

// printVerify follows where the pages have a verify address.
const printVerify = " The verify address tells what the vault says of the authoritative copy now."

// CustodyRecord returns a certificate as pages that can be read and filed: what
// was found, the custody chain, signatures, copies, powers, log entries and
// digests, with the verify address of the certificate, if any, as a QR code.
// The same certificate makes the same bytes.
func (e *Engine) CustodyRecord(ctx context.Context, c *Certificate) ([]byte, error) {
	b, err := pdf.ReportPDF(ctx, e.custodyRecord(c))
	if err != nil {
		return nil, fmt.Errorf("custody record of %s: %w", c.Subject.EnvelopeID, err)
	}
	return b, nil
}

func (e *Engine) custodyRecord(c *Certificate) pdf.Report {
	r := pdf.Report{
		Title: "Custody record", Subtitle: c.Subject.EnvelopeName, Facts: c.facts(), Digests: c.digests(),
		Tables: []pdf.ReportTable{c.requirements(), c.findings(), c.custody(), c.signed(), c.acknowledged(), c.declared(), c.whoMay(), c.copied(), c.logged(), c.keys()},
		Notice: c.LegalNotice + printNotice, Footer: "Certificate " + c.ID + " · envelope " + c.Subject.EnvelopeID, At: c.IssuedAt.Time, Fonts: e.fonts,
	}
	if c.VerifyURL != nil {
		r.VerifyURL = *c.VerifyURL
		r.Notice += printVerify
	}
	return r
}

const printTime = "2006-01-02 15:04:05"

func (t *Time) print() string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(printTime)
}

// line is its arguments that are not empty, apart by commas.
func line(s ...string) string {
	return strings.Join(slices.DeleteFunc(s, func(s string) bool { return s == "" }), ", ")
}

func (p Party) print() string { return line(p.Name, p.Identifier, p.Email) }

func (c *Certificate) facts() []pdf.ReportFact {
	regime := c.Regime
	if r, err := RegimeByID(c.Regime); err == nil {
		regime = r.Title
	}
	held := c.AuthoritativeCopy
	list := []pdf.ReportFact{
		{Label: "Result", Value: c.Compliance.print()},
		{Label: "Law", Value: line(regime, c.basis(), c.Jurisdiction)},
		{Label: "Authoritative copy", Value: fmt.Sprintf("%s, version %d, %d bytes, vaulted %s UTC", held.CopyID, held.Version, held.Size, held.VaultedAt.print())},
		{Label: "Held here", Value: held.print()},
		{Label: "Seal", Value: c.Seal.print()},
		{Label: "Secured party", Value: c.SecuredParty.print()},
	}
	if c.Assignee != c.SecuredParty {
		list = append(list, pdf.ReportFact{Label: "Assignee", Value: c.Assignee.print()})
	}
	custodian := c.Custodian.print()
	if a := c.Custodian.Acknowledgment; a != nil {
		custodian += fmt.Sprintf("; acknowledgment %s of %s UTC", a.ID, a.At.print())
	}
	controls, keeps := "Controller", "Custodian"
	if !held.HeldHere {
		controls, keeps = "Controller until the release", "Custodian until the release"
	}
	list = append(list,
		pdf.ReportFact{Label: controls, Value: line(c.Controller.print(), boundByWords[c.Controller.BoundBy])},
		pdf.ReportFact{Label: keeps, Value: custodian},
		pdf.ReportFact{Label: "Envelope", Value: c.Subject.EnvelopeID},
	)
	if c.Subject.CustomerID != "" {
		list = append(list, pdf.ReportFact{Label: "Customer", Value: c.Subject.CustomerID})
	}
	issued := fmt.Sprintf("%s, no. %d, issued %s UTC after the event %s", c.ID, c.Serial, c.IssuedAt.print(), c.Cause.Type)
	if c.Supersedes != nil {
		issued += "; supersedes " + *c.Supersedes
	}
	if a := c.AuthoritativeCopy; a.ReleaseReason != "" {
		list = append(list, pdf.ReportFact{Label: "Reason of the release", Value: line(strings.ReplaceAll(a.ReleaseReason, "_", " "), a.ReleaseNote)})
	}
	if a := c.Attestation; a != nil {
		list = append(list, pdf.ReportFact{Label: "Signers of the paper", Value: "as declared: " + strings.Join(a.SignedBy, "; ")})
	}
	if a := c.Classification; a != nil {
		list = append(list, pdf.ReportFact{Label: "What the record is", Value: "as answered by the depositor: " + a.print()})
	}
	return append(list,
		pdf.ReportFact{Label: "Issued by", Value: c.System.Issuer},
		pdf.ReportFact{Label: "Log checkpoints", Value: "kept: " + c.System.Anchors},
		pdf.ReportFact{Label: "Certificate", Value: issued},
		pdf.ReportFact{Label: "As of", Value: c.AsOf.print() + " UTC; says nothing of later times"},
		pdf.ReportFact{Label: "System", Value: line(c.System.Name, c.System.Version, "rules "+c.System.RulesVersion)},
	)
}

var basisWords = map[string]string{
	BasisDeclared: "as the depositor declared", BasisClassified: "from the depositor's answers about the record",
	BasisDefault: "the default of this installation, since the depositor named none",
}

// basis says how the regime was chosen. Where the deposit is not proved, its default
// stands in for a law that may have been named.
func (c *Certificate) basis() string {
	if slices.ContainsFunc(c.Compliance.Findings, func(f Finding) bool { return f.ID == regimeUnknown }) {
		return "the default of this installation, since the law of the deposit is not proved"
	}
	return basisWords[c.RegimeBasis]
}

// boundByWords say how a controller acts.
var boundByWords = map[string]string{
	vault.BoundByOrganization: "acting itself, through its members and API keys",
	vault.BoundByAgent:        "acting for the assignee under an agreement, as declared",
	vault.BoundByNone:         "for an assignee whose agent is not on record",
}

// print says where the seal is, of what level, and whose time it has.
func (s Seal) print() string {
	where := "in the file"
	if s.Mode == vault.SealingDetached {
		where = "beside the file, which cannot carry one (" + strings.ReplaceAll(s.Reason, "_", " ") + ")"
	}
	return line(where, "PAdES level "+s.Level, "time from the "+strings.TrimPrefix(s.TimeSource, "the "))
}

func (a Answers) print() string {
	var list []string
	for _, q := range []struct {
		what string
		yes  bool
	}{
		{"promise to pay", a.PromiseToPay},
		{"specific goods", a.SpecificGoods},
		{"lease of goods", a.LeaseOfGoods},
		{"document of title", a.DocumentOfTitle},
		{"issuer agreement clause", a.IssuerAgreementClause},
		{"real property", a.RealProperty},
	} {
		answer := "no"
		if q.yes {
			answer = "yes"
		}
		list = append(list, q.what+": "+answer)
	}
	return line(list...)
}

func (h Held) print() string {
	if h.HeldHere {
		return "yes"
	}
	to := ""
	if h.Recipient != nil {
		to = " to " + line(h.Recipient.Name, h.Recipient.Organization, h.Recipient.Email)
	}
	return fmt.Sprintf("no: released %s UTC%s. Who controls the original since is outside this record.", h.ReleasedAt.print(), to)
}

func (r Result) print() string {
	if len(r.Checks) == 0 {
		return fmt.Sprintf("No control statute was examined; custody is recorded, basis %s; copy %s; evaluated %s UTC", r.Basis, r.State, r.EvaluatedAt.print())
	}
	met, failed := 0, 0
	for _, k := range r.Checks {
		if k.Met() {
			met++
		}
		if k.Failed() {
			failed++
		}
	}
	if r.Compliant == nil || r.Score == nil {
		return fmt.Sprintf("The copy is %s. Of %d requirements %d are met, %d are not met, and %d no longer apply; basis %s; evaluated %s UTC",
			r.State, len(r.Checks), met, failed, len(r.Checks)-met-failed, r.Basis, r.EvaluatedAt.print())
	}
	word := "Requirements not met"
	if *r.Compliant {
		word = "Requirements met"
	}
	return fmt.Sprintf("%s: %d of %d (score %d of 100), basis %s; copy %s; evaluated %s UTC", word, met, len(r.Checks), *r.Score, r.Basis, r.State, r.EvaluatedAt.print())
}

func (c *Certificate) digests() []pdf.ReportDigest {
	list := []pdf.ReportDigest{
		{Label: fmt.Sprintf("Authoritative copy, version %d", c.AuthoritativeCopy.Version), Hex: string(c.AuthoritativeCopy.SHA256)},
		{Label: "Document as deposited", Hex: string(c.AuthoritativeCopy.DepositedSHA256)},
	}
	if c.Seal.SHA256 != "" {
		list = append(list, pdf.ReportDigest{Label: "Detached seal", Hex: string(c.Seal.SHA256)})
	}
	return append(list,
		pdf.ReportDigest{Label: "Certificate (compact JWS)", Hex: string(storage.Sum([]byte(c.JWS)))},
		pdf.ReportDigest{Label: "Rules of the evaluation", Hex: string(c.System.RulesSHA256)},
		pdf.ReportDigest{Label: fmt.Sprintf("Log %s, root at %d entries (base64)", c.Log.Origin, c.Log.TreeSize), Hex: c.Log.RootHash},
	)
}
