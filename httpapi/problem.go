package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/esign/template"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/pool"
	"github.com/evaultlib/evault/vault/translog"
)

// Refusals of this package.
var (
	errNoKey         = errors.New("httpapi: missing API key")
	errTooManyBad    = errors.New("httpapi: too many failures from this address")
	errRate          = errors.New("httpapi: rate limit exceeded")
	errQuota         = errors.New("httpapi: daily quota exceeded")
	errNoRoute       = errors.New("httpapi: no such route")
	errTicket        = errors.New("httpapi: invalid ticket")
	errTicketExpired = errors.New("httpapi: ticket has expired")
	errTicketDead    = errors.New("httpapi: ticket was withdrawn")
	errEmbedToken    = errors.New("httpapi: invalid embed token")
	errEmbedGone     = errors.New("httpapi: embed token is no longer valid")
	errNotSignerTurn = errors.New("httpapi: not this signer's turn")
	errOff           = errors.New("httpapi: route not enabled")
	errPanic         = errors.New("httpapi: panic")
)

// scopeMissing is a 403; it names the missing scope.
type scopeMissing struct{ needed []scopes.Scope }

func (e *scopeMissing) Error() string { return "httpapi: scope missing" }

// badMethod is a 405 with what is allowed.
type badMethod struct{ allowed []string }

func (e *badMethod) Error() string { return "httpapi: method not allowed" }

// problem is the response to an error. Detail is a sentence for people; it
// contains nothing internal and nothing of another organization.
type problem struct {
	err    error
	status int
	code   string
	title  string
}

