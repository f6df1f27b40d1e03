package pdf

import (
	"errors"

	"github.com/evaultlib/evault/esign/intake"
)

// Reasons of a [Refusal].
const (
	ReasonNotPDF         = intake.ReasonNotPDF
	ReasonPassword       = intake.ReasonPassword
	ReasonNoPages        = intake.ReasonNoPages
	ReasonTooLarge       = intake.ReasonTooLarge
	ReasonTooManyPages   = intake.ReasonTooManyPages
	ReasonTooManyObjects = intake.ReasonTooManyObjects
	ReasonRevisions      = intake.ReasonRevisions
	ReasonTooDeep        = intake.ReasonTooDeep
	ReasonDecodeLimit    = intake.ReasonDecodeLimit
	ReasonDamaged        = intake.ReasonDamaged
	ReasonUnsupported    = intake.ReasonUnsupported
)

// Refusal says why a file is not accepted, to a host too.
type Refusal = intake.Refusal

// Limits bound the work a file may cause. A zero field means its default.
type Limits struct {
	Bytes   int64 // size of the file; default 25 MiB
	Pages   int   // default 5,000
	Objects int   // cross-reference entries; default 500,000
	Depth   int   // nesting of objects and of the page tree; default 100
	// Decoded bounds the bytes that come out of stream filters, over the life of the Document. Default: 4 MiB and 256 for
	// each byte of the file, at most 64 MiB, so that a small file never takes much.
	Decoded int64
}

// smallDecoded and decodedRatio are the default of Limits.Decoded for small files. Page content and object streams
// seldom come out at more than twenty times their size.
const (
	smallDecoded = 4 << 20
	decodedRatio = 256
)

// forFile is withDefaults for a file of n bytes.
func (l Limits) forFile(n int) Limits {
	if l.Decoded <= 0 {
		l.Decoded = min(64<<20, smallDecoded+decodedRatio*int64(n))
	}
	return l.withDefaults()
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Bytes <= 0 {
		l.Bytes = 25 << 20
	}
	if l.Decoded <= 0 {
		l.Decoded = 64 << 20
	}
	def(&l.Pages, 5000)
	def(&l.Objects, 500_000)
	def(&l.Depth, 100)
	return l
}

// Fatal reports whether an error ends the inspection: limits do, damage to one object does not.
func Fatal(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Reason != ReasonDamaged && r.Reason != ReasonUnsupported
}
