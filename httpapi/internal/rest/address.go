package rest

import (
	"net"
	"net/http"
	"net/netip"
)

// RemoteIP is the host of RemoteAddr.
func RemoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Subscriber is the key for rate limits of an address: an IPv6 address is
// reduced to its /64, which belongs to one subscriber.
func Subscriber(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
