package vault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

// AttestRequest brings the attestation of paper that was vaulted without one.
type AttestRequest struct {
	OrgID, EnvelopeID string
	Attestation       custody.Attestation
	Actor             Actor

	// Also runs in the transaction that records the attestation, with the copy as it
	// is then and the id of the event. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, a *Attested) error
}

// Attested is the outcome of Attest.
type Attested struct {
	Copy    *custody.Original
	EventID string // of vault.attested; "" when the attestation came with the deposit
}

// clean copies an attestation with its times as they are recorded.
func clean(a custody.Attestation) *custody.Attestation {
	a.SignedBy = slices.Clone(a.SignedBy)
	if a.DestroyedAt != nil {
		at := environ.Micro(*a.DestroyedAt)
		a.DestroyedAt = &at
	}
	return &a
}

// Attest adds an attestation to paper that was vaulted without one, as an event
// that commits to it; nothing about the copy's bytes changes. It works once: the
// same attestation again returns created false, another one is an
// *AlreadyVaultedError. *InvalidError for a document that was signed here,
// ErrNotVaulted, ErrReleased, ErrRecordAltered, translog.ErrRewound.
func (v *Vault) Attest(ctx context.Context, r AttestRequest) (a *Attested, created bool, err error) {
	var p validate.Problems
	p.Struct(r.Attestation)
	checkAttestation(&r.Attestation, &p, "", v.now())
	if err := p.Err(); err != nil {
		return nil, false, err
	}
	given := clean(r.Attestation)
	c, err := v.Proven(ctx, r.OrgID, r.EnvelopeID)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("attest %s: %w", r.EnvelopeID, err)
	case c.Status == custody.StatusReleased:
		return nil, false, ErrReleased
	case c.Source.Kind != custody.SourcePaper:
		return nil, false, validate.Fail("attestation", "excluded", "is for paper documents only")
	}
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		a, created, err = v.attest(ctx, s, r, given)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("attest %s: %w", r.EnvelopeID, err)
	}
	return a, created, nil
}

// attest is Attest's transaction.
func (v *Vault) attest(ctx context.Context, s Store, r AttestRequest, given *custody.Attestation) (a *Attested, created bool, err error) {
	c, err := v.live(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, false, err
	}
	if c.Attestation != nil {
		if !equal(c.Attestation, given) {
			return nil, false, &AlreadyVaultedError{Fields: []string{"attestation"}}
		}
		id, err := v.attestedBy(ctx, s, c)
		return &Attested{c, id}, false, err
	}
	b, err := canonjson.Marshal(given)
	if err != nil {
		return nil, false, err
	}
	events, err := v.chain.Append(ctx, s, eventlog.Draft{
		EnvelopeID: c.EnvelopeID, Type: event.VaultAttested, Actor: r.Actor, Data: event.AttestedData{
			CopyID: c.CopyID, Version: c.Version, SHA256: c.DocumentHash, AttestationSHA256: storage.Sum(b),
		},
		Detail: custody.AttestedDetail{Attestation: given},
	})
	if err != nil {
		return nil, false, err
	}
	c.Attestation = given
	if err := s.UpdateOriginal(ctx, c); err != nil {
		return nil, false, err
	}
	a = &Attested{c, events[0].ID}
	if err := also(ctx, s, r.Also, a); err != nil {
		return nil, false, err
	}
	return a, true, v.touched(ctx, s, c.EnvelopeID)
}

// attestedBy returns the id of the event that attested a copy, "" when the
// deposit did.
func (v *Vault) attestedBy(ctx context.Context, s Store, c *custody.Original) (string, error) {
	events, err := s.Events(ctx, c.EnvelopeID)
	for _, e := range events {
		if e.Type == event.VaultAttested {
			return e.ID, err
		}
	}
	return "", err
}

// checkAttestation judges what the tags do not: what says nothing, what contradicts itself, and
// a destruction in the future. It names fields below prefix.
func checkAttestation(a *custody.Attestation, p *validate.Problems, prefix string, now time.Time) {
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
		p.Add(prefix+"destroyed_at", "max", "lies in the future")
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
		p.Add(prefix+"paper_custodian", "required", "is required when the paper original is held: who keeps it, and the SHA-256 of the receipt")
	}
	if a.PaperOriginal == "none" && a.Origin == "scan" {
		p.Add(prefix+"paper_original", "oneof", "must be destroyed or held: a scan was made from paper")
	}
}

// says reports whether a text has a letter.
func says(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }
