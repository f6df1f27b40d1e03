package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// Refusals of this package.
var (
	errNoKey         = errors.New("httpapi: no key")
	errTooManyBad    = errors.New("httpapi: too many failures from this address")
	errRate          = errors.New("httpapi: rate limit")
	errQuota         = errors.New("httpapi: quota of the day")
	errNoRoute       = errors.New("httpapi: no such route")
	errTicket        = errors.New("httpapi: not a download address of ours")
	errTicketExpired = errors.New("httpapi: download address has expired")
	errTicketDead    = errors.New("httpapi: download address was withdrawn")
	errEmbedToken    = errors.New("httpapi: not an embed token of ours")
	errEmbedGone     = errors.New("httpapi: embed token is no longer valid")
	errNotSignerTurn = errors.New("httpapi: not a signer whose turn it is")
	errOff           = errors.New("httpapi: turned off by the host")
	errPanic         = errors.New("httpapi: panic")
)

// scopeMissing is a 403; it names what the key lacks.
type scopeMissing struct{ needed []scopes.Scope }

func (e *scopeMissing) Error() string { return "httpapi: scope missing" }

// badMethod is a 405 with what is allowed.
type badMethod struct{ allowed []string }

func (e *badMethod) Error() string { return "httpapi: method not allowed" }

// problem is the answer that an error means. Detail is a sentence for people;
// nothing internal and nothing of another organization is in it.
type problem struct {
	err    error
	status int
	code   string
	title  string
}

