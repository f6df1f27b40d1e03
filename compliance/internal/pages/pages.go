// Package pages lays a certificate out to read and file: the custody record. It prints
// what the certificate says, and no more.
//
// Stability: internal, for package compliance; it may change with any version.
package pages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

const printNotice = " These pages show, for reading and filing, what the certificate says. The certificate itself is the signed JSON " +
	"document (compact JWS) whose SHA-256 stands under Digests; only its signature is proof. Digests are SHA-256 (FIPS 180-4), those of " +
	"log entries as RFC 6962 section 2.1 has it."

// printVerify follows where the pages have a verify address.
const printVerify = " The verify address tells what the vault says of the authoritative copy now."

// Report lays a certificate out. The same certificate makes the same report.
func Report(c *certificate.Certificate, fonts font.Fonts) typeset.Report {
	r := typeset.Report{
		Title: "Custody record", Subtitle: c.Subject.EnvelopeName, Facts: recordFacts(c), Digests: recordDigests(c),
		Tables: []typeset.Table{
			requirementsTable(c), findingsTable(c), custodyTable(c), signaturesTable(c), acknowledgmentsTable(c),
			declarationsTable(c), powersTable(c), copiesTable(c), logTable(c), keysTable(c),
		},
		Notice: c.LegalNotice + printNotice, Footer: "Certificate " + c.ID + " · envelope " + c.Subject.EnvelopeID,
		At: c.IssuedAt.Time, Fonts: fonts,
	}
	if c.VerifyURL != nil {
		r.VerifyURL = *c.VerifyURL
		r.Notice += printVerify
	}
	return r
}

const printTime = "2006-01-02 15:04:05"

// UTC is a time to the second, "" for none.
func UTC(t *certificate.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(printTime)
}

// line is its arguments that are not empty, apart by commas.
func line(s ...string) string {
	return strings.Join(slices.DeleteFunc(s, func(s string) bool { return s == "" }), ", ")
}

func partyText(p certificate.Party) string { return line(p.Name, p.Identifier, p.Email) }

func recordFacts(c *certificate.Certificate) []typeset.Fact {
	regime := c.Regime
	if r, known := certificate.RegimeByID(c.Regime); known {
		regime = r.Title
	}
	held := c.AuthoritativeCopy
	list := []typeset.Fact{
		{Label: "Result", Value: resultText(c.Compliance)},
		{Label: "Law", Value: line(regime, basisText(c), c.Jurisdiction)},
		{Label: "Authoritative copy", Value: fmt.Sprintf("%s, version %d, %d bytes, vaulted %s UTC", held.CopyID, held.Version, held.Size, UTC(&held.VaultedAt))},
		{Label: "Held here", Value: heldText(held)},
		{Label: "Seal", Value: sealText(c.Seal)},
		{Label: "Secured party", Value: partyText(c.SecuredParty)},
	}
	if c.Assignee != c.SecuredParty {
		list = append(list, typeset.Fact{Label: "Assignee", Value: partyText(c.Assignee)})
	}
	custodian := partyText(c.Custodian.Party)
	if a := c.Custodian.Acknowledgment; a != nil {
		custodian += fmt.Sprintf("; acknowledgment %s of %s UTC", a.ID, UTC(&a.At))
	}
	controls, keeps := "Controller", "Custodian"
	if !held.HeldHere {
		controls, keeps = "Controller until the release", "Custodian until the release"
	}
	list = append(list,
		typeset.Fact{Label: controls, Value: line(partyText(c.Controller.Party), boundByWords[c.Controller.BoundBy])},
	)
	if k := c.Controller.ControlKey; k != "" {
		list = append(list, typeset.Fact{Label: "Control key (RFC 7638)", Value: k})
	}
	if i := c.Interest; i != nil {
		list = append(list, typeset.Fact{Label: "Interest of the controller", Value: interestText(*i)})
	}
	list = append(list,
		typeset.Fact{Label: keeps, Value: custodian},
		typeset.Fact{Label: "Envelope", Value: c.Subject.EnvelopeID},
	)
	if c.Subject.CustomerID != "" {
		list = append(list, typeset.Fact{Label: "Customer", Value: c.Subject.CustomerID})
	}
	issued := fmt.Sprintf("%s, no. %d, issued %s UTC after the event %s", c.ID, c.Serial, UTC(&c.IssuedAt), c.Cause.Type)
	if c.Supersedes != nil {
		issued += "; supersedes " + *c.Supersedes
	}
	if a := c.AuthoritativeCopy; a.ReleaseReason != "" {
		list = append(list, typeset.Fact{Label: "Reason of the release", Value: line(strings.ReplaceAll(a.ReleaseReason, "_", " "), a.ReleaseNote)})
	}
	if a := c.Attestation; a != nil {
		list = append(list, typeset.Fact{Label: "Signers of the paper", Value: "as declared: " + strings.Join(a.SignedBy, "; ")})
	}
	if a := c.Classification; a != nil {
		list = append(list, typeset.Fact{Label: "What the record is", Value: "as answered by the depositor: " + Answers(*a)})
	}
	return append(list,
		typeset.Fact{Label: "Issued by", Value: c.System.Issuer},
		typeset.Fact{Label: "Log checkpoints", Value: "kept: " + c.System.Anchors},
		typeset.Fact{Label: "Certificate", Value: issued},
		typeset.Fact{Label: "As of", Value: UTC(&c.AsOf) + " UTC; says nothing of later times"},
		typeset.Fact{Label: "System", Value: line(c.System.Name, c.System.Version, "rules "+c.System.RulesVersion)},
	)
}

