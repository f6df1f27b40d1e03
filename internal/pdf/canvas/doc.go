// Package canvas draws text, rules, panels and images, and writes the structure
// tree that makes them readable aloud (ISO 32000-2 §14.7).
//
// In go texts, fonts and sizes; out comes the content of a page or of a form, with
// its resources and tags, put into a pdf.Update.
//
// Stability: internal; it may change with any version.
package canvas
