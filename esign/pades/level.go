package pades

// levels names the baseline level that each signature reaches (ETSI EN 319 142-1 §6.3). Only what was checked counts.
func (v *verification) levels() {
	for _, s := range v.signatures {
		if s.report.Integrity == IntegrityValid && s.isBaseline() {
			s.report.Level = LevelBB
			if s.report.TimestampTime != nil {
				s.report.Level = LevelBT
			}
		}
	}
}

// isBaseline checks the parts of level B-B that a seal from elsewhere may lack: the SubFilter, /M, and no signing-time
// attribute.
func (s *verified) isBaseline() bool {
	if s.cms == nil || s.report.SubFilter != subFilterCAdES || s.report.SigningTime.IsZero() {
		return false
	}
	_, signingTime := s.cms.signed[oidSigningTime.String()]
	return !signingTime
}
