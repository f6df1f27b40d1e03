package revocation

import (
	"math/big"
	"time"
)

// ReadList tells what our reader of CRLs finds, for comparison with that of crypto/x509.
func ReadList(der []byte, serial *big.Int) (thisUpdate, at time.Time, revoked, ok bool) {
	l, ok := parseList(der)
	if !ok {
		return thisUpdate, at, false, false
	}
	at, revoked, ok = l.find(serial)
	return l.head.ThisUpdate, at, revoked, ok
}
