// Package render draws pages of PDFs as PNG images, for the signing page and for previews.
//
// The work is done by PDFium, the PDF engine of Chromium, compiled to WebAssembly and run by wazero inside the process:
// a file that takes over PDFium is still in a sandbox without files, network, clock signals or host memory, whose memory
// and time are bounded. No C compiler and no installed library is needed.
//
//	New (compiles PDFium, or loads it from Config.CacheDir) ─► PNG, PNG, … ─► Close
//
// Each drawing has a fresh sandbox (2 to 3 ms) that sees one document and is thrown away, so nothing passes from one
// document to the next. Images just drawn are kept in memory up to Config.CacheBytes.
//
// Drawn are the page as displayed (crop box and rotation applied), annotations and form fields with their
// appearances, on white. Scripts are never run. Fonts that a file names but does not embed are replaced by PDFium's own,
// which know Latin scripts only: other scripts need embedded fonts, as PDF/A asks.
//
// Compiling takes about 3 s of processor time and 300 MB; with a cache directory only the first process pays that, later
// ones start in about 0.1 s. The directory holds machine code that is believed: it must belong to the host alone.
//
// A [Renderer] is safe for concurrent use. Drawings are not byte-stable between releases of PDFium: hash documents, not
// images.
//
// Stability: the Go API may change until v1. Pictures may differ by pixels between
// versions.
package render
