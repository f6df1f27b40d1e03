package esign

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestDaysThatExist(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, day string }{
		{"2026-11-29T03:30:00Z", "2026-11-28"},
		{"2026-11-29T03:30:00Z", "2026-11-29"},
		{"2026-11-29T11:59:59Z", "2026-11-28"},
		{"2026-11-29T10:00:00Z", "2026-11-30"},
		{"2026-12-31T10:00:00Z", "2027-01-01"},
		{"2028-02-29T12:00:00Z", "2028-02-29"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if !existing(c.day, now) {
			t.Errorf("at %s it is %s somewhere", c.now, c.day)
		}
	}
	for _, c := range []struct{ now, day string }{
		{"2026-11-29T03:30:00Z", "2026-11-30"},
		{"2026-11-29T23:30:00Z", "2026-11-28"},
		{"2026-11-28T12:00:00Z", "2026-11-27"},
		{"2026-11-29T09:59:59Z", "2026-11-30"},
		{"2026-11-29T12:00:00Z", "2026-11-29x"},
		{"2026-11-29T12:00:00Z", "11/29/2026"},
		{"2026-02-28T12:00:00Z", "2026-02-29"},
		{"2026-11-29T12:00:00Z", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if existing(c.day, now) {
			t.Errorf("at %s it is %q nowhere", c.now, c.day)
		}
	}
}

func TestWhatIsPrintedNamesItsZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 3, 30, 0, 0, time.UTC)
	york, err := location("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day  string
		zone *time.Location
		want []string
	}{
		{"2026-11-28", york, []string{"2026-11-28 America/New_York", "2026-11-28 -05:00"}},
		{"2026-11-29", time.UTC, []string{"2026-11-29 UTC", "2026-11-29 +00:00"}},
		{"2026-11-29", york, []string{"2026-11-29 (signer's local day)", "2026-11-29 +14:00"}},
		{"2026-11-28", time.UTC, []string{"2026-11-28 (signer's local day)", "2026-11-28 -12:00"}},
	} {
		if got := printedDay(c.day, now, c.zone); !slices.Equal(got, c.want) {
			t.Errorf("%s in %s: got %q, want %q", c.day, c.zone, got, c.want)
		}
	}
	if got := printedTime(now, york); got != "2026-11-28 22:30:00 -05:00 America/New_York" {
		t.Error(got)
	}
	if got := printedTime(now, time.UTC); got != "2026-11-29 03:30:00 UTC" {
		t.Error(got)
	}
}
