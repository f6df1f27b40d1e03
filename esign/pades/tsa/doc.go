// Package tsa is a client for time-stamp authorities over HTTP (RFC 3161 §3.4). It is the only part of the PAdES packages
// that opens a connection.
//
// A [Client] implements pades.Timestamper. It asks the authorities of an ordered list one after another until one answers
// as it should: status granted, a token with the nonce and the imprint of the request, a signature that holds, and a
// certificate that is for time-stamping alone (RFC 3161 §2.3). Answers are bounded in time and size, redirects are not
// followed.
//
// A Client is safe for concurrent use.
package tsa
