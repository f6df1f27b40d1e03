package httpapi

import (
	"slices"

	"github.com/evaultlib/evault/scopes"
)

// table is every route that is served.
func table() []route {
	return slices.Concat(envelopeRoutes(), templateRoutes(), vaultRoutes(), custodyRoutes(), poolRoutes(), widgetRoutes(), signerRoutes(), publicRoutes())
}

func need(s ...scopes.Scope) []scopes.Scope { return s }

// templateRoutes are for the templates of an organization, by API key.
func templateRoutes() []route {
	return []route{
		{
			method: "GET", pattern: "/partner/templates", about: "List templates, newest first",
			scopes: need(scopes.EnvelopesRead), handle: withTemplates((*API).listTemplates),
		},
		{
			method: "POST", pattern: "/partner/templates", about: "Create a template",
			scopes: need(scopes.EnvelopesWrite), body: createBody, limit: sizeEnvelope, handle: withTemplates((*API).createTemplate),
		},
		{
			method: "GET", pattern: "/partner/templates/{id}", about: "Read a template",
			scopes: need(scopes.EnvelopesRead), handle: withTemplates((*API).getTemplate),
		},
		{
			method: "POST", pattern: "/partner/templates/{id}/fields", about: "Replace the fields of a template, as a new version",
			scopes: need(scopes.EnvelopesWrite), body: createBody, limit: sizeEnvelope, handle: withTemplates((*API).updateTemplate),
		},
		{
			method: "DELETE", pattern: "/partner/templates/{id}", about: "Delete a template",
			scopes: need(scopes.EnvelopesWrite), handle: withTemplates((*API).deleteTemplate),
		},
		{
			method: "GET", pattern: "/partner/templates/{id}/pages/{n}.png", about: "Draw a page of a template with its fields",
			scopes: need(scopes.EnvelopesRead), handle: withTemplates((*API).templatePage),
		},
	}
}

// envelopeRoutes are for envelopes and their events, by API key.
func envelopeRoutes() []route {
	return []route{
		{
			method: "GET", pattern: "/partner/envelopes", about: "List envelopes, newest first",
			scopes: need(scopes.EnvelopesRead), handle: (*API).listEnvelopes,
		},
		{
			method: "POST", pattern: "/partner/envelopes", about: "Create an envelope",
			scopes: need(scopes.EnvelopesWrite), body: createBody, limit: sizeEnvelope, handle: (*API).createEnvelope,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}", about: "Read an envelope",
			scopes: need(scopes.EnvelopesRead), handle: (*API).getEnvelope,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/status", about: "Poll an envelope's status",
			scopes: need(scopes.EnvelopesRead), handle: (*API).getStatus,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/upload", about: "Upload the PDF of a paper envelope",
			scopes: need(scopes.EnvelopesWrite), body: fileBody, handle: (*API).upload,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/send", about: "Send a prepared envelope",
			scopes: need(scopes.EnvelopesWrite), handle: (*API).sendEnvelope,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/void", about: "Void an envelope",
			scopes: need(scopes.EnvelopesWrite), body: jsonBody, handle: (*API).voidEnvelope,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/remind", about: "Remind signers",
			scopes: need(scopes.EnvelopesWrite), body: optionalJSON, handle: (*API).remind,
		},
		{
			method: "PATCH", pattern: "/partner/envelopes/{id}/signers/{signer_id}", about: "Correct or replace a signer who has not signed",
			scopes: need(scopes.EnvelopesWrite), body: jsonBody, handle: (*API).correctSigner,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/signing-links",
			about:  "Read the signing links; recorded as an event",
			scopes: need(scopes.EnvelopesRead), handle: (*API).signingLinks,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/events", about: "Read the envelope's event chain",
			scopes: need(scopes.EnvelopesRead), handle: (*API).events,
		},
		{
			method: "GET", pattern: "/partner/events", about: "Catch up on events, in the order of the log",
			scopes: need(scopes.EnvelopesRead), handle: (*API).feed,
		},
	}
}

