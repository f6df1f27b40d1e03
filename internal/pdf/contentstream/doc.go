// Package contentstream reads the operators of PDF content (ISO 32000-2 §7.8.2)
// and places pages.
//
// In go a page, or decoded content; out come operators one by one ([Reader]), what
// content leaves open ([Scan]), matrices, and the page as it is displayed
// ([Geometry]). It draws nothing.
//
// Stability: internal; it may change with any version.
package contentstream
