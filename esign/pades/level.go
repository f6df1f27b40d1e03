package pades

import (
	"crypto/sha256"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/revocation"
)

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
		if !s.selfContained || len(v.numbers) == 0 {
			continue
		}
		s.report.Level = LevelBLT
		needed := v.needed(s)
		for j := i + 1; j < len(v.ordered); j++ {
			if t := v.ordered[j]; t.isTimestamp() && t.report.Trust == TrustTrusted && t.archives(needed) {
				s.report.Level = LevelBLTA
			}
		}
	}
}

// materialID names a piece of revocation data.
type materialID = [sha256.Size]byte

// needed returns the numbers of the revocation data in the file on which the chains of s rest.
func (v *verification) needed(s *verified) []int {
	var p revocation.Proof
	for _, c := range s.chains {
		for k := 0; k+1 < len(c.certificates); k++ {
			_, q := v.embedded.Certificate(c.certificates[k], c.certificates[k+1], c.at, v.options.Now)
			p.Add(q)
		}
	}
	var out []int
	for _, der := range slices.Concat(p.OCSPs, p.CRLs) {
		out = append(out, v.numbers[sha256.Sum256(der)])
	}
	return out
}

// carried returns which of the file's revocation data is in the revision of a document time-stamp, and so under it.
func (v *verification) carried(s *verified, own *pdf.Document) []bool {
	if own == nil || !s.isTimestamp() {
		return nil
	}
	m, err := signing.ReadValidationMaterial(own)
	if err != nil {
		return nil
	}
	out := make([]bool, len(v.numbers)+1)
	for _, der := range slices.Concat(m.OCSPs, m.CRLs) {
		out[v.numbers[sha256.Sum256(der)]] = true
	}
	return out
}

// archives reports whether a document time-stamp covers the revocation data with the given numbers.
func (s *verified) archives(numbers []int) bool {
	return len(s.material) > 0 && !slices.ContainsFunc(numbers, func(n int) bool { return n == 0 || !s.material[n] })
}

// isBaseline checks the parts of level B-B that a seal from elsewhere may lack: the SubFilter, /M, DER, and no
// signing-time attribute.
func (s *verified) isBaseline() bool {
	if s.cms == nil || s.cms.BER || s.report.Weakness != "" || s.report.SubFilter != subFilterCAdES ||
		s.report.SigningTime.IsZero() {
		return false
	}
	return !s.cms.HasSigningTime()
}