// vaultRoutes are for the vault and webhooks, by API key.
func vaultRoutes() []route {
	return []route{
		{
			method: "POST", pattern: "/partner/envelopes/{id}/vault-in-signed", about: "Vault a completed envelope",
			scopes: need(scopes.VaultWrite), body: optionalJSON, forever: true,
			handle: (*API).vaultInSigned, refill: (*API).vaultInAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/vault-in-upload", about: "Vault a paper document",
			scopes: need(scopes.VaultWrite), body: depositBody, forever: true,
			handle: (*API).vaultInUpload, refill: (*API).vaultInAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/attestation",
			about:  "Attest paper that was vaulted without an attestation",
			scopes: need(scopes.VaultWrite), body: jsonBody, handle: (*API).attest, refill: (*API).vaultInAgain,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/vault/signed-url",
			about:  "Make a single-use URL of the authoritative bytes",
			scopes: need(scopes.VaultRead), handle: (*API).authoritativeURL,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/vault/copy/signed-url",
			about:  "Make a URL of the marked copy",
			scopes: need(scopes.VaultRead), handle: (*API).copyURL,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/vault/certificate",
			about:  "Read the newest certificate, or an old one by serial",
			scopes: need(scopes.ComplianceRead), handle: (*API).certificate,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/vault/custody-record.pdf",
			about:  "Read the custody record, a certificate as a PDF to file",
			scopes: need(scopes.ComplianceRead), handle: (*API).custodyRecord,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/compliance", about: "Run every check again",
			scopes: need(scopes.ComplianceRead), handle: (*API).compliance,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/powers", about: "Read who can do what to a copy",
			scopes: need(scopes.ComplianceRead), handle: (*API).powers,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/custody", about: "Read the custody chain",
			scopes: need(scopes.CustodyRead), handle: (*API).custody,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/copies", about: "Read the register of copies",
			scopes: need(scopes.VaultRead), handle: (*API).copies,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/vault-out", about: "Release the original",
			scopes: need(scopes.VaultRelease), body: jsonBody, forever: true,
			handle: (*API).vaultOut, refill: (*API).releaseAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/vault-out/acknowledge",
			about:  "Acknowledge the release package by its digest",
			scopes: need(scopes.VaultRelease), body: jsonBody, handle: (*API).acknowledge, refill: (*API).releaseAgain,
		},
		{
			method: "POST", pattern: "/partner/envelopes/{id}/holds", about: "Put a legal hold on the vaulted contract",
			scopes: need(scopes.VaultRelease), body: jsonBody, handle: (*API).placeHold,
		},
		{
			method: "GET", pattern: "/partner/envelopes/{id}/holds", about: "List the legal holds on the vaulted contract",
			scopes: need(scopes.VaultRead), handle: (*API).holds,
		},
		{
			method: "DELETE", pattern: "/partner/envelopes/{id}/holds/{hold}", about: "Lift a legal hold",
			scopes: need(scopes.VaultRelease), handle: (*API).liftHold,
		},
		{
			method: "PATCH", pattern: "/partner/webhook", about: "Set the endpoint for the key's events",
			scopes: need(scopes.EnvelopesWrite), body: jsonBody,
			handle: (*API).patchWebhook, refill: (*API).webhookAgain,
		},
	}
}

// widgetRoutes are for widgets in pages of a partner.
func widgetRoutes() []route {
	return []route{
		{
			method: "GET", pattern: "/partner/origins", about: "Read the web origins that may embed the organization's pages",
			scopes: need(scopes.EnvelopesRead), handle: (*API).origins,
		},
		{
			method: "PUT", pattern: "/partner/origins", about: "Replace the web origins that may embed the organization's pages",
			scopes: need(scopes.EnvelopesWrite), body: jsonBody, handle: (*API).setOrigins,
		},
		{
			method: "POST", pattern: "/embed/token", about: "Make a token for a widget",
			scopes: need(scopes.ESignWrite, scopes.VaultRead), body: jsonBody, limit: sizeToken,
			handle: (*API).embedToken, refill: (*API).embedAgain,
		},
		{
			method: "POST", pattern: "/embed/session", about: "Exchange an embed token, once, for a session",
			cred: byNobody, body: jsonBody, limit: sizeToken,
			handle: (*API).embedSession, refill: (*API).embedSessionAgain,
		},
		{
			method: "GET", pattern: "/embed.js", about: "The script that shows a widget in a partner's page",
			cred: byNobody, handle: (*API).embedScript,
		},
		{
			method: "GET", pattern: "/embed/{widget}/{id}", about: "The widget's frame",
			cred: byNobody, handle: (*API).embedPage,
		},
		{
			method: "GET", pattern: "/vault/{token}", about: "The vault page of an embed session",
			cred: byToken, handle: (*API).vaultPage,
		},
		{
			method: "GET", pattern: "/vault/{token}/copy.pdf", about: "The marked copy, for an embed session",
			cred: byToken, handle: (*API).vaultPageCopy,
		},
		{
			method: "GET", pattern: "/vault/{token}/certificate", about: "The certificate, for an embed session",
			cred: byToken, handle: (*API).vaultPageCertificate,
		},
		{
			method: "GET", pattern: "/vault/{token}/custody-record.pdf",
			about: "The custody record, for an embed session",
			cred:  byToken, handle: (*API).vaultPageRecord,
		},
	}
}

