package storage

import (
	"io"
	"log/slog"
	"time"

	"github.com/evaultlib/evault/internal/environ"
)

// Env is the environment of an engine: a clock, ids, random bytes and a log. Every Config embeds
// one, and its zero value is ready to use. Engines of one installation should share one.
type Env struct {
	// Now is the clock. Its times are converted to UTC and truncated to microseconds.
	// Defaults to time.Now.
	Now func() time.Time
	// NewID returns a new id: prefix, "_", and lower-case letters, digits or
	// underscores, at most 64. Defaults to 26 random letters and digits, 130 bits
	// of Rand.
	NewID func(prefix string) string
	// Rand is the source of secrets, salts and default ids. Defaults to crypto/rand.
	Rand io.Reader
	// Logger takes warnings and errors of background work. Documents, links, tokens and
	// personal data are never logged. Defaults to a logger that discards.
	Logger *slog.Logger
}

// WithDefaults returns e with defaults for the fields that are not set.
func (e Env) WithDefaults() Env {
	e.Now, e.Rand = environ.Clock(e.Now), environ.Rand(e.Rand)
	if e.NewID == nil {
		e.NewID = environ.IDs(e.Rand)
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	return e
}
