package pades

import (
	"fmt"

	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/revision"
)

// Bounds of what all signatures of a file lock together. A lock beyond them is over all fields.
const (
	maxLockNames  = 100_000
	maxLockChecks = 300_000
)

// change is a change with what only the signatures tell.
type change struct {
	revision.Change
	signer *verified // whose signature was added; nil when it is none of the file's
	// lock is the first signature, counted from the oldest, that locks the field; -1 when none does.
	lock     int
	lockedBy string
}

// permissions is what the signatures of a file allow and forbid.
type permissions struct {
	v       *verification
	signers map[int]*verified // by object number
	checks  int
}

func (v *verification) permissions() *permissions {
	p := &permissions{v: v, signers: map[int]*verified{}}
	names := 0
	for _, s := range v.signatures {
		if s.sig != nil {
			p.signers[s.sig.Num] = s
		}
	}
	for i, s := range v.ordered {
		s.place = i
		for k, l := range s.locks {
			if names += l.Names(); names > maxLockNames {
				s.locks[k] = acroform.Lock{}
			}
		}
	}
	return p
}

// all completes the changes that came after signature i.
func (p *permissions) all(i int, found []revision.Change) []change {
	out := make([]change, len(found))
	for k, c := range found {
		out[k] = change{Change: c, signer: p.signers[c.Signature], lock: -1}
		if c.Field == "" {
			continue
		}
		for n, s := range p.v.ordered[:i+1] {
			if p.locks(s, c) {
				out[k].lock, out[k].lockedBy = n, s.report.Field
				break
			}
		}
	}
	return out
}

func (p *permissions) locks(s *verified, c revision.Change) bool {
	if s.final && c.Kind == revision.ChangeFilled {
		return true
	}
	for _, l := range s.locks {
		if p.checks++; p.checks > maxLockChecks || l.Covers(c.Field, c.Added) {
			return true
		}
	}
	return false
}

// judged says what c means for s, which came before it, and why where a signature forbids it. After a signature that
// allows no changes only validation material and time-stamps may come; a form field that was filled in is said to be so
// whatever signatures allow.
func (c change) judged(s *verified) (after, reason string) {
	final := s.report.Certification == 1 || s.final
	stamp := c.signer != nil && c.signer.isTimestamp()
	switch {
	case c.Kind == revision.ChangeSuspicious || c.Signature != 0 && c.signer == nil:
		return ChangesSuspicious, ""
	case final && !c.Validation && !stamp:
		reason = "the signature forbids"
	case c.lock >= 0 && c.lock <= s.place:
		reason = fmt.Sprintf("signature %q locks", c.lockedBy)
	}
	switch {
	case c.Kind == revision.ChangeFilled:
		return ChangesFilled, reason
	case reason != "":
		return ChangesSuspicious, reason
	}
	return ChangesPermitted, ""
}

// lockTexts says in words what a signature locks.
func (s *verified) lockTexts() []string {
	var out []string
	if s.final {
		out = append(out, "the document")
	}
	for _, l := range s.locks {
		out = append(out, l.String())
	}
	return out
}
