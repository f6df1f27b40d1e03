// Package scopes manages who may call: organizations, their API keys and the scopes of each key.
//
//	CreateOrganization ─► Issue ─► Authenticate … ─► Rotate ─► Authenticate …
//	                        │                          │
//	                        └──────── Disable ◄────────┘
//
// A key's secret is "lk_" and 40 lower-case hex digits (160 bits of the random source). It is
// returned once, by Issue or Rotate; the store keeps only its SHA-256, under a unique index, so
// that Authenticate is one indexed read. A rotated key keeps working for the overlap that the
// caller names. A disabled key stops working at the next request, on every replica, because nothing
// is cached.
//
// An organization has a capacity. A principal acts for itself. An agent holds
// control for outside parties under an agreement, of which reference, date and
// digest are on record (UCC 9-105(g), 2022: control through another person, who
// is not the transferor).
//
// A Registry is safe for concurrent use. The form of ids, secrets and scope words
// is stable; the Store interface may grow until v1.
//
// Stability: scopes and capacities are added and keep their spelling, and a key once
// issued stays valid until it is revoked. The Go API may change until v1, and the Store
// interface may grow until then.
package scopes
