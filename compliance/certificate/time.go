package certificate

import (
	"encoding/json"
	"time"

	"github.com/evaultlib/evault/internal/environ"
)

// Time is a time as certificates write it: RFC 3339 in UTC with exactly six
// decimals, as it was hashed. It refuses every other spelling.
type Time struct{ time.Time }

// At returns t as certificates keep it.
func At(t time.Time) Time { return Time{environ.Micro(t)} }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(environ.Format(t.Time)) }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	at, err := environ.Parse(s)
	t.Time = at
	return err
}
