// Package attestation judges what somebody declares of a paper document.
//
// Stability: internal, for package vault; it may change with any version.
package attestation

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// Clean copies an attestation with its times as they are recorded.
func Clean(a custody.Attestation) *custody.Attestation {
	a.SignedBy = slices.Clone(a.SignedBy)
	if a.DestroyedAt != nil {
		at := environ.Micro(*a.DestroyedAt)
		a.DestroyedAt = &at
	}
	return &a
}

// Check judges what the tags of the type do not: a text without a word, a contradiction,
// and a destruction in the future. It names fields below prefix.
func Check(a *custody.Attestation, p *validate.Problems, prefix string, now time.Time) {
	for _, x := range []struct {
		field, value string
		least        int
	}{{"attested_by", a.AttestedBy, 2}, {"capacity", a.Capacity, 2}, {"statement", a.Statement, 10}} {
		if x.value != "" && (utf8.RuneCountInString(strings.TrimSpace(x.value)) < x.least || !says(x.value)) {
			p.Add(prefix+x.field, "min", "says nothing: must have at least %d characters", x.least)
		}
	}
	for i, name := range a.SignedBy {
		if name != "" && !says(name) {
			p.Add(fmt.Sprintf("%ssigned_by[%d]", prefix, i), "min", "says nothing: must name a person")
		}
	}
	if at := a.DestroyedAt; at != nil && at.After(now) {
		p.Add(prefix+"destroyed_at", "max", "must not be in the future")
	} else if at != nil && a.PaperOriginal != "destroyed" {
		p.Add(prefix+"destroyed_at", "excluded", "contradicts paper_original, which is not destroyed")
	}
	if a.PaperCustodian != nil && a.PaperOriginal != "held" {
		p.Add(prefix+"paper_custodian", "excluded", "contradicts paper_original, which is not held")
	}
	if k := a.PaperCustodian; k != nil {
		if _, err := storage.ParseDigest(string(k.ReceiptSHA256)); err != nil && k.ReceiptSHA256 != "" {
			p.Add(prefix+"paper_custodian.receipt_sha256", "sha256", "must be 64 lower-case hex digits")
		}
	}
	if a.PaperOriginal == "held" && a.Holder == "" {
		p.Add(prefix+"holder", "required", "is required when the paper original is held")
	}
	if a.PaperOriginal == "held" && a.PaperCustodian == nil {
		p.Add(prefix+"paper_custodian", "required", "is required when the paper original is held: its custodian and the SHA-256 of the receipt")
	}
	if a.PaperOriginal == "none" && a.Origin == "scan" {
		p.Add(prefix+"paper_original", "oneof", "must be destroyed or held, because a scan was made from paper")
	}
}

// says reports whether a text has a letter.
func says(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }
