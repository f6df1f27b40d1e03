// Package webhook sends events to the addresses that API keys have registered.
//
//	event committed ─► Dispatch: one delivery for each endpoint that may see it
//	                       │
//	                       ▼
//	     pending ─► try ─► delivered            2xx within 15 s
//	        ▲        │
//	        └────────┤ 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
//	                 ├─► failed                 the schedule ran out
//	                 └─► abandoned              410, endpoint cleared, key disabled
//
// The event row is written in the transaction of the change that it records, so
// a crash loses no event. Each event is sent at least once, with the same id
// and bytes in every attempt; events of one envelope are sent in order as long
// as the receiver keeps up.
//
// # On the wire
//
//	X-Evault-Event:     the event's type
//	X-Evault-Delivery:  the delivery's id
//	X-Evault-Signature: sha256=<hex HMAC-SHA256 of the raw body>
//	webhook-id:         the event's id
//	webhook-timestamp:  Unix seconds of this try
//	webhook-signature:  v1,<base64 HMAC-SHA256 of id "." timestamp "." body>
//
// The last three are those of Standard Webhooks 1.0. X-Evault-Signature has one
// value, by the newest secret. webhook-signature has one entry for each secret of
// the last 24 hours, newest first, between spaces: a receiver that compares all of
// them loses nothing while its secret changes.
//
// # Where it may connect
//
// The address that is really dialed is judged at every try, after name
// resolution: loopback, private, link-local, multicast, metadata and other
// special addresses are refused unless Config.AllowPrivate. Redirects are not
// followed, proxy settings of the environment are ignored, answers are read to
// 64 KiB.
//
// A Sender is safe for concurrent use; any number of replicas may run one. The
// wire format is stable.
//
// Stability: header names, the signature and the envelope of an event stay as they are;
// event types are added. The Go API may change until v1.
package webhook
