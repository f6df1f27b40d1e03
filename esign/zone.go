package esign

import (
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/validate"
)

const dayLayout = "2006-01-02"

// zone refuses what is no name in the IANA time zone database.
func zone(p *validate.Problems, field, name string) {
	if _, err := location(name); err != nil {
		p.Add(field, "time_zone", "must be a time zone of the IANA database, such as America/New_York")
	}
}

// location is the time zone with that name; "" is UTC.
func location(name string) (*time.Location, error) {
	if name == "Local" || len(name) > maxZone { // Local is the server's
		return nil, fmt.Errorf("esign: %.64q is not a time zone", name)
	}
	return time.LoadLocation(name)
}

// ZoneOf is the time zone by which a signer's days are counted and printed: the
// signer's own, else the envelope's, else UTC.
func (e *Envelope) ZoneOf(sg *Signer) *time.Location {
	for _, name := range []string{sg.TimeZone, e.TimeZone} {
		if loc, err := location(name); name != "" && err == nil {
			return loc
		}
	}
	return time.UTC
}

// The ends of the calendar: the zones in which a day begins first and last.
const (
	firstZone = 14 * time.Hour
	lastZone  = -12 * time.Hour
)

// existing reports whether day, as 2006-01-02, is today somewhere on earth.
func existing(day string, now time.Time) bool {
	_, err := time.Parse(dayLayout, day)
	now = now.UTC()
	return err == nil && day >= now.Add(lastZone).Format(dayLayout) && day <= now.Add(firstZone).Format(dayLayout)
}

// printedDay are the ways to write day, the fullest first. Each names the zone by
// which it is today, by name or by its offset.
func printedDay(day string, now time.Time, loc *time.Location) []string {
	if now = now.In(loc); day == now.Format(dayLayout) {
		return []string{day + " " + loc.String(), day + now.Format(" -07:00")}
	}
	if day < now.Format(dayLayout) {
		return []string{day + " (signer's local day)", day + " -12:00"}
	}
	return []string{day + " (signer's local day)", day + " +14:00"}
}

// printedTime is a moment by the clock of loc, and names it.
func printedTime(at time.Time, loc *time.Location) string {
	if loc == time.UTC {
		return at.UTC().Format(reportTime)
	}
	return at.In(loc).Format("2006-01-02 15:04:05 -07:00 ") + loc.String()
}
