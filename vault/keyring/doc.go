// Package keyring keeps the public keys of an evault installation with the
// purpose and the period of use of each.
//
//	Announce ──► keys.changed event ──► Load ──► Keys ──► Ring, shared by the engines
//	                 in the log                    │
//	                                               └──► JWKS, for whoever verifies
//
// A key has one purpose. A signature is accepted only from a key with the
// purpose required for its kind, and only if it was made while that key was in
// use. A retired key still verifies signatures from its period of use.
//
// # Key statement, version 1
//
// The history is the event chain [ChainID] (package storage/event); each event of
// type [event.KeysChanged] is in the transparency log like any other. Its data are
//
//	{"signatures":[{"kid","purpose","signature"}],"statement":{
//	  "at","keys":[{"certificates"?,"kid","public_key"?,"purpose","self_made"?}],
//	  "prev","retired":[{"kid","purpose","signed"}],"v":1}}
//
// and say that from at on the keys named are those of their purposes; a purpose
// that is not named keeps its key. public_key is an Ed25519 key, base64;
// certificates are the DER of a seal's certificate, its issuers and its root,
// base64; self_made says that the installation made that root itself. prev is the
// SHA-256 of the canonical statement before, "" for the first. retired names the
// keys that end, and whether each signed.
//
// A signature is over "evault keys v1", a zero byte and the canonical statement:
// Ed25519, or ECDSA or RSA (PKCS #1 v1.5) with SHA-256. Every key named signs, and
// those retired keys whose private key is at hand.
//
// A statement is linked when a key signed it that was in use before, and that no
// break since has brought in. One that is not linked is a break; it is taken too, for
// all private keys may be lost at once. But where a later statement is linked to what
// was before the break, all from the break on is void: whoever made it had none of
// the installation's keys.
//
// # Compatibility
//
// The formats above never change; a later one has another v.
//
// Stability: the format of key events and of the key set (RFC 7517) is fixed; a retired
// key stays in the set. The Go API may change until v1, and the Store interface may
// grow until then.
package keyring
