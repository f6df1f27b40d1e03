package accept_test

import "os"

// figure is how often a reliability test repeats: in every run, or on demand
// with EVAULT_ACCEPT set.
func figure(ci, accept int) int {
	if os.Getenv("EVAULT_ACCEPT") != "" {
		return accept
	}
	return ci
}