var basisWords = map[string]string{
	certificate.BasisDeclared: "as the depositor declared", certificate.BasisClassified: "from the depositor's answers about the record",
	certificate.BasisDefault: "the default of this installation, since the depositor named none",
}

// basisText says how the regime was chosen. Where the deposit is not proved, its default
// stands in for a law that may have been named.
func basisText(c *certificate.Certificate) string {
	if slices.ContainsFunc(c.Compliance.Findings, func(f certificate.Finding) bool { return f.ID == certificate.RegimeUnknown }) {
		return "the default of this installation, since the law of the deposit is not proved"
	}
	return basisWords[c.RegimeBasis]
}

// boundByWords say how a controller acts.
var boundByWords = map[string]string{
	string(custody.BoundByOrganization): "acting itself, through its members and API keys",
	string(custody.BoundByControlKey):   "acting by its own key alone",
	string(custody.BoundByAgent):        "acting for the assignee under an agreement, as declared",
	string(custody.BoundByNone):         "for an assignee whose agent is not on record",
}

// BoundBy says how a controller acts, "" for a word that is not known.
func BoundBy(word string) string { return boundByWords[word] }

// sealText says where the seal is, of what level, and whose time it has.
func sealText(s certificate.Seal) string {
	where := "in the file"
	if s.Mode == string(custody.SealingDetached) {
		where = "beside the file, which cannot carry one (" + strings.ReplaceAll(s.Reason, "_", " ") + ")"
	}
	return line(where, "PAdES level "+s.Level, "time from the "+strings.TrimPrefix(s.TimeSource, "the "))
}

// Answers says how the depositor answered each question about the record.
func Answers(a certificate.Answers) string {
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

func heldText(h certificate.Held) string {
	if h.HeldHere {
		return "yes"
	}
	to := ""
	if h.Recipient != nil {
		to = " to " + line(h.Recipient.Name, h.Recipient.Organization, h.Recipient.Email)
	}
	return fmt.Sprintf("no: released %s UTC%s. Who controls the original since is outside this record.", UTC(h.ReleasedAt), to)
}

func resultText(r certificate.Result) string {
	if len(r.Checks) == 0 {
		return fmt.Sprintf("No control statute was examined; custody is recorded, basis %s; copy %s; evaluated %s UTC", r.Basis, r.State, UTC(&r.EvaluatedAt))
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
			r.State, len(r.Checks), met, failed, len(r.Checks)-met-failed, r.Basis, UTC(&r.EvaluatedAt))
	}
	word := "Requirements not met"
	if *r.Compliant {
		word = "Requirements met"
	}
	return fmt.Sprintf("%s: %d of %d (score %d of 100), basis %s; copy %s; evaluated %s UTC", word, met, len(r.Checks), *r.Score, r.Basis, r.State, UTC(&r.EvaluatedAt))
}

func recordDigests(c *certificate.Certificate) []typeset.Digest {
	list := []typeset.Digest{
		{Label: fmt.Sprintf("Authoritative copy, version %d", c.AuthoritativeCopy.Version), Hex: string(c.AuthoritativeCopy.SHA256)},
		{Label: "Document as deposited", Hex: string(c.AuthoritativeCopy.DepositedSHA256)},
	}
	if c.Seal.SHA256 != "" {
		list = append(list, typeset.Digest{Label: "Detached seal", Hex: string(c.Seal.SHA256)})
	}
	return append(list,
		typeset.Digest{Label: "Certificate (compact JWS)", Hex: string(storage.Sum([]byte(c.JWS)))},
		typeset.Digest{Label: "Rules of the evaluation", Hex: string(c.System.RulesSHA256)},
		typeset.Digest{Label: fmt.Sprintf("Log %s, root at %d entries (base64)", c.Log.Origin, c.Log.TreeSize), Hex: c.Log.RootHash},
	)
}

// interestText says what a controller has in the copy.
func interestText(i certificate.Interest) string {
	if i.PledgedBy == nil {
		return i.Kind
	}
	text := i.Kind + ", pledged by " + partyText(*i.PledgedBy)
	if o := i.Obligation; o != nil {
		text += ", securing " + strings.TrimSpace(o.Reference+" "+o.Amount+" "+o.Currency)
	}
	return text
}
