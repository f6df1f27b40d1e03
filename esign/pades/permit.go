package pades

import (
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
)

// Bounds of what all signatures of a file lock together. A lock beyond them is over all fields.
const (
	maxLockNames  = 100_000
	maxLockChecks = 300_000
)

// change is a change with what only the signatures tell.
type change struct {
	pdf.Change
	signer *verified // whose signature was added; nil when it is none of the file's
	// lock is the first signature, counted from the oldest, that locks the field; -1 when none does.
	lock     int
	lockedBy string
	// filling is why filling in fields is not permitted at all, "" when it is.
	filling string
}

// permissions is what the signatures of a file allow and forbid.
type permissions struct {
	v       *verification
	signers map[int]*verified // by object number
	filling string
	checks  int
}

func (v *verification) permissions() *permissions {
	p := &permissions{v: v, signers: map[int]*verified{}, filling: v.fillingForbidden()}
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
				s.locks[k] = pdf.Lock{}
			}
		}
	}
	return p
}

// fillingForbidden says why no form field may be filled in, "" when some may. That takes a certification with P=2 or 3
// (ISO 32000-2 §12.8.2.2 table 257) which every reader takes for one: the first signature of the file, named in the catalog, valid
// and trusted. Nothing else tells a form that the signer meant to have filled in from one prepared to deceive the signer.
func (v *verification) fillingForbidden() string {
	if len(v.ordered) == 0 {
		return "no certification allows"
	}
	s := v.ordered[0]
	switch {
	case s.report.Certification == 0 || !s.certifies:
		return "no certification allows"
	case s.report.Certification == 1:
		return "the certification forbids"
	case s.report.Integrity != IntegrityValid || s.report.Trust != TrustTrusted:
		return "only a certification without trust allows"
	}
	return ""
}

// all completes the changes that came after signature i.
func (p *permissions) all(i int, found []pdf.Change) []change {
	out := make([]change, len(found))
	for k, c := range found {
		out[k] = change{Change: c, signer: p.signers[c.Signature], lock: -1, filling: p.filling}
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

func (p *permissions) locks(s *verified, c pdf.Change) bool {
	if s.final && c.Filling {
		return true
	}
	for _, l := range s.locks {
		if p.checks++; p.checks > maxLockChecks || l.Covers(c.Field, c.Added) {
			return true
		}
	}
	return false
}

// permitted says whether s permits what came after it, and the reason if not. After a signature that allows no changes only
// validation material and time-stamps may come; a signature that shows something must itself be trusted.
func (c change) permitted(s *verified) (reason string, ok bool) {
	final := s.report.Certification == 1 || s.final
	locked := c.lock >= 0 && c.lock <= s.place
	switch {
	case !c.Permitted:
		return "", false
	case final && !c.Validation && (c.Signature == 0 || c.signer == nil || !c.signer.isTimestamp()):
		return "the signature forbids", false
	case locked:
		return fmt.Sprintf("signature %q locks", c.lockedBy), false
	case c.Filling && c.filling != "":
		return c.filling, false
	case c.Signature == 0:
		return "", true
	case c.signer == nil:
		return "", false
	case c.Visible && c.signer.isTimestamp():
		return "shows something, and authorities stamp for everyone", false
	case c.Visible && (c.signer.report.Integrity != IntegrityValid || c.signer.report.Trust != TrustTrusted):
		return "nobody trusted made", false
	}
	return "", true
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
