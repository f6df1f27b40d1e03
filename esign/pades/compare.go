package pades

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
)

// maxChanges bounds how many changes a report lists for one signature.
const maxChanges = 50

// maxCompared bounds revisions times objects, so that a hostile file cannot make comparing take long.
const maxCompared = 3_000_000

// compare walks from the file as it is now back through the signed revisions. Each is opened on its own and compared with
// the next; no more than two are held at a time.
func (v *verification) compare() error {
	for _, s := range v.signatures {
		if s.sig != nil {
			v.ordered = append(v.ordered, s)
		}
	}
	if n := len(v.doc.Numbers()); len(v.ordered)*n > maxCompared {
		for _, s := range v.ordered {
			v.judge(s, nil, fmt.Sprintf("%d revisions of %d objects are more than is compared", len(v.ordered), n))
		}
		return nil
	}
	raw := v.doc.Raw()
	next := v.doc
	var later []pdf.Change
	unknown := ""
	for i := len(v.ordered) - 1; i >= 0; i-- {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		s := v.ordered[i]
		if len(bytes.TrimRight(raw[s.sig.End:], " \r\n\t\f\x00")) == 0 {
			s.report.Coverage = CoverageWholeFile
		}
		own, err := v.revision(s)
		if err != nil {
			s.fail(err)
		}
		s.material = own != nil && hasMaterial(own)
		steps, err := changes(own, next)
		if err != nil && unknown == "" {
			unknown = err.Error()
		}
		later = append(slices.Clone(steps), later...)
		v.judge(s, later, unknown)
		next = own
	}
	return nil
}

func changes(old, now *pdf.Document) ([]pdf.Change, error) {
	if old == nil || now == nil {
		return nil, errors.New("a signed revision cannot be read")
	}
	return now.ChangesSince(old)
}

// revision opens the signed revision of s by itself and checks that the signature is part of it.
func (v *verification) revision(s *verified) (*pdf.Document, error) {
	d := v.doc
	if s.report.Coverage != CoverageWholeFile {
		var err error
		if d, err = pdf.Open(v.doc.Raw()[:s.sig.End], v.options.Limits.pdf()); err != nil || d.Repaired() {
			return nil, errors.New("the signed revision does not stand alone")
		}
	}
	fields, err := d.SignatureFields()
	if err != nil {
		return nil, errors.New("the signed revision does not stand alone")
	}
	for _, f := range fields {
		if f.Value == s.field.Value {
			own, err := d.Signature(f.Value)
			if err == nil && own.From == s.sig.From && own.To == s.sig.To && own.End == s.sig.End {
				return d, nil
			}
		}
	}
	return nil, errors.New("the signature is not part of the revision that it signs")
}

// judge sums up what happened after s.
func (v *verification) judge(s *verified, later []pdf.Change, unknown string) {
	s.report.ChangesAfter = ChangesNone
	for _, c := range later {
		text, permitted := c.Text, v.permitted(s, c)
		if !permitted {
			s.report.ChangesAfter = ChangesSuspicious
		} else if s.report.ChangesAfter == ChangesNone {
			s.report.ChangesAfter = ChangesPermitted
		}
		if len(s.report.Changes) < maxChanges && !slices.Contains(s.report.Changes, text) {
			s.report.Changes = append(s.report.Changes, text)
		}
		if !permitted && s.report.Problem == "" {
			s.report.Problem = "changed afterwards: " + text
		}
	}
	if unknown != "" && s.report.ChangesAfter != ChangesSuspicious {
		s.report.ChangesAfter = ChangesUnknown
		if s.report.Problem == "" {
			s.report.Problem = "later revisions cannot be compared: " + unknown
		}
	}
}

// permitted adds to the document's view what only the signatures tell: after one that allows no changes only validation
// material and time-stamps may come, and a signature that shows something must itself be trusted.
func (v *verification) permitted(s *verified, c pdf.Change) bool {
	final := s.report.Certification == 1 || s.locks
	if !c.Permitted || c.Signature == 0 {
		return c.Permitted && (c.Validation || !final)
	}
	for _, other := range v.signatures {
		if other.sig == nil || other.sig.Num != c.Signature {
			continue
		}
		trusted := other.report.Integrity == IntegrityValid && other.report.Trust == TrustTrusted
		if final && !other.isTimestamp() {
			return false
		}
		return !c.Visible || trusted
	}
	return false
}

// countAll refuses files with signatures that the form does not reach: hidden or orphaned by a later revision.
func (v *verification) countAll() {
	// An object that no reader can parse holds no signature; comparing revisions has looked at it already.
	if n, _ := v.doc.CountByteRanges(); n > len(v.signatures)+v.doc.UsageRights() {
		v.report.Problem = fmt.Sprintf("the file holds %d signatures, but the form names %d", n, len(v.signatures))
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
