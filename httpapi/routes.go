package httpapi

import "github.com/evaultlib/evault/scopes"

func need(s ...scopes.Scope) []scopes.Scope { return s }

// table is every route that is served.
func table() []route {
	return []route{
		{method: "GET", pattern: "/partner/envelopes", scopes: need(scopes.EnvelopesRead), handle: (*API).listEnvelopes, about: "List envelopes, newest first"},
		{method: "POST", pattern: "/partner/envelopes", scopes: need(scopes.EnvelopesWrite), body: createBody, limit: sizeEnvelope, handle: (*API).createEnvelope, about: "Create an envelope"},
		{method: "GET", pattern: "/partner/envelopes/{id}", scopes: need(scopes.EnvelopesRead), handle: (*API).getEnvelope, about: "Read an envelope"},
		{method: "GET", pattern: "/partner/envelopes/{id}/status", scopes: need(scopes.EnvelopesRead), handle: (*API).getStatus, about: "Poll an envelope's status"},
		{method: "POST", pattern: "/partner/envelopes/{id}/upload", scopes: need(scopes.EnvelopesWrite), body: fileBody, handle: (*API).upload, about: "Bring the PDF of a paper envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/send", scopes: need(scopes.EnvelopesWrite), handle: (*API).sendEnvelope, about: "Send a prepared envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/void", scopes: need(scopes.EnvelopesWrite), body: jsonBody, handle: (*API).voidEnvelope, about: "Void an envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/remind", scopes: need(scopes.EnvelopesWrite), body: optionalJSON, handle: (*API).remind, about: "Remind signers"},
		{method: "GET", pattern: "/partner/envelopes/{id}/signing-links", scopes: need(scopes.EnvelopesRead), handle: (*API).signingLinks, about: "Read the signing links, which is an event"},
		{method: "GET", pattern: "/partner/envelopes/{id}/events", scopes: need(scopes.EnvelopesRead), handle: (*API).events, about: "Read the envelope's event chain"},
		{method: "GET", pattern: "/partner/events", scopes: need(scopes.EnvelopesRead), handle: (*API).feed, about: "Catch up on events, in the order of the log"},

		{method: "POST", pattern: "/partner/envelopes/{id}/vault-in-signed", scopes: need(scopes.VaultWrite), body: optionalJSON, forever: true, handle: (*API).vaultInSigned, refill: (*API).vaultInAgain, about: "Vault a completed envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/vault-in-upload", scopes: need(scopes.VaultWrite), body: depositBody, forever: true, handle: (*API).vaultInUpload, refill: (*API).vaultInAgain, about: "Vault a paper document"},
		{method: "POST", pattern: "/partner/envelopes/{id}/attestation", scopes: need(scopes.VaultWrite), body: jsonBody, handle: (*API).attest, refill: (*API).vaultInAgain, about: "Attest paper that was vaulted without an attestation"},
		{method: "GET", pattern: "/partner/envelopes/{id}/vault/signed-url", scopes: need(scopes.VaultRead), handle: (*API).authoritativeURL, about: "Make a single-use address of the authoritative bytes"},
		{method: "GET", pattern: "/partner/envelopes/{id}/vault/copy/signed-url", scopes: need(scopes.VaultRead), handle: (*API).copyURL, about: "Make an address of the marked copy"},
		{method: "GET", pattern: "/partner/envelopes/{id}/vault/certificate", scopes: need(scopes.ComplianceRead), handle: (*API).certificate, about: "Read the newest certificate, or an old one by serial"},
		{method: "GET", pattern: "/partner/envelopes/{id}/vault/custody-record.pdf", scopes: need(scopes.ComplianceRead), handle: (*API).custodyRecord, about: "Read a certificate as pages to file"},
		{method: "GET", pattern: "/partner/envelopes/{id}/compliance", scopes: need(scopes.ComplianceRead), handle: (*API).compliance, about: "Recompute every check"},
		{method: "GET", pattern: "/partner/envelopes/{id}/custody", scopes: need(scopes.CustodyRead), handle: (*API).custody, about: "Read the custody chain"},
		{method: "GET", pattern: "/partner/envelopes/{id}/copies", scopes: need(scopes.VaultRead), handle: (*API).copies, about: "Read the register of copies"},
		{method: "POST", pattern: "/partner/envelopes/{id}/vault-out", scopes: need(scopes.VaultRelease), body: jsonBody, forever: true, handle: (*API).vaultOut, refill: (*API).releaseAgain, about: "Release the original"},
		{method: "POST", pattern: "/partner/envelopes/{id}/vault-out/acknowledge", scopes: need(scopes.VaultRelease), body: jsonBody, handle: (*API).acknowledge, refill: (*API).releaseAgain, about: "Acknowledge the release package by its digest"},

		{method: "PATCH", pattern: "/partner/webhook", scopes: need(scopes.EnvelopesWrite), body: jsonBody, handle: (*API).patchWebhook, refill: (*API).webhookAgain, about: "Set where the key's events are sent"},

		{method: "POST", pattern: "/embed/token", scopes: need(scopes.ESignWrite, scopes.VaultRead), body: jsonBody, limit: sizeToken, handle: (*API).embedToken, refill: (*API).embedAgain, about: "Make a token for a widget"},
		{method: "POST", pattern: "/embed/session", cred: byNobody, body: jsonBody, limit: sizeToken, handle: (*API).embedSession, refill: (*API).embedSessionAgain, about: "Exchange an embed token, once, for a session"},
		{method: "GET", pattern: "/embed/{widget}/{id}", cred: byNobody, handle: (*API).embedPage, about: "The widget's frame"},
		{method: "GET", pattern: "/vault/{token}", cred: byToken, handle: (*API).vaultPage, about: "The vault's page of an embed session"},
		{method: "GET", pattern: "/vault/{token}/copy.pdf", cred: byToken, handle: (*API).vaultPageCopy, about: "The marked copy, for an embed session"},
		{method: "GET", pattern: "/vault/{token}/certificate", cred: byToken, handle: (*API).vaultPageCertificate, about: "The certificate, for an embed session"},
		{method: "GET", pattern: "/vault/{token}/custody-record.pdf", cred: byToken, handle: (*API).vaultPageRecord, about: "The certificate as pages to file, for an embed session"},

		{method: "GET", pattern: "/sign/{token}", cred: byToken, handle: (*API).signPage, about: "The signing page"},
		{method: "GET", pattern: "/sign/{token}/session", cred: byToken, handle: (*API).signerSession, about: "What the signing page shows"},
		{method: "GET", pattern: "/sign/{token}/document.pdf", cred: byToken, handle: (*API).signerDocument, about: "The document, every page marked as a copy"},
		{method: "GET", pattern: "/sign/{token}/pages/{n}.png", cred: byToken, handle: (*API).signerPageImage, about: "A page of the document as a picture"},
		{method: "GET", pattern: "/sign/{token}/disclosure.pdf", cred: byToken, handle: (*API).signerDisclosure, about: "What a signer consents to"},
		{method: "POST", pattern: "/sign/{token}/consent", cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerConsent, about: "Consent to electronic records"},
		{method: "POST", pattern: "/sign/{token}/consent/withdraw", cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerWithdraw, about: "Take a consent back"},
		{method: "POST", pattern: "/sign/{token}/sign", cred: byToken, body: formBody, limit: sizeDrawing, handle: (*API).signerSign, about: "Sign"},
		{method: "POST", pattern: "/sign/{token}/decline", cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerDecline, about: "Decline to sign, which ends the envelope"},

		{method: "GET", pattern: "/download/{token}", cred: byToken, handle: (*API).download, about: "Fetch what a signed address names"},
		{method: "GET", pattern: "/verify/{sha256}", cred: byNobody, handle: (*API).verify, about: "Ask what bytes with a digest are to the vault"},
		{method: "GET", pattern: "/verify/certificate/{id}", cred: byNobody, handle: (*API).verifyCertificate, about: "Ask whether a certificate is current"},
		{method: "GET", pattern: "/log/checkpoint", cred: byNobody, handle: (*API).logCheckpoint, about: "The log's newest signed checkpoint"},
		{method: "GET", pattern: "/log/proof", cred: byNobody, handle: (*API).logProof, about: "Prove that an entry is in the log"},
		{method: "GET", pattern: "/log/consistency", cred: byNobody, handle: (*API).logConsistency, about: "Prove that one state of the log extends another"},
		{method: "GET", pattern: "/log/keys", cred: byNobody, handle: (*API).logKeys, about: "The keys that sign checkpoints"},
		{method: "GET", pattern: "/.well-known/jwks.json", cred: byNobody, handle: (*API).jwks, about: "The public keys of the installation, each with its one purpose and its time"},
		{method: "GET", pattern: "/rules", cred: byNobody, handle: (*API).rules, about: "The vault's rules"},
		{method: "GET", pattern: "/openapi.yaml", cred: byNobody, handle: (*API).openapiYAML, about: "The contract"},
		{method: "GET", pattern: "/docs", cred: byNobody, handle: (*API).docs, about: "This page"},
	}
}
