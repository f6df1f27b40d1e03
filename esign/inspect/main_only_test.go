package inspect_test

import (
	"errors"
	"testing"

	"github.com/evaultlib/evault/esign/inspect"
)

// Not parallel: it undoes what TestMain did for all.
func TestNewWithoutMain(t *testing.T) {
	defer inspect.ResetMain()()
	if i, err := inspect.New(inspect.Config{}); !errors.Is(err, inspect.ErrNoMain) {
		t.Errorf("got %v, %v, want %v: else the host would start itself again and again", i, err, inspect.ErrNoMain)
	}
}
