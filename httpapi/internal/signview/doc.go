// Package signview makes the signing page of an engine's session: it puts fields on
// pages, chooses words, and says what is wrong with an input and where. It knows no
// HTTP and renders nothing.
//
// Stability: internal; it may change with any version.
package signview
