package sqlstore

import (
	"time"

	"github.com/evaultlib/evault/internal/environ"
)

// utc is what every time passes through on its way in and out: drivers return
// other locations, and a database keeps no nanoseconds.
func utc(t time.Time) time.Time { return environ.Micro(t) }

// utcp is utc for a time that may be absent.
func utcp(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := environ.Micro(*t)
	return &u
}
