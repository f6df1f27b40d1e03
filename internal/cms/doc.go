// Package cms writes and reads signatures in the Cryptographic Message Syntax (RFC 5652) with the attributes of CAdES
// (ETSI EN 319 122-1), and time-stamp tokens (RFC 3161), which have the same form.
//
// To sign, a certificate chain and the digest of the content go in: [SignedAttributes] returns the bytes to sign, and
// [Draft.Marshal] the DER structure around the signature value. To verify, bytes of any origin go in, DER or BER with
// the same meaning: [Parse] bounds its work, [Signed.Verify] and [Signed.Timestamp] check digest, certificate binding
// and signature value. Out comes the signer's certificate; its trust is the caller's question. The package knows no
// PDF, reads no clock and opens no connection.
//
// Stability: internal; it may change with any version.
package cms
