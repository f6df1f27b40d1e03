// Package pagedigest hashes what the pages of a document hold, not its bytes, so
// that a file which another program saved again has the same digest.
//
// Stability: internal; it may change with any version.
package pagedigest
