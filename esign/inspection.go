package esign

import (
	"context"
	"time"
)

// Inspection is the result of inspecting a PDF at intake.
type Inspection struct {
	Pages         int
	Encrypted     string // "no" or "owner_password"
	Signatures    []InspectedSignature
	ActiveContent []string // javascript, launch, embedded_files …, sorted; see [NotSignableError] for what cannot be signed
	Sealing       Sealing
	OwnMarks      []string // marks of this system: copy, vault_seal, completion, legend, record
	Normalized    []string // parts removed before anyone saw the document: damage, encryption, usage_rights
	Warnings      []string
}

// InspectedSignature is one signature field of a PDF.
type InspectedSignature struct {
	Field, Subject string
	SigningTime    *time.Time
	Level          string // none, B-B, B-T, B-LT, B-LTA
	Integrity      string // valid, invalid, unsupported
	Coverage       string // whole_file, revision
	ChangesAfter   string // none, permitted, filled, suspicious, unknown
	Changes        []string
	Trust          string // trusted, untrusted, unknown
	Reason         string
	// Problem describes the first error, weakness or unsupported feature; "" for none.
	Problem string
}

// Sealing is how the file can be sealed: Mode embedded, or detached for the
// Reason encrypted, damaged, certified_no_changes, locked or usage_rights.
type Sealing struct{ Mode, Reason string }

// Modes of sealing.
const (
	SealingEmbedded = "embedded"
	SealingDetached = "detached"
)

// Inspector examines untrusted PDFs. It never changes raw. It refuses a file with a *Refusal.
type Inspector interface {
	Inspect(ctx context.Context, raw []byte) (*Inspection, error)
}