// problems is the table of the responses to errors: the first row whose error is in the chain
// applies. A row without an error is found by its code, by describe, which handles the errors with
// fields: rest.RequestError, storage.InvalidError (which is esign.InvalidError, vault.InvalidError,
// translog.InvalidError and scopes.InvalidError), esign.StateError, esign.ExternalIDError,
// esign.NotSignableError, esign.NotAnOriginalError, esign.NotViewedError, esign.Refusal and
// vault.AlreadyVaultedError. pades.NotExtendableError, pades.SizeError, pades.FieldError and
// pades.AppearanceError, about a seal of the host's own, reach a caller as the error that they
// wrap, or as a 500. esign.UndeliverableError is a Notifier's, and vault.ItemError an
// item's of a batch; they reach no caller.
var problems = []problem{
	{nil, 400, "bad_json", "The body is not one JSON value"},
	{nil, 400, "too_many_values", "The body has too many values"},
	{nil, 400, "unknown_field", "The body has an unknown field"},
	{nil, 400, "duplicate_field", "The body has a duplicate field"},
	{nil, 400, "bad_type", "A field has the wrong JSON type"},
	{nil, 400, "bad_query", "The query has an unknown, repeated or invalid parameter"},
	{nil, 400, "bad_multipart", "The multipart body could not be read"},
	{nil, 400, "bad_csv", "The CSV file could not be read"},
	{nil, 400, "bad_form", "The form could not be read"},
	{nil, 400, "unknown_part", "The multipart body has an unknown part"},
	{nil, 400, "part_required", "A part of the multipart body is missing"},
	{nil, 400, "file_required", "The file is missing"},
	{nil, 400, "body_required", "The body is missing"},
	{nil, 400, "body_unreadable", "The body could not be read"},
	{nil, 400, "bad_idempotency_key", "The Idempotency-Key is not 1 to 255 visible ASCII characters"},
	{nil, 403, "scope_missing", "The API key lacks a scope"},
	{nil, 405, "method_not_allowed", "The route does not allow this method"},
	{nil, 422, "document_refused", "The file is not accepted"},
	{nil, 422, "invalid", "The request has invalid fields"},
	{nil, 500, "internal", "An internal error occurred"},

	{errNoKey, 401, "key_missing", "The X-API-Key header is missing"},
	{scopes.ErrUnknownKey, 401, "key_unknown", "The API key is unknown"},
	{scopes.ErrExpiredKey, 401, "key_expired", "The API key has expired"},
	{scopes.ErrDisabledKey, 401, "key_disabled", "The API key is disabled"},
	{errTooManyBad, 429, "too_many_failures", "Too many failed attempts from this address"},
	{errRate, 429, "rate_limited", "The rate limit is exceeded"},
	{errQuota, 429, "quota_exceeded", "The organization's daily quota is exceeded"},
	{errNoRoute, 404, "route_not_found", "The route does not exist"},
	{rest.ErrTooLarge, 413, "body_too_large", "The body is larger than the limit"},
	{rest.ErrSlowBody, 408, "body_too_slow", "The body did not arrive in time"},
	{rest.ErrBusy, 503, "busy", "Too many request bodies are being received; try again"},
	{rest.ErrMediaType, 415, "media_type", "The route does not accept the body's media type"},
	{errTicket, 403, "token_invalid", "The URL is not valid"},
	{errTicketExpired, 410, "token_expired", "The URL has expired"},
	{errTicketDead, 410, "token_withdrawn", "The URL is no longer valid"},
	{errEmbedToken, 401, "embed_token_invalid", "The embed token is not valid"},
	{errEmbedGone, 410, "embed_token_gone", "The embed token was already used or is no longer valid"},
	{errNotSignerTurn, 409, "not_signers_turn", "It is not the turn of a signer with this e-mail address"},
	{errOff, 404, "route_not_found", "The route does not exist"},

	{esign.ErrNotFound, 404, "envelope_not_found", "The envelope does not exist"},
	{template.ErrNotFound, 404, "template_not_found", "The template does not exist"},
	{template.ErrPrecondition, 412, "template_changed", "The template has changed since the version that If-Match names"},
	{esign.ErrAlreadySigned, 409, "already_signed", "The document is already signed"},
	{esign.ErrState, 409, "state_forbids", "The envelope's status does not allow this"},
	{esign.ErrExternalID, 409, "external_id_taken", "The external ID is already in use"},
	{esign.ErrPrecondition, 412, "precondition_failed", "The envelope has changed since the version that If-Match names"},
	{esign.ErrDocumentChanged, 412, "document_changed", "The document is not the one that the request names"},
	{esign.ErrNotSignable, 422, "not_signable", "The document cannot be signed"},
	{esign.ErrNotAnOriginal, 409, "not_an_original", "The file was made by this system and is not an original"},
	{esign.ErrSignerNotFound, 404, "signer_not_found", "The envelope has no such signer"},
	{esign.ErrLink, 404, "link_unknown", "The signing link is not valid"},
	{esign.ErrDisposed, 410, "document_deleted", "The document was released and is no longer stored here"},
	{esign.ErrLinkGone, 410, "link_gone", "The signing link is no longer valid"},
	{esign.ErrAuthRequired, 403, "auth_required", "A code is required besides the link"},
	{esign.ErrNoCodeNeeded, 409, "no_code_needed", "No code is needed"},
	{esign.ErrWrongCode, 422, "wrong_code", "The code is wrong"},
	{esign.ErrCodeExpired, 409, "code_expired", "No code is in force; another one can be sent"},
	{esign.ErrAuthLocked, 429, "auth_locked", "There were too many codes or wrong answers; a reminder by the sender unlocks the link"},
	{esign.ErrLinksRefused, 409, "links_refused", "Signing links are sent to their signers only"},
	{esign.ErrOriginalGivenOut, 409, "original_given_out", "A signer was given the completed document itself, so no control statute can apply to it"},
	{esign.ErrNotYourTurn, 409, "not_your_turn", "It is not this signer's turn"},
	{esign.ErrDelegation, 409, "delegation_not_allowed", "The sender did not allow this signer to delegate"},
	{esign.ErrConsents, 409, "too_many_consents", "The signer has consented and withdrawn too many times"},
	{esign.ErrNotViewed, 409, "not_viewed", "The signer has not read the whole document yet"},
	{esign.ErrIntegrity, 409, "integrity_mismatch", "The envelope's records do not match its events; nothing was signed"},
	{esign.ErrNoRenderer, 404, "no_renderer", "Page rendering is not enabled; read the document as a PDF"},
	{esign.ErrNoPage, 404, "page_not_found", "The document has no such page"},
	{esign.ErrNotDrawn, 503, "page_not_drawn", "The page could not be rendered; read the document as a PDF"},
	{esign.ErrSealWaits, 503, "seal_waits", "The document cannot be sealed yet"},
	{esign.ErrConsentRequired, 409, "consent_required", "Consent to electronic records is required"},

	{vault.ErrNotVaulted, 404, "not_vaulted", "The vault holds no authoritative copy of this envelope"},
	{vault.ErrNotController, 403, "not_controller", "Control of the copy has moved to another organization"},
	{custody.ErrConsent, 403, "not_controller", "The act requires a consent signed by the control key of the controller"},
	{vault.ErrBound, 409, "already_bound", "Control is bound to a key already, or the organization itself controls"},
	{vault.ErrOfferOpen, 409, "offer_open", "An offer of control is open: accept, reject or cancel it first"},
	{vault.ErrOfferNotFound, 404, "offer_not_found", "Offer not found"},
	{vault.ErrOfferEnded, 409, "offer_ended", "The offer was accepted, rejected or cancelled, or has expired"},
	{vault.ErrOnHold, 409, "on_hold", "The copy is under a legal hold"},
	{vault.ErrHoldNotFound, 404, "hold_not_found", "The copy has no such legal hold"},
	{vault.ErrReleased, 410, "released", "The authoritative copy was released"},
	{vault.ErrAlreadyVaulted, 409, "already_vaulted", "The envelope is already vaulted with other values"},
	{vault.ErrNotAnOriginal, 409, "not_an_original", "The file contains or belongs to a document that was vaulted before, or was made by this system"},
	{vault.ErrAssetHeld, 409, "asset_already_held", "A contract about one of the assets is already held in this installation"},
	{vault.ErrIntegrity, 409, "integrity_mismatch", "The stored bytes do not match their recorded digest; nothing was served"},
	{vault.ErrRecordAltered, 409, "record_altered", "The vault's records contradict their event chain or the log; nothing was done"},
	{vault.ErrQuarantined, 409, "quarantined", "The copy is quarantined until it is repaired"},
	{vault.ErrCopyUnavailable, 409, "copy_unavailable", "The file could not be marked, so no marked copy of it is available"},
	{vault.ErrSuperseded, 410, "superseded", "The version is no longer the current one"},
	{vault.ErrInspectionOff, 409, "inspection_off", "Downloads of the authoritative bytes are not enabled"},
	{vault.ErrAssigneeDiffers, 409, "assignee_differs", "The release must go to the assignee, because no other party may act for it"},
	{vault.ErrAlreadyReleased, 409, "already_released", "The authoritative copy was already released with a different recipient or reason"},
	{vault.ErrNotReleased, 409, "not_released", "The authoritative copy was not released"},
	{vault.ErrPackagePending, 409, "package_pending", "The release package is being prepared"},
	{vault.ErrPackageGone, 410, "package_gone", "The release package was acknowledged and is no longer available"},
	{vault.ErrNotFetched, 409, "not_fetched", "The release package has not been fetched yet"},
	{vault.ErrDigestMismatch, 422, "digest_mismatch", "The digest does not match the whole release package"},
	{vault.ErrNotDamaged, 409, "not_damaged", "The copy is not damaged"},
	{approval.ErrRequired, 409, "approval_required", "A second key of the organization must approve this"},
	{pool.ErrNotFound, 404, "pool_not_found", "The pool does not exist"},
	{pool.ErrBatchNotFound, 404, "batch_not_found", "The batch does not exist"},
	{pool.ErrEmpty, 409, "pool_empty", "The pool has no contract"},
	{pool.ErrState, 409, "batch_state", "The status of the batch does not allow this"},
	{approval.ErrNotFound, 404, "approval_not_found", "The organization has no such approval"},
	{approval.ErrSameKey, 403, "approval_own", "The key that asked cannot approve; another key of the organization must"},
	{approval.ErrPending, 409, "approval_pending", "No second key has approved this yet"},
	{approval.ErrEnded, 409, "approval_ended", "The approval was used or withdrawn, or has expired"},
	{approval.ErrDiffers, 409, "approval_differs", "The approval is of another request"},
	{approval.ErrAltered, 409, "record_altered", "The record of the approval contradicts the event chain; nothing was done"},
	{custody.ErrStatement, 422, "statement_invalid", "The statement is not valid"},

	{pades.ErrTimestampUnavailable, 503, "timestamp_unavailable", "The time-stamp authority is unavailable"},
	{pades.ErrCertificateInvalid, 503, "sealing_certificate_invalid", "The sealing certificate is not valid at this time"},
	{pades.ErrRevocationUnavailable, 503, "revocation_unavailable", "Revocation status is unavailable"},
	{pades.ErrNotValid, 422, "signature_invalid", "The signature is not valid"},
	{pades.ErrNotExtendable, 422, "not_signable", "The file cannot be sealed"},
	{pades.ErrNotPDF, 422, "document_refused", "The file is not a readable PDF"},

	{compliance.ErrCertificatePending, 409, "certificate_pending", "The certificate is being issued"},
	{compliance.ErrCertificateNotFound, 404, "certificate_not_found", "No certificate has this serial"},
	{certificate.ErrInvalid, 422, "certificate_invalid", "The certificate is not valid"},

	{translog.ErrRewound, 503, "log_rewound", "The log is behind its newest anchor; operator action is required"},
	{translog.ErrCorrupt, 503, "log_corrupt", "The log's stored hashes do not match its root"},
	{translog.ErrNotIncluded, 409, "record_altered", "The log's entry differs from the record"},
	{translog.ErrDisplaced, 409, "record_altered", "The log's entry differs from the record"},
	{translog.ErrPending, 409, "log_pending", "The event is not in the log yet"},
	{translog.ErrNotFound, 404, "not_in_log", "The log has no such entry or size"},
	{translog.ErrNotRewound, 409, "log_not_rewound", "The log is not rewound"},
	{translog.ErrCheckpoint, 422, "checkpoint_invalid", "The checkpoint does not belong to a known log"},

	{keyring.ErrKeyTime, 503, "signer_unavailable", "A signing key of the server is no longer in use; the server must be restarted"},
	{keyring.ErrRetired, 503, "signer_unavailable", "A signing key of the server is no longer in use; the server must be restarted"},
	{keyring.ErrUnknownKey, 503, "signer_unavailable", "A signing key of the server is missing from the key history"},
	{keyring.ErrHistory, 503, "signer_unavailable", "The server's key history does not verify"},

	{scopes.ErrKeyNotFound, 404, "key_not_found", "The key does not exist"},
	{scopes.ErrOrganizationNotFound, 404, "organization_not_found", "The organization does not exist"},
	{scopes.ErrOrganizationExists, 409, "organization_exists", "The organization already exists"},

	{storage.ErrMismatch, 422, "idempotency_mismatch", "The idempotency key was used with a different request"},
	{storage.ErrTooMany, 429, "too_many_keys", "Too many idempotency keys were used today"},
	{storage.ErrInProgress, 409, "idempotency_in_progress", "A request with this idempotency key is still running"},
	{storage.ErrUsed, 410, "already_used", "The single-use URL was already used"},
	{storage.ErrBlobMissing, 503, "storage_unavailable", "Document storage is unavailable"},
	{storage.ErrBlobCondemned, 503, "storage_unavailable", "Document storage is busy; try again"},
	{storage.ErrSchema, 503, "schema_too_old", "The database schema is older than this build requires"},
	{storage.ErrUnavailable, 503, "unavailable", "A database or storage service is unavailable"},
	{storage.ErrDigest, 409, "integrity_mismatch", "The stored bytes do not match their recorded digest"},
	{storage.ErrRetry, 503, "unavailable", "The transaction must be run again"},
	{storage.ErrConflict, 503, "contention", "Too many concurrent updates; try again"},
	{storage.ErrNotFound, 404, "not_found", "The record does not exist"},
	{context.DeadlineExceeded, 503, "timeout", "The request took too long"},
	{context.Canceled, 503, "canceled", "The request was canceled"},
}

