package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/evaultlib/evault/storage"
)

func TestRetry(t *testing.T) {
	t.Parallel()
	conflict := fmt.Errorf("row: %w", storage.ErrConflict)
	other := errors.New("other")
	for _, tt := range []struct {
		name    string
		answers []error // the last one is repeated
		runs    int
		want    error
	}{
		{"at once", []error{nil}, 1, nil},
		{"after two", []error{conflict, conflict, nil}, 3, nil},
		{"another error", []error{conflict, other}, 2, other},
		{"for ever", []error{conflict}, 12, storage.ErrConflict},
	} {
		runs := 0
		err := storage.Retry(t.Context(), func() error {
			runs++
			return tt.answers[min(runs, len(tt.answers))-1]
		})
		if runs != tt.runs || !errors.Is(err, tt.want) {
			t.Errorf("%s: %d runs, %v; want %d, %v", tt.name, runs, err, tt.runs, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := storage.Retry(ctx, func() error { return conflict }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}
