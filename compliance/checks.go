package compliance

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// probe gathers what one check finds. A check with a problem is not satisfied;
// one that ended without a problem does not apply any more.
type probe struct {
	ended    bool
	problems []string
	notes    []string
	items    []certificate.Item
}

func (p *probe) fail(format string, args ...any) {
	p.problems = append(p.problems, sentence(format, args))
}

func (p *probe) note(format string, args ...any) {
	p.notes = append(p.notes, sentence(format, args))
}

// sentence ends with one full stop, also after a name that ends with one.
func sentence(format string, args []any) string {
	s := fmt.Sprintf(format, args...)
	if strings.HasSuffix(s, "..") {
		s = s[:len(s)-1]
	}
	return s
}

func (p *probe) item(kind, ref string, sha storage.Digest, basis string) {
	p.items = append(p.items, certificate.Item{Kind: kind, Ref: ref, SHA256: sha, Basis: basis})
}

// event adds an event as evidence; it is a problem when the log does not prove it.
func (p *probe) event(f *facts, e event.Event) {
	index, err := f.logged(e)
	if err != nil {
		p.fail("The event %s (%s) is not proved by the log: %v.", e.ID, e.Type, err)
		return
	}
	p.items = append(p.items, certificate.Item{Kind: "event", Ref: e.ID, SHA256: e.Hash, LogIndex: index, Basis: certificate.Verified})
}

// checkTable gives each requirement its check.
func checkTable() map[string]func(f *facts, p *probe) {
	return map[string]func(f *facts, p *probe){
		certificate.SingleAuthoritativeCopy:   checkSingleCopy,
		certificate.TamperEvidentRecord:       checkRecord,
		certificate.AssigneeIdentified:        checkAssignee,
		certificate.RequiredSignatures:        checkSignatures,
		certificate.HeldByAssigneeOrCustodian: checkHolder,
		certificate.ConsentToAssigneeChange:   checkConsent,
		certificate.CopiesIdentifiable:        checkCopies,
		certificate.AmendmentsIdentifiable:    checkAmendments,
	}
}

const notVaulted = "The record is not vaulted: there is no authoritative copy."

// evaluate runs the checks of the regime. Without a regime there are none, and
// what they would have found wrong with the record itself becomes findings.
func (f *facts) evaluate() certificate.Result {
	r := certificate.Result{State: f.state(), Regime: f.regime.ID, EvaluatedAt: certificate.At(f.at), Findings: f.findings(), Checks: []certificate.Check{}}
	table := checkTable()
	for _, q := range f.regime.Requirements {
		var p probe
		table[q.ID](f, &p)
		r.Checks = append(r.Checks, certificate.Check{
			ID: q.ID, Requirement: q.Text, Reference: q.Reference, Satisfied: p.satisfied(),
			Detail: p.detail(), Evidence: append([]certificate.Item{}, p.items...),
		})
	}
	if len(f.regime.Requirements) == 0 {
		for _, id := range []string{certificate.SingleAuthoritativeCopy, certificate.TamperEvidentRecord} {
			var p probe
			table[id](f, &p)
			if len(p.problems) > 0 {
				r.Findings = append(r.Findings, certificate.Finding{ID: id, Detail: p.detail()})
			}
		}
	}
	r.Tally()
	return r
}

func (p *probe) satisfied() *bool {
	if p.ended && len(p.problems) == 0 {
		return nil
	}
	met := len(p.problems) == 0
	return &met
}

// end says that the requirement no longer applies; what is wrong with the record
// of the time before remains a problem.
func (p *probe) end(format string, args ...any) {
	p.ended = true
	p.note(format, args...)
}

// state is what became of the authoritative copy.
func (f *facts) state() string {
	switch {
	case f.original == nil:
		return certificate.StateNone
	case f.released():
		return certificate.StateReleased
	}
	return certificate.StateLive
}

// number writes a count with its noun.
func number(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (p *probe) detail() string {
	if len(p.problems) > 0 {
		return strings.Join(p.problems, " ")
	}
	return strings.Join(p.notes, " ")
}
