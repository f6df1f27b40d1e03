package httpapi

import "github.com/evaultlib/evault/scopes"

func need(s ...scopes.Scope) []scopes.Scope { return s }

// table is every route that is served.
func table() []route {
	return []route{
		{method: "GET", pattern: "/partner/envelopes", scopes: need(scopes.EnvelopesRead), handle: (*API).listEnvelopes, about: "List envelopes, newest first"},
		{method: "POST", pattern: "/partner/envelopes", scopes: need(scopes.EnvelopesWrite), body: createBody, handle: (*API).createEnvelope, about: "Create an envelope"},
		{method: "GET", pattern: "/partner/envelopes/{id}", scopes: need(scopes.EnvelopesRead), handle: (*API).getEnvelope, about: "Read an envelope"},
		{method: "GET", pattern: "/partner/envelopes/{id}/status", scopes: need(scopes.EnvelopesRead), handle: (*API).getStatus, about: "Poll an envelope's status"},
		{method: "POST", pattern: "/partner/envelopes/{id}/upload", scopes: need(scopes.EnvelopesWrite), body: fileBody, handle: (*API).upload, about: "Bring the PDF of a paper envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/send", scopes: need(scopes.EnvelopesWrite), handle: (*API).sendEnvelope, about: "Send a prepared envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/void", scopes: need(scopes.EnvelopesWrite), body: jsonBody, handle: (*API).voidEnvelope, about: "Void an envelope"},
		{method: "POST", pattern: "/partner/envelopes/{id}/remind", scopes: need(scopes.EnvelopesWrite), body: optionalJSON, handle: (*API).remind, about: "Remind signers"},
		{method: "GET", pattern: "/partner/envelopes/{id}/signing-links", scopes: need(scopes.EnvelopesRead), handle: (*API).signingLinks, about: "Read the signing links, which is an event"},

		{method: "GET", pattern: "/sign/{token}", cred: byToken, handle: (*API).signPage, about: "The signing page"},
		{method: "GET", pattern: "/sign/{token}/session", cred: byToken, handle: (*API).signerSession, about: "What the signing page shows"},
		{method: "GET", pattern: "/sign/{token}/document.pdf", cred: byToken, handle: (*API).signerDocument, about: "The document, every page marked as a copy"},
		{method: "GET", pattern: "/sign/{token}/disclosure.pdf", cred: byToken, handle: (*API).signerDisclosure, about: "What a signer consents to"},
		{method: "POST", pattern: "/sign/{token}/consent", cred: byToken, body: formBody, handle: (*API).signerConsent, about: "Consent to electronic records"},
		{method: "POST", pattern: "/sign/{token}/consent/withdraw", cred: byToken, body: formBody, handle: (*API).signerWithdraw, about: "Take a consent back"},
		{method: "POST", pattern: "/sign/{token}/sign", cred: byToken, body: formBody, handle: (*API).signerSign, about: "Sign"},
		{method: "POST", pattern: "/sign/{token}/decline", cred: byToken, body: formBody, handle: (*API).signerDecline, about: "Decline to sign, which ends the envelope"},
	}
}