// judge turns an error into its document.
func judge(err error) rest.Document {
	if d, ok := describe(err); ok {
		return d
	}
	for _, p := range problems {
		if p.err != nil && errors.Is(err, p.err) {
			return p.document(sentence(p.title))
		}
	}
	return told("internal", "an internal error occurred; look for the request ID in the log")
}

func (p *problem) document(detail string) rest.Document {
	return rest.Document{Status: p.status, Code: p.code, Title: p.title, Detail: detail}
}

// told is the document of the first row with the code.
func told(code, detail string) rest.Document {
	for _, p := range problems {
		if p.code == code {
			return p.document(detail)
		}
	}
	return rest.Document{Status: 500, Code: "internal", Title: code, Detail: detail} // a test finds every code in the table
}

// toldOf is told with the one field that is at fault.
func toldOf(code, field, rule, detail, message string) rest.Document {
	d := told(code, detail)
	d.Details = []storage.InvalidField{{Field: field, Rule: rule, Message: message}}
	return d
}

func words(list []scopes.Scope) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func sentence(title string) string { return strings.ToLower(title[:1]) + title[1:] }

// describe handles the errors whose fields belong in the response.
func describe(err error) (d rest.Document, ok bool) {
	var (
		bad     *rest.RequestError
		scope   *scopeMissing
		method  *badMethod
		invalid *storage.InvalidError
	)
	switch {
	case errors.As(err, &bad):
		return told(bad.Code, bad.Detail), true
	case errors.As(err, &scope):
		return told("scope_missing", "the key needs the scope "+strings.Join(words(scope.needed), " or ")), true
	case errors.As(err, &method):
		return told("method_not_allowed", "allowed: "+strings.Join(method.allowed, ", ")), true
	case errors.As(err, &invalid):
		d = told("invalid", invalid.Error())
		d.Details, d.More = invalid.Fields, invalid.More
		return d, true
	case errors.Is(err, esign.ErrAlreadySigned):
		return d, false // its row says more than the state
	}
	return describeEngine(err)
}

