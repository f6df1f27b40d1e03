package pades

import (
	"crypto/x509"
	"hash"
	"time"
)

// Baseline levels of ETSI EN 319 142-1 §6.
const (
	LevelNone = "none" // not a baseline signature
	LevelBB   = "B-B"
	LevelBT   = "B-T"
	LevelBLT  = "B-LT"
	LevelBLTA = "B-LTA"
)

// Values of [SignatureReport].
const (
	IntegrityValid       = "valid"       // the signed bytes and the signature value fit the certificate
	IntegrityInvalid     = "invalid"     // they do not, or the structure is one that attacks use
	IntegrityUnsupported = "unsupported" // not checked, so not known

	CoverageWholeFile = "whole_file"
	CoverageRevision  = "revision" // bytes were appended after it

	ChangesNone = "none"
	// later revisions only added what alters nothing that the signed one shows: signatures, time-stamps, validation
	// material
	ChangesPermitted = "permitted"
	// later revisions also gave form fields other values, which Changes names with the old ones
	ChangesFilled     = "filled"
	ChangesSuspicious = "suspicious" // later revisions did something else, too
	ChangesUnknown    = "unknown"

	TrustTrusted   = "trusted"   // a chain to one of the given roots holds at the proven time
	TrustUntrusted = "untrusted" // there is none
	// cannot be told, for instance because a certificate expired and nothing proves an earlier time
	TrustUnknown = "unknown"
)

const (
	subFilterCAdES = "ETSI.CAdES.detached"
	subFilterPKCS7 = "adbe.pkcs7.detached"
	subFilterStamp = "ETSI.RFC3161"
)

// Options of [Verify] and [VerifyStatement].
type Options struct {
	// Roots are the only trust anchors; the system's are never used. Required.
	Roots *x509.CertPool
	// Intermediates helps to build chains beside the certificates in the signatures; default none.
	Intermediates []*x509.Certificate
	// Now is the time at which certificates must be valid where no time-stamp proves an earlier
	// one; default time.Now(). Set it to an earlier time if other evidence proves that the file
	// existed then.
	Now time.Time
	// Material is revocation data in addition to that in the file; default none.
	Material Material
	// RequireRevocation makes a signature untrusted when the revocation status
	// of its certificates is unknown. Default false: SignatureReport.Revocation
	// reports it, and only the chain decides.
	RequireRevocation bool
	// Hashed gives the state of SHA-256 after the first n bytes of the file, where the caller has hashed it, so that what
	// signatures sign is not hashed again; the state is changed. With a wrong one no signature is valid. Default: the file
	// is hashed.
	Hashed func(n int64) hash.Cloner
	Parsed Parsed // the file, where the caller has parsed it; default: it is parsed
	Limits Limits
}

// Report is what [Verify] found.
type Report struct {
	// Signatures and document time-stamps, in the order in which they were added.
	Signatures []SignatureReport
	// Problem is a problem of the whole file, which makes every signature doubtful; "" for none.
	Problem string
}

// OK reports whether the file has signatures and all of them are [SignatureReport.OK].
func (r *Report) OK() bool {
	for _, s := range r.Signatures {
		if !s.OK() {
			return false
		}
	}
	return r.Problem == "" && len(r.Signatures) > 0
}

// SignatureReport is the result of verifying one signature.
type SignatureReport struct {
	Field              string // fully qualified name; "" for a statement
	Subject            string // of the signer's certificate, as RFC 2253
	SubFilter          string
	Reason             string
	Certification      int        // DocMDP permission 1 to 3; 0 for approval signatures
	SigningTime        time.Time  // claimed in /M; zero when absent
	TimestampTime      *time.Time // proven by a trusted time-stamp
	TimestampAuthority string     // subject of that authority's certificate; "" without TimestampTime
	Level              string
	Integrity          string
	Coverage           string
	ChangesAfter       string
	Changes            []string // what later revisions did, in words
	Locks              []string // descriptions of what the signature freezes: form fields or the document; nil for none
	Trust              string
	Revocation         string            // of the certificates of the signer and the time-stamp authority
	Certificate        *x509.Certificate // nil when none could be read
	SignedLen          int64             // length of the signed revision, a prefix of the file
	// Problem describes the first error or unsupported feature: of the
	// signature itself, then of later changes, then TrustProblem; "" for none.
	Problem string
	// TrustProblem says why Trust is not TrustTrusted; "" when it is, or when Integrity is not valid.
	TrustProblem string
	// Weakness names what a valid signature lacks by current rules: signed
	// attributes, or a certificate bound by a stronger digest than SHA-1. A
	// weakness is not a Problem, but the signature has no baseline level. ""
	// for none.
	Weakness string
}

// OK reports whether the signature is valid, trusted, and followed by nothing
// but permitted changes. A signature followed by form filling is not OK; the
// caller decides whether to accept it.
func (s SignatureReport) OK() bool { return s.intact() && s.ChangesAfter != ChangesFilled }

// intact reports whether the signature is valid and trusted, and followed by no change that it forbids or that is
// suspicious.
func (s SignatureReport) intact() bool {
	return s.Integrity == IntegrityValid && s.Trust == TrustTrusted && s.Problem == "" &&
		(s.ChangesAfter == ChangesNone || s.ChangesAfter == ChangesPermitted || s.ChangesAfter == ChangesFilled)
}
