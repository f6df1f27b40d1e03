package webhook

import "net/netip"

// Public is the rule of the dialer, for tests.
func Public(s string) bool { return public(netip.MustParseAddr(s)) }
