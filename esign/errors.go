package esign

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evaultlib/evault/esign/intake"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/storage"
)

// InvalidError lists every invalid field of a request. Rules that a caller may want to distinguish:
// document_required, not_supported, glyph_missing, active_content, required.
type InvalidError = storage.InvalidError

// Refusal says why a file is not accepted.
type Refusal = intake.Refusal

var (
	// ErrNotFound: no such envelope, or another organization's.
	ErrNotFound = errors.New("esign: envelope not found")
	// ErrState: the status does not allow the verb; always a *StateError.
	ErrState = errors.New("esign: the envelope's status does not allow this")
	// ErrAlreadySigned: a void after the last signature, or a second signature of one signer.
	ErrAlreadySigned = errors.New("esign: already signed")
	// ErrExternalID: another envelope of the organization, which has not ended
	// without completion, has this external id; always an *ExternalIDError.
	ErrExternalID = errors.New("esign: external id is already in use")
	// ErrPrecondition: the envelope has changed since the version named by If-Match.
	ErrPrecondition = errors.New("esign: the envelope has changed")
	// ErrDocumentChanged: the envelope's document is not the one that was vaulted or
	// that the request names.
	ErrDocumentChanged = errors.New("esign: the document has changed")
	// ErrNotSignable: the PDF cannot be sealed; always a *NotSignableError.
	ErrNotSignable = errors.New("esign: the document cannot be signed")
	// ErrNotAnOriginal: the PDF has marks of this system; always a
	// *NotAnOriginalError.
	ErrNotAnOriginal = errors.New("esign: the document is not an original")
	// ErrSignerNotFound: the envelope has no such signer.
	ErrSignerNotFound = errors.New("esign: signer not found")
	// ErrLink: no such signing link; an altered link gets the same error.
	ErrLink = errors.New("esign: no such signing link")
	// ErrLinkGone: the link was withdrawn, or its envelope declined, voided or expired.
	ErrLinkGone = errors.New("esign: the signing link is no longer valid")
	// ErrAuthRequired: the signer must show a code first (SendCode, Authenticate).
	ErrAuthRequired = errors.New("esign: a code is required besides the link")
	// ErrNoCodeNeeded: the signer has shown the code already, or none is asked for.
	ErrNoCodeNeeded = errors.New("esign: no code is needed")
	// ErrWrongCode: the one-time code or access code is wrong.
	ErrWrongCode = errors.New("esign: wrong code")
	// ErrCodeExpired: there is no one-time code, or it has expired; another can be sent.
	ErrCodeExpired = errors.New("esign: the code has expired")
	// ErrAuthLocked: too many wrong codes, or too many codes asked for. A reminder by
	// the sender unlocks it; a day later further one-time codes can be sent.
	ErrAuthLocked = errors.New("esign: too many codes")
	// ErrLinksRefused: the host gives signing links only to their signers.
	ErrLinksRefused = errors.New("esign: signing links are given only to their signers")
	// ErrOriginalGivenOut: a signer was given the completed document itself, so
	// that the authoritative copy cannot be told apart from it.
	ErrOriginalGivenOut = errors.New("esign: a signer was given the completed document itself")
	// ErrNotYourTurn: it is not this signer's turn.
	ErrNotYourTurn = errors.New("esign: not this signer's turn")
	// ErrDelegation: the sender did not allow the signer to delegate.
	ErrDelegation = errors.New("esign: the signer cannot delegate")
	// ErrConsents: the signer has consented and withdrawn as often as allowed.
	ErrConsents = errors.New("esign: too many consents")
	// ErrNotViewed: the signer has not read the whole document; always a *NotViewedError.
	ErrNotViewed = errors.New("esign: the document has not been read")
	// ErrIntegrity: the records of the envelope differ from its events.
	ErrIntegrity = errors.New("esign: the records differ from the events")
	// ErrNoRenderer: page rendering is not enabled (Config.Renderer).
	ErrNoRenderer = errors.New("esign: page rendering is not enabled")
	// ErrNoPage: the document has no such page.
	ErrNoPage = errors.New("esign: no such page")
	// ErrNotDrawn: the renderer could not draw the page; the PDF can still be read.
	ErrNotDrawn = errors.New("esign: the page cannot be drawn")
	// ErrSealWaits: the document is signed, but could not be sealed yet.
	ErrSealWaits = errors.New("esign: the document cannot be sealed yet")
	// ErrDisposed: the original was released, and its stored bytes were deleted.
	ErrDisposed = errors.New("esign: the document was released and is no longer stored")
	// ErrConsentRequired: the signer has not consented to electronic records.
	ErrConsentRequired = errors.New("esign: consent is required")
)

