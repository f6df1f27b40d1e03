// Package tsa asks time-stamp authorities (RFC 3161 §3.4), OCSP responders and CRL distribution points over HTTP. It is the
// only part of the PAdES packages that opens a connection.
//
// A [Client] implements pades.Timestamper. It asks the authorities of an ordered list one after another until one answers
// as it should: status granted, a token with the nonce and the imprint of the request, a signature that holds, and a
// certificate that is for time-stamping alone (RFC 3161 §2.3). Answers are bounded in time and size, redirects are not
// followed.
//
// A [Revocation] implements pades.RevocationSource. Its addresses come from certificates.
//
// Both are safe for concurrent use.
//
// Stability: the Go API may change until v1; limits may become stricter.
package tsa
