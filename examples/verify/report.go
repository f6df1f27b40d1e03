package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/evaultlib/evault/compliance/certificate"
)

// report prints what a certificate says that verifies, the verdict first, and
// returns the exit status.
func (v verifier) report(c *certificate.Certificate, problem string) int {
	status, verdict := judge(c, problem)
	say := func(format string, args ...any) { fmt.Fprintln(v.out, oneLine(fmt.Sprintf(format, args...))) }
	say("result: %s", verdict)
	if declared := onBasis(c, certificate.Declared); status == met && declared != "" {
		say("met as declared: what somebody said, and nobody verified, is needed for %s", declared)
	}
	if attested := onBasis(c, certificate.Attested); attested != "" {
		say("attested, not verified: %s", attested)
	}
	if c.Compliance.Score != nil {
		say("score: %d of 100", *c.Compliance.Score)
	}
	say("as of: %s; it says nothing of later times", moment(c.AsOf))
	say("certificate: %s, serial %d, issued %s, on %s", c.ID, c.Serial, moment(c.IssuedAt), c.Cause.Type)
	say("envelope: %s (%s)", c.Subject.EnvelopeID, c.Subject.Status)
	say("result rests on: %s", c.Compliance.Basis)
	say("regime: %s, basis %s, jurisdiction %s", c.Regime, c.RegimeBasis, c.Jurisdiction)
	held := c.AuthoritativeCopy
	say("authoritative copy: sha256 %s, version %d, held here: %v", held.SHA256, held.Version, held.HeldHere)
	if r := held.Recipient; r != nil {
		say("released to: %s %s", r.Name, r.Organization)
	}
	say("assignee: %s; controller: %s; custodian: %s", c.Assignee.Name, c.Controller.Name, c.Custodian.Name)
	for _, x := range c.Compliance.Checks {
		say("check: %s, basis %s: %s %s", satisfied(x), x.Basis, x.Reference, x.Requirement)
		say("  %s", x.Detail)
	}
	for _, d := range c.Declarations {
		say("declared by %s (%s): %s", d.By, d.Kind, d.Statement)
	}
	for _, f := range c.Compliance.Findings {
		say("finding: %s: %s", f.ID, f.Detail)
	}
	if c.VerifyURL != nil {
		say("ask what the bytes are now: %s", *c.VerifyURL)
	}
	say("issued by: %s", c.System.Issuer)
	say("log: %s at size %d; %d events verify", c.Log.Origin, c.Log.TreeSize, len(c.Log.Entries))
	say("notice: %s", c.LegalNotice)
	say("not checked here: the document itself (compare its SHA-256), and what the issuer and others declared")
	return status
}

// oneLine keeps a text of the certificate from looking like a line of the report.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func moment(t certificate.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// judge gives the exit status and its words.
func judge(c *certificate.Certificate, problem string) (int, string) {
	switch r := c.Compliance; {
	case problem != "":
		return stale, "verified, but stale or unknown: " + problem
	case !c.AuthoritativeCopy.HeldHere:
		return notMet, "verified; the original was released and is no longer held here"
	case r.Compliant == nil:
		return notMet, "verified; no requirement was evaluated, nothing is said about control"
	case !*r.Compliant:
		return notMet, fmt.Sprintf("verified, but not met: %d of %d requirements", len(r.MissingRequirements), len(r.Checks))
	}
	return met, "verified, every requirement met"
}

// onBasis names the requirements of a basis.
func onBasis(c *certificate.Certificate, basis string) string {
	var list []string
	for _, x := range c.Compliance.Checks {
		if x.Basis == basis {
			list = append(list, x.ID)
		}
	}
	return strings.Join(list, ", ")
}

func satisfied(x certificate.Check) string {
	switch {
	case x.Satisfied == nil:
		return "does not apply any more"
	case *x.Satisfied:
		return "satisfied"
	}
	return "not satisfied"
}

// stateIn reads the answer of the verify address.
func stateIn(answer []byte) string {
	var body struct {
		Data struct {
			State string `json:"state"`
		} `json:"data"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return ""
	}
	return body.Data.State
}
