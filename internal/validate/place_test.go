package validate_test

import (
	"testing"

	"github.com/evaultlib/evault/internal/validate"
)

// TestPlaces: what ISO 3166 has, and what only looks like it.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"US", "GB", "CA", "DE", "PR"} {
		if !validate.Country(s) {
			t.Errorf("country %s is refused", s)
		}
	}
	for _, s := range []string{"", "U", "us", "UK", "EU", "XX", "ZZ", "NY", "TX", "XK", "USA", "US-NY"} {
		if validate.Country(s) {
			t.Errorf("country %q is taken", s)
		}
	}
	for _, s := range []string{
		"US-NY", "US-DC", "US-PR", "US-GU", "US-VI", "US-AS", "US-MP", "CA-ON", "CA-QC", "CA-NL", "CA-NU", "CA-YT", "CA-NT", "GB-SCT", "DE-BY", "PL-10", "FR-IDF", "AU-NSW", "MX-CMX",
	} {
		if !validate.Place(s) {
			t.Errorf("place %s is refused", s)
		}
	}
	for _, s := range []string{"", "US", "US-", "US-ZZ", "US-XX1", "US-ny", "CA-CA", "CA-ZZ", "XX-NY", "US-NY-1"} {
		if validate.Place(s) {
			t.Errorf("place %q is taken", s)
		}
	}
}
