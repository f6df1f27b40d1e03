package embedded

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The runner's rhythm is inside the package: full batches at once, the rest in
// the interval, errors and panics logged and survived. TestConcurrentRun has the leases.
func TestRunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := runner{now: time.Now, log: slog.New(slog.NewTextHandler(&log, nil))}
		var full, failing, panicking int
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second) // rounds at 0, 10, 20 and 30 s
		defer cancel()
		err := r.run(ctx, []task{
			{name: "full", every: 10 * time.Second, all: true, do: func(_ context.Context, limit int) (int, error) {
				if full++; full <= 2 {
					return limit, nil
				}
				return limit - 1, nil
			}},
			{name: "failing", every: 10 * time.Second, all: true, do: func(_ context.Context, limit int) (int, error) {
				failing++
				return limit, errors.New("broken")
			}},
			{name: "panicking", every: 10 * time.Second, all: true, do: func(context.Context, int) (int, error) {
				panicking++
				panic("a token")
			}},
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if full != 6 || failing != 4 || panicking != 4 {
			t.Errorf("full ran %d times, failing %d, panicking %d; want 6, 4, 4", full, failing, panicking)
		}
		if s := log.String(); !strings.Contains(s, "broken") || !strings.Contains(s, "panic of type string") || strings.Contains(s, "a token") {
			t.Errorf("log: %s", s)
		}
	})
}