// describeEngine is describe for the errors of the engines.
func describeEngine(err error) (d rest.Document, ok bool) {
	var (
		state    *esign.StateError
		external *esign.ExternalIDError
		unfit    *esign.NotSignableError
		derived  *esign.NotAnOriginalError
		refusal  *esign.Refusal
		vaulted  *vault.AlreadyVaultedError
		unread   *esign.NotViewedError
		conflict *stateConflict
		consent  *custody.ConsentError
	)
	switch {
	case errors.As(err, &state):
		return told("state_forbids", state.Reason()), true
	case errors.As(err, &external):
		return told("external_id_taken", fmt.Sprintf("external_id %q belongs to envelope %s", external.ExternalID, external.EnvelopeID)), true
	case errors.As(err, &unfit):
		why := unfit.Obstacle()
		return toldOf("not_signable", "document", unfit.Reason, "the document cannot be signed: "+why, why), true
	case errors.As(err, &derived):
		return told("not_an_original",
			"the file is a copy, a sealed document or a report of this system, or contains pages of one: "+strings.Join(derived.Marks, ", ")), true
	case errors.As(err, &refusal):
		d = toldOf("document_refused", "file", refusal.Reason, refusal.Error(), refusal.Error())
		if refusal.Reason == "too_large" {
			d.Status = http.StatusRequestEntityTooLarge
		}
		return d, true
	case errors.As(err, &vaulted):
		return told("already_vaulted", "the envelope is already vaulted with other values of "+strings.Join(vaulted.Fields, ", ")), true
	case errors.As(err, &unread):
		return told("not_viewed", "these pages were not opened before signing: "+esign.PageRanges(unread.Pages)), true
	case errors.As(err, &consent):
		return told("not_controller", "the act requires a consent signed by the control key of the controller: "+consent.Why), true
	case errors.As(err, &conflict):
		return told("state_forbids", conflict.detail), true
	}
	return d, false
}