// problems is the one table from an error to its answer. The first row whose
// error is in the chain wins. Errors with fields (storage.InvalidError, which is
// esign.InvalidError, vault.InvalidError, translog.InvalidError,
// compliance.InvalidError and scopes.InvalidError; esign.StateError,
// esign.ExternalIDError, esign.NotSignableError, esign.NotAnOriginalError,
// esign.NotViewedError, esign.Refusal,
// vault.AlreadyVaultedError) are answered by judge, which puts the fields into
// the answer; pades.NotExtendableError, pades.SizeError, pades.FieldError and
// pades.AppearanceError (which are about what the host asked of its own seal)
// reach a caller as what they wrap, or as a 500.
var problems = []problem{
	{errNoKey, 401, "key_missing", "The header X-API-Key is missing"},
	{scopes.ErrUnknownKey, 401, "key_unknown", "The API key is not known"},
	{scopes.ErrExpiredKey, 401, "key_expired", "The API key has expired"},
	{scopes.ErrDisabledKey, 401, "key_disabled", "The API key is disabled"},
	{errTooManyBad, 429, "too_many_failures", "Too many failed attempts from this address"},
	{errRate, 429, "rate_limited", "The rate limit is used up"},
	{errQuota, 429, "quota_exceeded", "The organization's quota of the day is used up"},
	{errNoRoute, 404, "route_not_found", "There is no such route"},
	{rest.ErrTooLarge, 413, "body_too_large", "The body is larger than the limit"},
	{rest.ErrSlowBody, 408, "body_too_slow", "The body did not arrive in time"},
	{rest.ErrBusy, 503, "busy", "Too many request bodies are being received; try again"},
	{rest.ErrMediaType, 415, "media_type", "The body's media type is not one that this route reads"},
	{errTicket, 403, "token_invalid", "The address is not valid"},
	{errTicketExpired, 410, "token_expired", "The download address has expired"},
	{errTicketDead, 410, "token_withdrawn", "The download address is no longer valid"},
	{errEmbedToken, 401, "embed_token_invalid", "This is no embed token of ours"},
	{errEmbedGone, 410, "embed_token_gone", "The embed token is used up or no longer valid"},
	{errNotSignerTurn, 409, "not_signers_turn", "The e-mail address is not that of a signer whose turn it is"},
	{errOff, 404, "route_not_found", "There is no such route"},

	{esign.ErrNotFound, 404, "envelope_not_found", "There is no such envelope"},
	{esign.ErrAlreadySigned, 409, "already_signed", "It is signed already"},
	{esign.ErrState, 409, "state_forbids", "The envelope's status forbids it"},
	{esign.ErrExternalID, 409, "external_id_taken", "The external id is taken"},
	{esign.ErrPrecondition, 412, "precondition_failed", "The envelope is no longer the one that If-Match names"},
	{esign.ErrDocumentChanged, 412, "document_changed", "The document is not the one that was to be vaulted"},
	{esign.ErrNotSignable, 422, "not_signable", "The document cannot be signed"},
	{esign.ErrNotAnOriginal, 409, "not_an_original", "The file bears marks of this system and is not an original"},
	{esign.ErrSignerNotFound, 404, "signer_not_found", "The envelope has no such signer"},
	{esign.ErrLink, 404, "link_unknown", "There is no such signing link"},
	{esign.ErrDisposed, 410, "document_deleted", "The document was handed over and deleted here"},
	{esign.ErrLinkGone, 410, "link_gone", "The signing link is no longer valid"},
	{esign.ErrLinksRefused, 409, "links_refused", "Signing links are shown to their signers only"},
	{esign.ErrOriginalGivenOut, 409, "original_given_out", "A signer was given the completed document itself; no control statute can apply to it"},
	{esign.ErrNotYourTurn, 409, "not_your_turn", "Others sign first"},
	{esign.ErrConsents, 409, "too_many_consents", "The signer has consented and withdrawn as often as allowed"},
	{esign.ErrNotViewed, 409, "not_viewed", "The document has not been read yet"},
	{esign.ErrIntegrity, 409, "integrity_mismatch", "The records of the envelope differ from its events; nothing was signed"},
	{esign.ErrNoRenderer, 404, "no_renderer", "The host draws no pages; the document is there as a PDF"},
	{esign.ErrNoPage, 404, "page_not_found", "The document has no such page"},
	{esign.ErrNotDrawn, 503, "page_not_drawn", "The page could not be drawn; the document is there as a PDF"},
	{esign.ErrSealWaits, 503, "seal_waits", "The seal has to wait"},
	{esign.ErrConsentRequired, 409, "consent_required", "Consent to electronic records is required"},

	{vault.ErrNotVaulted, 404, "not_vaulted", "There is no authoritative copy of this envelope in the vault"},
	{vault.ErrReleased, 410, "released", "The authoritative copy was released"},
	{vault.ErrAlreadyVaulted, 409, "already_vaulted", "The envelope is vaulted already, with other values"},
	{vault.ErrNotAnOriginal, 409, "not_an_original", "The file is, extends or is part of something that was vaulted before, or bears marks of this system"},
	{vault.ErrIntegrity, 409, "integrity_mismatch", "The stored bytes do not have the recorded digest; nothing was served"},
	{vault.ErrRecordAltered, 409, "record_altered", "The vault's records contradict their event chain or its log; nothing was done"},
	{vault.ErrQuarantined, 409, "quarantined", "The copy is quarantined until it is repaired"},
	{vault.ErrCopyUnavailable, 409, "copy_unavailable", "The file could not be marked, so there is no copy of it"},
	{vault.ErrSuperseded, 410, "superseded", "The version is no longer the current one"},
	{vault.ErrInspectionOff, 409, "inspection_off", "The host does not hand out the authoritative bytes"},
	{vault.ErrAssigneeDiffers, 409, "assignee_differs", "Nobody acts for the assignee, so the release may go to the assignee only"},
	{vault.ErrAlreadyReleased, 409, "already_released", "It was released before, to another recipient or for another reason"},
	{vault.ErrNotReleased, 409, "not_released", "The authoritative copy was not released"},
	{vault.ErrPackagePending, 409, "package_pending", "The release package is being prepared"},
	{vault.ErrPackageGone, 410, "package_gone", "The release package was acknowledged and is not handed out again"},
	{vault.ErrNotFetched, 409, "not_fetched", "The release package was not fetched yet"},
	{vault.ErrDigestMismatch, 422, "digest_mismatch", "The digest is not that of the whole package as received"},
	{vault.ErrNotDamaged, 409, "not_damaged", "There is nothing to repair"},
	{vault.ErrStatement, 422, "statement_invalid", "The statement is not valid"},

	{pades.ErrTimestampUnavailable, 503, "timestamp_unavailable", "The time-stamp authority does not answer"},
	{pades.ErrCertificateInvalid, 503, "sealing_certificate_invalid", "The sealing certificate is not valid now"},
	{pades.ErrRevocationUnavailable, 503, "revocation_unavailable", "Nobody says whether the certificate was revoked"},
	{pades.ErrNotValid, 422, "signature_invalid", "The signature is not valid"},
	{pades.ErrNotExtendable, 422, "not_signable", "The file cannot carry a seal"},
	{pades.ErrNotPDF, 422, "document_refused", "The file is not a readable PDF"},

	{compliance.ErrCertificatePending, 409, "certificate_pending", "The certificate is being issued"},
	{compliance.ErrCertificateNotFound, 404, "certificate_not_found", "There is no certificate with this serial"},
	{compliance.ErrInvalidCertificate, 422, "certificate_invalid", "The certificate is not valid"},

	{translog.ErrRewound, 503, "log_rewound", "The log is behind its newest anchor; the vault waits for its operator"},
	{translog.ErrCorrupt, 503, "log_corrupt", "The log's stored hashes do not give its root"},
	{translog.ErrNotIncluded, 409, "record_altered", "The log has another entry than the record says"},
	{translog.ErrPending, 409, "log_pending", "The event is not in the log yet"},
	{translog.ErrNotFound, 404, "not_in_log", "The log has no such entry or size"},
	{translog.ErrNotRewound, 409, "log_not_rewound", "There is nothing to adopt"},
	{translog.ErrCheckpoint, 422, "checkpoint_invalid", "The checkpoint is not of a known log"},

	{keyring.ErrKeyTime, 503, "signer_unavailable", "A key that signs here is no longer in use; the server must be restarted"},
	{keyring.ErrRetired, 503, "signer_unavailable", "A key that signs here is no longer in use; the server must be restarted"},
	{keyring.ErrUnknownKey, 503, "signer_unavailable", "A key that signs here is not in the history of keys"},
	{keyring.ErrHistory, 503, "signer_unavailable", "The history of keys does not verify"},

	{scopes.ErrKeyNotFound, 404, "key_not_found", "There is no such key"},
	{scopes.ErrOrganizationNotFound, 404, "organization_not_found", "There is no such organization"},
	{scopes.ErrOrganizationExists, 409, "organization_exists", "The organization exists"},

	{storage.ErrMismatch, 422, "idempotency_mismatch", "The idempotency key was used with another request"},
	{storage.ErrTooMany, 429, "too_many_keys", "Too many idempotency keys were used today"},
	{storage.ErrInProgress, 409, "idempotency_in_progress", "A request with this idempotency key is still running"},
	{storage.ErrUsed, 410, "already_used", "The single-use address was used before"},
	{storage.ErrBlobMissing, 503, "storage_unavailable", "The document store does not answer as it should"},
	{storage.ErrBlobCondemned, 503, "storage_unavailable", "The document store asks to try again"},
	{storage.ErrSchema, 503, "schema_too_old", "The database schema is older than this build needs"},
	{storage.ErrUnavailable, 503, "unavailable", "A backend does not answer"},
	{storage.ErrDigest, 409, "integrity_mismatch", "The stored bytes do not have the recorded digest"},
	{storage.ErrRetry, 503, "unavailable", "The transaction has to be run again"},
	{storage.ErrConflict, 503, "contention", "Others changed the same record all the time"},
	{storage.ErrNotFound, 404, "not_found", "There is no such record"},
	{context.DeadlineExceeded, 503, "timeout", "The request took too long"},
	{context.Canceled, 503, "canceled", "The request was canceled"},
}

