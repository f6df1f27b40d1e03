// Package testenv says what a test may use beside Go: time, and programs of
// others. Each is asked for by an environment variable, so that go test ./...
// needs nothing and is soon over; .ci/run sets them all, in make service.
//
// Stability: for the tests of this module only; it may change with any version.
package testenv

import (
	"os"
	"testing"
)

// The environment variables: EVAULT_LONG=1 runs what takes long, EVAULT_TOOLS=1
// asks pdfsig, qpdf, mutool, openssl and iText about the same files.
const (
	longEnv  = "EVAULT_LONG"
	toolsEnv = "EVAULT_TOOLS"
)

// Long skips a test that takes more than about a second of processor time,
// unless EVAULT_LONG is set.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv(longEnv) == "" {
		t.Skip("set " + longEnv + "=1 to run what takes long")
	}
}

// Step is how far a test goes that walks through very many cases of one kind,
// to try some of them: n, or 1 with EVAULT_LONG set, which is all of them.
func Step(n int) int {
	if os.Getenv(longEnv) == "" {
		return n
	}
	return 1
}

// HasTools says whether EVAULT_TOOLS is set. A tool that is missing then is a
// failure.
func HasTools() bool { return os.Getenv(toolsEnv) != "" }

// Tools skips a test that asks outside programs, unless EVAULT_TOOLS is set.
func Tools(t testing.TB) {
	t.Helper()
	if !HasTools() {
		t.Skip("set " + toolsEnv + "=1 to ask pdfsig, qpdf, mutool, openssl and iText")
	}
}

// Rounds is how often a test does what it does again and again: once, or n
// times with EVAULT_LONG set.
func Rounds(n int) int { return n / Step(n) }
