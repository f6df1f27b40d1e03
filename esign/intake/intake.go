// Package intake says why a file is not accepted. It imports nothing, so that what
// reads PDF files and who offers them can share its words.
//
// Stability: reasons may be added; those that are here keep their spelling, which
// is that of the problem documents of package httpapi.
package intake

// Reasons of a [Refusal].
const (
	ReasonNotPDF         = "not_pdf"
	ReasonPassword       = "password" // it does not open without one
	ReasonNoPages        = "no_pages"
	ReasonTooLarge       = "too_large"
	ReasonTooManyPages   = "too_many_pages"
	ReasonTooManyObjects = "too_many_objects"
	ReasonRevisions      = "too_many_revisions"
	ReasonTooDeep        = "too_deep"     // nesting
	ReasonDecodeLimit    = "decode_limit" // more comes out of its stream filters than is allowed
	ReasonDamaged        = "damaged"
	ReasonUnsupported    = "unsupported" // a feature of PDF
)

// Refusal is the error for a file that is not accepted.
type Refusal struct {
	Reason string // one of the Reason constants, or of those of package inspect
	Detail string // for a log or an error message; never content of the file
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Detail == "" {
		return "pdf: " + r.Reason
	}
	return "pdf: " + r.Reason + ": " + r.Detail
}
