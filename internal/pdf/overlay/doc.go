// Package overlay puts things on pages of a document: the legend and signature
// pages before the first signature ([Prepare]), values and signatures ([Place]),
// and the widget of a seal ([NewWidget]).
//
// In goes a file and where each thing stands, as fractions of the page as it is
// displayed; out comes what is appended to the file. Content that would disturb
// what is drawn after it is set apart first.
//
// Stability: internal; it may change with any version.
package overlay
