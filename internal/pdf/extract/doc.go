// Package extract reads the text that pages show.
//
// In goes a document; out comes the text of a page as its fonts map it to Unicode
// (ISO 32000-2 §9.10), without white space.
//
// Stability: internal; it may change with any version.
package extract
