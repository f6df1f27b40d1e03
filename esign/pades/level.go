package pades

import "github.com/evaultlib/evault/internal/pdf"

// levels names the baseline level that each signature reaches (ETSI EN 319 142-1 §6.3). Only what was checked counts.
func (v *verification) levels() {
	for i, s := range v.ordered {
		if s.report.Integrity != IntegrityValid || !s.isBaseline() {
			continue
		}
		s.report.Level = LevelBB
		if s.report.TimestampTime == nil || s.report.Trust != TrustTrusted {
			continue
		}
		s.report.Level = LevelBT
		if !s.selfContained || !hasMaterial(v.doc) {
			continue
		}
		s.report.Level = LevelBLT
		for j := i + 1; j < len(v.ordered); j++ {
			if t := v.ordered[j]; t.isTimestamp() && t.report.Trust == TrustTrusted && t.material {
				s.report.Level = LevelBLTA
			}
		}
	}
}

func hasMaterial(d *pdf.Document) bool {
	m, err := d.ValidationMaterial()
	return err == nil && len(m.OCSPs)+len(m.CRLs) > 0
}

// isBaseline checks the parts of level B-B that a seal from elsewhere may lack: the SubFilter, /M, DER, and no
// signing-time attribute.
func (s *verified) isBaseline() bool {
	if s.cms == nil || s.cms.ber || s.report.SubFilter != subFilterCAdES || s.report.SigningTime.IsZero() {
		return false
	}
	_, signingTime := s.cms.signed[oidSigningTime.String()]
	return !signingTime
}
