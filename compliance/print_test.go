package compliance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/compliance/internal/pages"
	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// notPrinted are the parts of a certificate that are for programs: proofs, keys,
// and what the evidence of each check is, of which its kind and number are shown.
var notPrinted = map[string]bool{
	"jws": true, "certificate_type": true, "certificate_version": true, "cause.event_id": true, "regime": true, "regime_basis": true,
	"compliance.regime": true, "compliance.checks.id": true, "compliance.checks.evidence.ref": true, "compliance.checks.evidence.sha256": true,
	"compliance.checks.evidence.log_index": true,
	"compliance.findings.id":               true, "compliance.missing_requirements": true, "custody.event_id": true, "custodian.kind": true, "copies.kind": true,
	"attestation.origin": true, "log.checkpoint": true, "log.entries.inclusion_proof": true, "log.entries.event_id": false, "subject.status": true, "declarations.kind": true,
	"signatures.signer_id": true, "signatures.auth": true, "signatures.disclosure_sha256": true, "log.entries.canonical": true,
}

// leaves calls f with every text and number in v.
func leaves(path string, v any, f func(path, value string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			leaves(strings.TrimPrefix(path+"."+k, "."), x, f)
		}
	case []any:
		for _, x := range v {
			leaves(path, x, f)
		}
	case string:
		f(path, v)
	case json.Number:
		f(path, v.String())
	}
}

// shown is all the text of a report.
func shown(r typeset.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Title, r.Subtitle, r.VerifyURL, r.Notice, r.Footer, r.Facts, r.Digests)
	for _, t := range r.Tables {
		if len(t.Rows) > 0 {
			fmt.Fprintln(&b, t.Heading, t.Columns)
		}
		for _, row := range t.Rows {
			for _, c := range row {
				fmt.Fprintln(&b, c.Strong, c.Text, c.Small, c.Mono)
			}
		}
	}
	return b.String()
}

// inWords is how the pages print a word of the certificate that is for programs, ""
// where they print it as it is.
func inWords(path, value string) string {
	switch path {
	case "compliance.checks.evidence.kind":
		return pages.Evidence(value)
	case "controller.bound_by":
		return pages.BoundBy(value)
	case "seal.mode":
		return map[string]string{string(custody.SealingEmbedded): "in the file", string(custody.SealingDetached): "beside the file"}[value]
	}
	return ""
}

// TestCustodyRecordSaysWhatTheCertificateSays: every text, digest, number and time
// of a certificate stands on its pages, but those of notPrinted.
func TestCustodyRecordSaysWhatTheCertificateSays(t *testing.T) {
	t.Parallel()
	w, released, esigned := twoWorld(t)
	paper := w.paper()
	w.VaultIn(paper, func(r *handover.VaultInRequest) {
		r.Regime, r.Jurisdiction = certificate.NoRegime, "US-CA"
		r.Attestation = &custody.Attestation{
			AttestedBy: "Grace Hopper", Capacity: "Vice president", SignedBy: []string{"Ada Byron"}, Origin: "scan", PaperOriginal: "held", Holder: "Archive Ltd.", PaperCustodian: &custody.PaperCustodian{Name: "Archive Ltd.", ReceiptSHA256: agreement.SHA256},
			Statement: "I compared the scan with the paper: 張 = [missing]",
		}
	})
	if _, err := w.Vault.ReadAuthoritative(t.Context(), vault.ReadRequest{OrgID: dealer.OrgID, EnvelopeID: esigned, Actor: actor}); err != nil {
		t.Fatal(err)
	}
	w.VaultIn(released)
	w.VaultOut(released)
	for _, id := range []string{esigned, paper, released} {
		c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		document, err := c.Document()
		if err != nil {
			t.Fatal(err)
		}
		var fields any
		d := json.NewDecoder(bytes.NewReader(document))
		d.UseNumber()
		if err := d.Decode(&fields); err != nil {
			t.Fatal(err)
		}
		text := shown(pages.Report(c, font.Fonts{}))
		leaves("", fields, func(path, value string) {
			if strings.HasSuffix(path, "_at") || path == "controller.until" || path == "as_of" || path == "acknowledgments.at" || path == "custodian.acknowledgment.at" {
				value = strings.ReplaceAll(value, "T", " ")[:19]
			}
			if words := inWords(path, value); words != "" {
				value = words
			}
			if !notPrinted[path] && !strings.Contains(text, value) {
				t.Errorf("%s: %s %q is not on the pages", id, path, value)
			}
		})
		one, err := w.Compliance.CustodyRecord(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		two, err := w.Compliance.CustodyRecord(t.Context(), c)
		if err != nil || !bytes.Equal(one, two) {
			t.Errorf("%s: the same certificate makes other bytes, %v", id, err)
		}
		if _, err := pdfinspect.Inspect(t.Context(), one, pdf.Limits{Bytes: int64(len(one))}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestVerifyAddressStandsOnce: the pages print the address of the certificate once, and
// speak of one only where there is one.
func TestVerifyAddressStandsOnce(t *testing.T) {
	t.Parallel()
	address := "https://evault.test/verify/1"
	text := shown(pages.Report(&certificate.Certificate{VerifyURL: &address}, font.Fonts{}))
	if n := strings.Count(text, address); n != 1 || !strings.Contains(text, "The verify address") {
		t.Errorf("printed %d times: %s", n, text)
	}
	if text := shown(pages.Report(&certificate.Certificate{}, font.Fonts{})); strings.Contains(text, "verify address") {
		t.Errorf("no address, but: %s", text)
	}
}