// signerRoutes are for signers, by the token of their link.
func signerRoutes() []route {
	return []route{
		{
			method: "GET", pattern: "/sign/{token}", about: "The signing page",
			cred: byToken, handle: (*API).signPage,
		},
		{
			method: "GET", pattern: "/sign/{token}/session", about: "Read the content of the signing page",
			cred: byToken, handle: (*API).signerSession,
		},
		{
			method: "GET", pattern: "/sign/{token}/document.pdf", about: "Read the document, every page marked as a copy",
			cred: byToken, handle: (*API).signerDocument,
		},
		{
			method: "GET", pattern: "/sign/{token}/pages/{n}.png", about: "Read a page of the document as a picture",
			cred: byToken, handle: (*API).signerPageImage,
		},
		{
			method: "GET", pattern: "/sign/{token}/text", about: "Read the text of the document, as an HTML page",
			cred: byToken, handle: (*API).signerText,
		},
		{
			method: "POST", pattern: "/sign/{token}/preview", about: "Preview a page as it would look after signing, as a picture",
			cred: byToken, body: onlyForm, limit: sizeDrawing, handle: (*API).signerPreview,
		},
		{
			method: "GET", pattern: "/sign/{token}/disclosure.pdf", about: "Read the disclosure that a signer consents to",
			cred: byToken, handle: (*API).signerDisclosure,
		},
		{
			method: "POST", pattern: "/sign/{token}/consent", about: "Consent to electronic records",
			cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerConsent, after: "#document",
		},
		{
			method: "POST", pattern: "/sign/{token}/consent/withdraw", about: "Withdraw consent",
			cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerWithdraw,
		},
		{
			method: "POST", pattern: "/sign/{token}/sign", about: "Sign",
			cred: byToken, body: formBody, limit: sizeDrawing, handle: (*API).signerSign,
		},
		{
			method: "GET", pattern: "/sign/{token}/decline", about: "The page before a signer declines",
			cred: byToken, handle: (*API).signerAsk,
		},
		{
			method: "GET", pattern: "/sign/{token}/consent/withdraw", about: "The page before withdrawing consent",
			cred: byToken, handle: (*API).signerAsk,
		},
		{
			method: "GET", pattern: "/sign/{token}/consent", about: "Redirect to the signing page",
			cred: byToken, handle: (*API).signAgain,
		},
		{
			method: "GET", pattern: "/sign/{token}/sign", about: "Redirect to the signing page",
			cred: byToken, handle: (*API).signAgain,
		},
		{
			method: "POST", pattern: "/sign/{token}/decline", about: "Decline to sign, which ends the envelope",
			cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerDecline,
		},
		{
			method: "POST", pattern: "/sign/{token}/otp", about: "Send the signer a one-time code",
			cred: byToken, body: formBody, limit: sizeSigner, secret: true, handle: (*API).signerCode,
		},
		{
			method: "POST", pattern: "/sign/{token}/auth", about: "Open the link by a one-time code or an access code",
			cred: byToken, body: formBody, limit: sizeSigner, secret: true, handle: (*API).signerAuth,
		},
		{
			method: "GET", pattern: "/sign/{token}/otp", about: "Leads back to the signing page",
			cred: byToken, handle: (*API).signAgain,
		},
		{
			method: "GET", pattern: "/sign/{token}/auth", about: "Leads back to the signing page",
			cred: byToken, handle: (*API).signAgain,
		},
		{
			method: "GET", pattern: "/sign/{token}/delegate", about: "The page before delegating",
			cred: byToken, handle: (*API).signerAsk,
		},
		{
			method: "POST", pattern: "/sign/{token}/delegate", about: "Delegate signing to another person",
			cred: byToken, body: formBody, limit: sizeSigner, handle: (*API).signerDelegate,
		},
	}
}

// publicRoutes are for everybody.
func publicRoutes() []route {
	return []route{
		{
			method: "GET", pattern: "/download/{token}", about: "Download a file by its signed URL",
			cred: byToken, handle: (*API).download,
		},
		{
			method: "GET", pattern: "/verify/{sha256}", about: "Look up a digest in the vault",
			cred: byNobody, handle: (*API).verify,
		},
		{
			method: "GET", pattern: "/verify/certificate/{id}", about: "Check whether a certificate is current",
			cred: byNobody, handle: (*API).verifyCertificate,
		},
		{
			method: "GET", pattern: "/log/checkpoint", about: "Read the log's newest signed checkpoint",
			cred: byNobody, handle: (*API).logCheckpoint,
		},
		{
			method: "GET", pattern: "/log/proof", about: "Prove that an entry is in the log",
			cred: byNobody, handle: (*API).logProof,
		},
		{
			method: "GET", pattern: "/log/consistency", about: "Prove that one state of the log extends another",
			cred: byNobody, handle: (*API).logConsistency,
		},
		{
			method: "GET", pattern: "/log/keys", about: "Read the keys that sign checkpoints",
			cred: byNobody, handle: (*API).logKeys,
		},
		{
			method: "GET", pattern: "/.well-known/jwks.json",
			about: "Read the public keys of the installation, each with its purpose and its period of use",
			cred:  byNobody, handle: (*API).jwks,
		},
		{
			method: "GET", pattern: "/rules", about: "Read the vault's rules",
			cred: byNobody, handle: (*API).rules,
		},
		{
			method: "GET", pattern: "/openapi.yaml", about: "The contract",
			cred: byNobody, handle: (*API).openapiYAML,
		},
		{
			method: "GET", pattern: "/docs", about: "This page",
			cred: byNobody, handle: (*API).docs,
		},
	}
}
