package rest_test

import (
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
)

// TestDeadlineOfABody: 10 s, more as bytes come at 8 KiB a second, and no longer
// than the time-out.
func TestDeadlineOfABody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		arrived       int64
		timeout, want time.Duration
	}{
		{0, time.Hour, 10 * time.Second},
		{80 << 10, time.Hour, 20 * time.Second},
		{1 << 30, time.Hour, time.Hour},
		{4 << 20, time.Minute, time.Minute},
	} {
		if got := rest.Deadline(tt.arrived, tt.timeout); got != tt.want {
			t.Errorf("%d bytes within %v: got %v, want %v", tt.arrived, tt.timeout, got, tt.want)
		}
	}
}
