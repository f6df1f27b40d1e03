package httpapi

import (
	"errors"
	"fmt"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/check"
)

func asInvalid(err error) (*check.InvalidError, bool) {
	var ie *check.InvalidError
	return ie, errors.As(err, &ie)
}

// judgeEngine answers the typed errors of the engines, whose fields belong into
// the answer.
func judgeEngine(err error) (document, bool) {
	var (
		state    *esign.StateError
		external *esign.ExternalIDError
		unfit    *esign.NotSignableError
		refusal  *esign.Refusal
	)
	switch {
	case errors.Is(err, esign.ErrAlreadySigned):
		return document{}, false // its row says more than the state
	case errors.As(err, &state):
		return document{
			Status: 409, Code: "state_forbids", Title: "The envelope's status forbids it",
			Detail: fmt.Sprintf("cannot %s an envelope that is %s", state.Verb, state.Status),
		}, true
	case errors.As(err, &external):
		return document{
			Status: 409, Code: "external_id_taken", Title: "The external id is taken",
			Detail: fmt.Sprintf("external_id %q is that of envelope %s", external.ExternalID, external.EnvelopeID),
		}, true
	case errors.As(err, &unfit):
		return document{
			Status: 422, Code: "not_signable", Title: "The document cannot be signed", Detail: unfitDetail(unfit.Reason),
			Details: []check.Field{{Field: "document", Rule: unfit.Reason, Message: unfitDetail(unfit.Reason)}},
		}, true
	case errors.As(err, &refusal):
		return judgeRefusal(refusal), true
	}
	return document{}, false
}

func unfitDetail(reason string) string { return "the document cannot be sealed: " + reason }

// judgeRefusal says which rule a file breaks.
func judgeRefusal(r *esign.Refusal) document {
	d := document{
		Status: 422, Code: "document_refused", Title: "The file is not accepted", Detail: r.Error(),
		Details: []check.Field{{Field: "file", Rule: r.Reason, Message: r.Error()}},
	}
	if r.Reason == "too_large" {
		d.Status = 413
	}
	return d
}
