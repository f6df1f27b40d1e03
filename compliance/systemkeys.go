package compliance

import (
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/vault/keyring"
)

// systemKeys are the public keys that a certificate rests on: the one that signs
// it, those in use when custody statements, acknowledgments and seals were made, and
// the one that signed the checkpoint.
func (e *Engine) systemKeys(ev *evidence) []certificate.SystemKey {
	own := certificate.SystemKey{Use: string(keyring.Certificate), KID: e.keyID, Holder: e.c.Issuer}
	if e.c.CertifiedBy != "" {
		own.CertifiedBy = &e.c.CertifiedBy
	}
	list := []certificate.SystemKey{own}
	var stated, acknowledged []time.Time
	for _, s := range ev.chain {
		if at, err := environ.Parse(s.At); err == nil {
			stated = append(stated, at)
		}
	}
	for _, a := range ev.acknowledgments() {
		acknowledged = append(acknowledged, a.At.Time)
	}
	for _, k := range inUse(ev.keys.Of(keyring.Statement), stated) {
		list = append(list, certificate.SystemKey{Use: string(k.Purpose), KID: k.ID, Holder: e.c.Issuer})
	}
	for _, k := range inUse(ev.keys.Of(keyring.Custodian), acknowledged) {
		list = append(list, certificate.SystemKey{Use: string(k.Purpose), KID: k.ID, Holder: ev.custodianName()})
	}
	for _, k := range e.sealKeys(ev) {
		x := certificate.SystemKey{Use: string(k.Purpose), KID: k.ID, Holder: e.c.Issuer, SelfSigned: k.SelfMade}
		if issuer := k.Chain[0].Issuer.String(); !k.SelfMade && issuer != k.Chain[0].Subject.String() {
			x.CertifiedBy = &issuer
		} else if !k.SelfMade {
			x.SelfSigned = true
		}
		list = append(list, x)
	}
	return append(list, certificate.SystemKey{Use: string(keyring.Log), KID: ev.log.key.ID(), Holder: e.c.Issuer})
}

// sealKeys are the keys in use when the versions were sealed.
func (e *Engine) sealKeys(ev *evidence) keyring.Keys {
	var sealed []time.Time
	for _, v := range ev.versions {
		sealed = append(sealed, ev.recorded(v.EventID, v.CreatedAt))
	}
	return inUse(e.c.Keys.Keys().Of(keyring.Seal), sealed)
}

// inUse returns the keys that were in use at one of the times, each once.
func inUse(keys keyring.Keys, times []time.Time) keyring.Keys {
	var out keyring.Keys
	seen := map[string]bool{}
	for _, k := range keys {
		for _, at := range times {
			if k.InUse(at) && !seen[k.ID] {
				seen[k.ID] = true
				out = append(out, k)
			}
		}
	}
	return out
}
