package compliance

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// outcome gathers what one check finds. A check with a problem is not satisfied;
// one that ended without a problem does not apply any more.
type outcome struct {
	ended    bool
	problems []string
	notes    []string
	items    []certificate.Item
}

func (out *outcome) fail(format string, args ...any) {
	out.problems = append(out.problems, sentence(format, args))
}

func (out *outcome) note(format string, args ...any) {
	out.notes = append(out.notes, sentence(format, args))
}

// sentence ends with one full stop, also after a name that ends with one.
func sentence(format string, args []any) string {
	s := fmt.Sprintf(format, args...)
	if strings.HasSuffix(s, "..") {
		s = s[:len(s)-1]
	}
	return s
}

func (out *outcome) item(kind, ref string, sha storage.Digest, basis string) {
	out.items = append(out.items, certificate.Item{Kind: kind, Ref: ref, SHA256: sha, Basis: basis})
}

// event adds an event as evidence; it is a problem when the log does not prove it.
func (out *outcome) event(ev *evidence, e event.Event) {
	index, err := ev.logged(e)
	if err != nil {
		out.fail("The event %s (%s) is not proved by the log: %v.", e.ID, e.Type, err)
		return
	}
	out.items = append(out.items, certificate.Item{Kind: "event", Ref: e.ID, SHA256: e.Hash, LogIndex: index, Basis: certificate.Verified})
}

// checkTable gives each requirement its check.
func checkTable() map[string]func(ev *evidence, out *outcome) {
	return map[string]func(ev *evidence, out *outcome){
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
func (ev *evidence) evaluate() certificate.Result {
	r := certificate.Result{State: ev.state(), Regime: ev.regime.ID, EvaluatedAt: certificate.At(ev.at), Findings: ev.findings(), Checks: []certificate.Check{}}
	table := checkTable()
	for _, q := range ev.regime.Requirements {
		var out outcome
		table[q.ID](ev, &out)
		r.Checks = append(r.Checks, certificate.Check{
			ID: q.ID, Requirement: q.Text, Reference: q.Reference, Satisfied: out.satisfied(),
			Detail: out.detail(), Evidence: append([]certificate.Item{}, out.items...),
		})
	}
	if len(ev.regime.Requirements) == 0 {
		for _, id := range []string{certificate.SingleAuthoritativeCopy, certificate.TamperEvidentRecord} {
			var out outcome
			table[id](ev, &out)
			if len(out.problems) > 0 {
				r.Findings = append(r.Findings, certificate.Finding{ID: id, Detail: out.detail()})
			}
		}
	}
	r.Tally()
	return r
}

func (out *outcome) satisfied() *bool {
	if out.ended && len(out.problems) == 0 {
		return nil
	}
	met := len(out.problems) == 0
	return &met
}

// end says that the requirement no longer applies; what is wrong with the record
// of the time before remains a problem.
func (out *outcome) end(format string, args ...any) {
	out.ended = true
	out.note(format, args...)
}

// state is what became of the authoritative copy.
func (ev *evidence) state() string {
	switch {
	case ev.original == nil:
		return certificate.StateNone
	case ev.released():
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

func (out *outcome) detail() string {
	if len(out.problems) > 0 {
		return strings.Join(out.problems, " ")
	}
	return strings.Join(out.notes, " ")
}