// StateError names the verb and the status that does not allow it.
type StateError struct {
	Verb   Verb
	Status Status
}

func (e *StateError) Error() string {
	return "esign: " + e.Reason()
}

// Reason describes the verb, the status, and the statuses that allow the verb.
func (e *StateError) Reason() string {
	reason := fmt.Sprintf("cannot %s an envelope that is %s", e.Verb, e.Status)
	var allowed []string
	for _, s := range statuses {
		if _, ok := transitions[e.Verb][s]; ok {
			allowed = append(allowed, string(s))
		}
	}
	last := len(allowed) - 1
	switch {
	case last < 0:
		return reason
	case last == 0:
		return reason + "; it must be " + allowed[0]
	}
	return reason + "; it must be " + strings.Join(allowed[:last], ", ") + " or " + allowed[last]
}

// Is makes errors.Is(err, ErrState) true.
func (e *StateError) Is(target error) bool { return target == ErrState }

// ExternalIDError names the envelope that has the external id.
type ExternalIDError struct{ ExternalID, EnvelopeID string }

func (e *ExternalIDError) Error() string {
	return fmt.Sprintf("esign: external id %q belongs to envelope %s", e.ExternalID, e.EnvelopeID)
}

// Is makes errors.Is(err, ErrExternalID) true.
func (e *ExternalIDError) Is(target error) bool { return target == ErrExternalID }

// NotSignableError says why a PDF cannot be signed: signed (it has signatures
// of others), portfolio (its pages are a cover sheet), dynamic_xfa (its pages
// are made by the viewer), or an obstacle to extending it that remained after
// normalization: encrypted, damaged, certified_no_changes, locked, unsupported.
// Detail has more information where available.
type NotSignableError struct{ Reason, Detail string }

func (e *NotSignableError) Error() string {
	return "esign: the document cannot be signed: " + e.Obstacle()
}

// Obstacle describes the reason in a sentence.
func (e *NotSignableError) Obstacle() string {
	text, known := obstacles[e.Reason]
	switch {
	case !known:
		text = e.Reason
	case e.Detail == "":
		return text
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

var obstacles = map[string]string{
	reasonSigned:                "it is already signed or certified, and adding to it would change the signed content; send the unsigned document",
	pdfinspect.ActivePortfolio:  "it is a portfolio, whose pages are only the cover of the attached files; send the files themselves",
	pdfinspect.ActiveDynamicXFA: "it is a dynamic XFA form, whose pages are made by the viewer; print it to a PDF and send that",
	pdf.BlockEncrypted:          "it is encrypted",
	pdf.BlockDamaged:            "it is damaged",
	pdf.BlockCertified:          "its author certified it and does not allow changes",
	pdf.BlockLocked:             "a signature in it locks it",
	pdf.ReasonUnsupported:       "it uses a feature of PDF that is not supported",
}

const reasonSigned = "signed"

// Is makes errors.Is(err, ErrNotSignable) true.
func (e *NotSignableError) Is(target error) bool { return target == ErrNotSignable }

// NotAnOriginalError names the marks of this system in a PDF, like
// Inspection.OwnMarks: it is a copy, a sealed document or a report, or contains
// pages of one, and a contract made from it could pass for a second original.
type NotAnOriginalError struct{ Marks []string }

func (e *NotAnOriginalError) Error() string {
	return "esign: the document is not an original: it has marks of this system: " + strings.Join(e.Marks, ", ")
}

// Is makes errors.Is(err, ErrNotAnOriginal) true.
func (e *NotAnOriginalError) Is(target error) bool { return target == ErrNotAnOriginal }