// judge turns an error into its document.
func judge(err error) rest.Document {
	var (
		bad     *rest.RequestError
		scope   *scopeMissing
		method  *badMethod
		invalid *storage.InvalidError
	)
	switch {
	case errors.As(err, &bad):
		return rest.Document{Status: 400, Code: bad.Code, Title: "The request could not be read", Detail: bad.Detail}
	case errors.As(err, &scope):
		return rest.Document{
			Status: 403, Code: "scope_missing", Title: "The key lacks a scope",
			Detail: "the key needs the scope " + strings.Join(words(scope.needed), " or "),
		}
	case errors.As(err, &method):
		return rest.Document{Status: 405, Code: "method_not_allowed", Title: "The route has no such method", Detail: "allowed: " + strings.Join(method.allowed, ", ")}
	case errors.As(err, &invalid):
		return rest.Document{Status: 422, Code: "invalid", Title: "The request breaks a rule", Detail: invalid.Error(), Details: invalid.Fields, More: invalid.More}
	}
	if d, ok := judgeEngine(err); ok {
		return d
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return rest.Document{Status: p.status, Code: p.code, Title: p.title, Detail: sentence(p.title)}
		}
	}
	return rest.Document{Status: 500, Code: "internal", Title: "Something went wrong here", Detail: "something went wrong here; the request id finds it in the log"}
}

func words(list []scopes.Scope) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func sentence(title string) string { return strings.ToLower(title[:1]) + title[1:] }

