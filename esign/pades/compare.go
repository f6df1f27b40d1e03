package pades

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/revision"
	"github.com/evaultlib/evault/internal/pdf/signing"
)

// maxChanges bounds how many changes a report lists for one signature.
const maxChanges = 50

// maxSpace bounds the white space behind a signature that covers the whole file.
const maxSpace = 512

// maxCompared bounds revisions times objects, so that a hostile file cannot make comparing take long.
const maxCompared = 3_000_000

// step is what one revision did to the signed one before it.
type step struct {
	changes []change
	unknown error // why that cannot be told
}

// compare walks from the file as it is now back through the signed revisions. Each is opened on its own and compared
// with the next; no more than two are held at a time.
func (v *verification) compare() error {
	for _, s := range v.signatures {
		if s.sig != nil {
			v.ordered = append(v.ordered, s)
		}
	}
	if n := len(v.doc.Numbers()); len(v.ordered)*n > maxCompared {
		unknown := fmt.Errorf("%d revisions of %d objects exceed the limit of the comparison", len(v.ordered), n)
		for _, s := range v.ordered {
			v.judge(s, []step{{unknown: unknown}})
		}
		return nil
	}
	raw := v.doc.Raw()
	next := v.doc
	var effort revision.Effort
	found := make([][]revision.Change, len(v.ordered))
	steps := make([]step, len(v.ordered))
	for i, s := range slices.Backward(v.ordered) {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if rest := raw[s.sig.End:]; len(rest) <= maxSpace && len(bytes.TrimRight(rest, " \r\n\t\f\x00")) == 0 {
			s.report.Coverage = CoverageWholeFile
		}
		own, err := v.revision(s)
		if err != nil {
			s.fail(err)
		}
		s.material = v.carried(s, own)
		found[i], steps[i].unknown = changes(own, next, &effort)
		next = own
	}
	p := v.permissions()
	for i := range steps {
		steps[i].changes = p.all(i, found[i])
	}
	for i, s := range v.ordered {
		s.report.Locks = s.lockTexts()
		v.judge(s, steps[i:])
	}
	return nil
}

func changes(old, now *pdf.Document, e *revision.Effort) ([]revision.Change, error) {
	if old == nil || now == nil {
		return nil, errors.New("a signed revision cannot be read")
	}
	return revision.ChangesWithin(now, old, e)
}

// revision opens the signed revision of s by itself and checks that the signature is part of it. What the signature
// permits and locks is read there, whatever later revisions made of it.
func (v *verification) revision(s *verified) (*pdf.Document, error) {
	d := v.doc
	if s.report.Coverage != CoverageWholeFile {
		var err error
		if d, err = pdf.Open(v.doc.Raw()[:s.sig.End], v.options.Limits.pdf()); err != nil || d.Repaired() {
			return nil, errors.New("the signed revision is not a complete file")
		}
	}
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		return nil, errors.New("the signed revision is not a complete file")
	}
	for _, f := range fields {
		if f.Value == s.field.Value {
			own, err := signing.ReadSignature(d, f.Value)
			if err == nil && own.From == s.sig.From && own.To == s.sig.To && own.End == s.sig.End {
				s.field, s.report.Certification = f, acroform.Certification(d, own.Dict)
				s.locks, s.final = acroform.Locks(d, f)
				return d, nil
			}
		}
	}
	return nil, errors.New("the signature is not part of the revision that it signs")
}

// judge sums up what happened after s; steps[0] is what came next.
func (v *verification) judge(s *verified, steps []step) {
	s.report.ChangesAfter = ChangesNone
	for _, st := range steps {
		for _, c := range st.changes {
			v.judgeOne(s, c)
		}
	}
	for _, st := range slices.Backward(steps) {
		if st.unknown == nil || s.report.ChangesAfter == ChangesSuspicious {
			continue
		}
		s.report.ChangesAfter = ChangesUnknown
		if s.report.Problem == "" {
			s.report.Problem = "later revisions cannot be compared: " + st.unknown.Error()
		}
	}
}

// worse orders what came after a signature.
var worse = []string{ChangesNone, ChangesPermitted, ChangesFilled, ChangesSuspicious}

func (v *verification) judgeOne(s *verified, c change) {
	after, reason := c.judged(s)
	text := c.Text
	if reason != "" {
		text += ", which " + reason
	}
	if slices.Index(worse, after) > slices.Index(worse, s.report.ChangesAfter) {
		s.report.ChangesAfter = after
	}
	if len(s.report.Changes) < maxChanges && !slices.Contains(s.report.Changes, text) {
		s.report.Changes = append(s.report.Changes, text)
	}
	if s.report.Problem == "" && (reason != "" || after == ChangesSuspicious) {
		s.report.Problem = "changed afterwards: " + text
	}
}

// countAll refuses files with signatures that the form does not reach: hidden or orphaned by a later revision.
func (v *verification) countAll() {
	// An object that no reader can parse holds no signature; comparing revisions has looked at it already.
	if n, _ := signing.CountByteRanges(v.doc); n > len(v.signatures)+acroform.UsageRights(v.doc) {
		v.report.Problem = fmt.Sprintf("the file has %d signatures, but the form names %d", n, len(v.signatures))
	}
	if v.report.Problem == "" {
		return
	}
	for _, s := range v.signatures {
		s.report.ChangesAfter = ChangesSuspicious
		if s.report.Problem == "" {
			s.report.Problem = v.report.Problem
		}
	}
}
