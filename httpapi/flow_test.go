package httpapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

func sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

// TestWholeWay takes one contract from its PDF to its released original.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.completed(t)
	at := "/partner/envelopes/" + env
	h.do(t, "GET", at, nil).want(200).equal("data.status", "completed").equal("data.completion.level", "B-B").equal("data.compliant", nil)
	rec := h.do(t, "POST", at+"/vault-in-signed", obj{"jurisdiction": "US-NY"}).want(201).
		equal("data.status", "vaulted").equal("data.compliant", true).equal("data.controller.bound_by", "organization").equal("data.custodian.name", "Vault Operator")
	h.do(t, "GET", at+"/status", nil).want(200).equal("data.vaulted", true).equal("data.compliant", true).equal("data.vault.document_hash", rec.str("data.document_hash"))
	h.do(t, "GET", at+"/compliance", nil).want(200).equal("data.compliance.score", 100).equal("data.compliance.checks.7.id", "amendments_identifiable")
	cert := h.do(t, "GET", at+"/vault/certificate", nil).want(200).equal("data.certificate_id", rec.str("data.certificate_id"))
	h.do(t, "GET", "/verify/certificate/"+cert.str("data.certificate_id"), nil, key("")).want(200).equal("data.state", "current")
	h.do(t, "GET", at+"/custody", nil).want(200).equal("data.0.kind", "deposit").equal("data.0.to.assignee.identifier", "org_a")

	u := h.do(t, "GET", at+"/vault/signed-url", nil).want(200).equal("data.expires_in", 300)
	original := h.do(t, "GET", u.str("data.signed_url"), nil, key("")).want(200)
	if sum(original.Body) != rec.str("data.document_hash") {
		t.Errorf("downloaded %s, want %s", sum(original.Body), rec.str("data.document_hash"))
	}
	h.do(t, "GET", u.str("data.signed_url"), nil, key("")).problem(410, "already_used")
	copied := h.do(t, "GET", h.do(t, "GET", at+"/vault/copy/signed-url", nil).want(200).str("data.signed_url"), nil, key("")).want(200)
	h.do(t, "GET", at+"/copies", nil).want(200).equal("meta.total", 4) // two that the signer was given, the download, the copy
	for state, b := range map[string][]byte{"authoritative": original.Body, "copy": copied.Body, "unknown": testpdf.Contract(1)} {
		h.do(t, "GET", "/verify/"+sum(b), nil, key("")).want(200).equal("data.state", state)
	}

	out := obj{"reason": "payoff", "recipient": obj{"name": "Grace Hopper"}}
	rel := h.do(t, "POST", at+"/vault-out", out).want(200).equal("data.status", "released").equal("data.delivery.state", "ready")
	pkg := h.do(t, "GET", rel.str("data.package_url"), nil, key("")).want(200)
	if pkg.Header.Get("ETag") != "" || strings.Contains(string(rel.Body), sum(pkg.Body)) {
		t.Error("an answer names the package's digest")
	}
	h.do(t, "POST", at+"/vault-out/acknowledge", obj{"sha256": sum(original.Body)}).problem(422, "digest_mismatch")
	h.do(t, "POST", at+"/vault-out/acknowledge", obj{"sha256": sum(pkg.Body)}).want(200).equal("data.delivery.state", "acknowledged").equal("data.package_url", nil)
	h.do(t, "GET", at+"/vault/signed-url", nil).problem(410, "released")
	h.do(t, "GET", at+"/status", nil).want(200).equal("data.status", "released").equal("data.compliant", false).equal("data.vaulted", false)
	h.do(t, "GET", at+"/vault/certificate", nil).want(200).equal("data.subject.status", "released").equal("data.authoritative_copy.held_here", false)
	events := h.do(t, "GET", at+"/events?limit=100", nil).want(200)
	if !strings.Contains(string(events.Body), "vault.acknowledged") || events.get("meta.next_cursor") != nil {
		t.Errorf("events: %s", events.Body)
	}
}

func TestPaper(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, paper)
	at := "/partner/envelopes/" + env
	h.do(t, "POST", at+"/vault-in-upload", obj{}).problem(409, "state_forbids")
	h.do(t, "POST", at+"/upload", []byte("hello")).problem(422, "document_refused")
	scan := testpdf.Simple(2, "Signed on paper")
	h.do(t, "POST", at+"/upload", scan).want(200).equal("data.status", "uploaded").equal("data.document.sha256", sum(scan)).
		equal("data.inspection.pages", 2).equal("data.inspection.sealing.mode", "embedded")
	h.do(t, "POST", at+"/vault-in-signed", obj{}).problem(409, "state_forbids")
	h.do(t, "POST", at+"/vault-in-upload", obj{"document_sha256": strings.Repeat("0", 64)}).problem(412, "document_changed")
	h.do(t, "POST", at+"/vault-in-upload", obj{"regime": "ucc_9_105_2010", "attestation": obj{
		"attested_by": "Joan", "capacity": "manager", "signed_by": []string{"Alan"}, "origin": "scan", "paper_original": "destroyed",
		"destroyed_at": "2026-11-01T10:00:00Z", "statement": "The paper was shredded.",
	}}).want(201).equal("data.regime_basis", "declared").equal("data.compliant", true)
	other := obj{"attested_by": "Joan", "capacity": "manager", "signed_by": []string{"Alan"}, "origin": "scan", "paper_original": "destroyed", "statement": "Burned to ashes."}
	h.do(t, "POST", at+"/attestation", other).problem(409, "already_vaulted")

	later := h.create(t, paper)
	at = "/partner/envelopes/" + later
	h.do(t, "POST", at+"/upload", testpdf.Simple(1, "Attested later")).want(200)
	h.do(t, "POST", at+"/attestation", other).problem(404, "not_vaulted")
	h.do(t, "POST", at+"/vault-in-upload", obj{"regime": "ucc_9_105_2010"}).want(201).equal("data.compliant", false)
	h.do(t, "POST", at+"/attestation", obj{"attested_by": "Joan"}).problem(422, "invalid")
	held := obj{"attested_by": "Joan", "capacity": "manager", "signed_by": []string{"Alan"}, "origin": "scan", "paper_original": "held", "holder": "Archive", "statement": "The paper is in the archive."}
	h.do(t, "POST", at+"/attestation", held).problem(422, "invalid").equal("details.0.field", "paper_custodian").equal("details.0.rule", "required")
	h.do(t, "POST", at+"/attestation", other, header("If-Match", `"x"`)).problem(412, "precondition_failed")
	first := h.do(t, "POST", at+"/attestation", other, idem("attest")).want(201).equal("data.compliant", true)
	if again := h.do(t, "POST", at+"/attestation", other, idem("attest")).want(201); again.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("not replayed")
	}
	h.do(t, "POST", at+"/attestation", other).want(200).equal("data.certificate_id", first.str("data.certificate_id"))
	h.do(t, "GET", at+"/vault/certificate", nil).want(200).equal("data.serial", 2).equal("data.attestation.attested_by", "Joan")

	again := h.create(t, paper)
	h.do(t, "POST", "/partner/envelopes/"+again+"/upload", scan).want(200)
	h.do(t, "POST", "/partner/envelopes/"+again+"/vault-in-upload", obj{}).problem(409, "not_an_original")
}