// judgeEngine answers the typed errors of the engines, whose fields belong into
// the answer.
func judgeEngine(err error) (rest.Document, bool) {
	var (
		state    *esign.StateError
		external *esign.ExternalIDError
		unfit    *esign.NotSignableError
		derived  *esign.NotAnOriginalError
		refusal  *esign.Refusal
		vaulted  *vault.AlreadyVaultedError
		unread   *esign.NotViewedError
		conflict *stateConflict
	)
	switch {
	case errors.Is(err, esign.ErrAlreadySigned):
		return rest.Document{}, false // its row says more than the state
	case errors.As(err, &state):
		return rest.Document{
			Status: 409, Code: "state_forbids", Title: "The envelope's status forbids it",
			Detail: state.Reason(),
		}, true
	case errors.As(err, &external):
		return rest.Document{
			Status: 409, Code: "external_id_taken", Title: "The external id is taken",
			Detail: fmt.Sprintf("external_id %q is that of envelope %s", external.ExternalID, external.EnvelopeID),
		}, true
	case errors.As(err, &unfit):
		return rest.Document{
			Status: 422, Code: "not_signable", Title: "The document cannot be signed", Detail: "the document cannot be signed: " + unfit.Obstacle(),
			Details: []storage.InvalidField{{Field: "document", Rule: unfit.Reason, Message: unfit.Obstacle()}},
		}, true
	case errors.As(err, &derived):
		return rest.Document{
			Status: 409, Code: "not_an_original", Title: "The file bears marks of this system and is not an original",
			Detail: "the file is a copy, a sealed document or a report of this system, or has pages of one: " + strings.Join(derived.Marks, ", "),
		}, true
	case errors.As(err, &refusal):
		return judgeRefusal(refusal), true
	case errors.As(err, &vaulted):
		return rest.Document{
			Status: 409, Code: "already_vaulted", Title: "The envelope is vaulted already, with other values",
			Detail: "the envelope is vaulted with other values of " + strings.Join(vaulted.Fields, ", "),
		}, true
	case errors.As(err, &unread):
		return rest.Document{
			Status: 409, Code: "not_viewed", Title: "The document has not been read yet",
			Detail: "these pages were not opened before signing: " + esign.PageRanges(unread.Pages),
		}, true
	case errors.As(err, &conflict):
		return rest.Document{Status: 409, Code: "state_forbids", Title: "The envelope's status forbids it", Detail: conflict.detail}, true
	}
	return rest.Document{}, false
}

// judgeRefusal says which rule a file breaks.
func judgeRefusal(r *esign.Refusal) rest.Document {
	d := rest.Document{
		Status: 422, Code: "document_refused", Title: "The file is not accepted", Detail: r.Error(),
		Details: []storage.InvalidField{{Field: "file", Rule: r.Reason, Message: r.Error()}},
	}
	if r.Reason == "too_large" {
		d.Status = 413
	}
	return d
}

// inline are the problems that judge and judgeEngine make themselves, for the
// docs page.
var inline = []problem{
	{nil, 400, "bad_json", "The body is not one JSON value"},
	{nil, 400, "too_many_values", "The body has more JSON values than the route reads"},
	{nil, 400, "unknown_field", "The body has a field that the route does not have"},
	{nil, 400, "duplicate_field", "A field comes twice"},
	{nil, 400, "bad_type", "A field has another JSON type"},
	{nil, 400, "bad_query", "The query has an unknown, repeated or senseless parameter"},
	{nil, 400, "bad_multipart", "The multipart body could not be read"},
	{nil, 400, "bad_form", "The form could not be read"},
	{nil, 400, "unknown_part", "The multipart body has a part that the route does not have"},
	{nil, 400, "part_required", "A part of the multipart body is missing"},
	{nil, 400, "file_required", "The file is missing"},
	{nil, 400, "body_required", "The body is missing"},
	{nil, 400, "body_unreadable", "The body could not be read"},
	{nil, 400, "bad_idempotency_key", "Idempotency-Key is not 1 to 255 visible ASCII characters"},
	{nil, 403, "scope_missing", "The key lacks a scope"},
	{nil, 405, "method_not_allowed", "The route has no such method"},
	{nil, 422, "document_refused", "The file is not accepted"},
	{nil, 422, "invalid", "The request breaks a rule; details name each field"},
	{nil, 500, "internal", "Something went wrong here"},
}
