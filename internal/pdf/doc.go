// Package pdf reads PDF files and extends them: their syntax, and nothing of what is drawn.
//
// A [Document] is a parsed file: its cross-reference data is read at once, objects only when they are asked for, and
// the file's bytes are never changed or copied. An [Update] collects new and replaced objects and writes them as one
// incremental update (ISO 32000-2 §7.5.6), so that the old file is a byte prefix of the new one and every signature in
// it stays valid:
//
//	d, err := pdf.Open(raw, pdf.Limits{})
//	u, err := d.Update()            // refuses what cannot be extended
//	page, err := d.Page(1)
//	dict := page.Dict.Clone()
//	dict["Rotate"] = int64(90)
//	u.Put(page.Ref, dict)
//	appended, err := u.Close()      // raw + appended is the new file
//
// The parser knows classic cross-reference tables, cross-reference streams, object streams and hybrid files
// (§7.5.4, §7.5.7, §7.5.8). A file whose cross-reference data is wrong is searched for objects instead; such a document
// can be read, but says so ([Document.Repaired]) and refuses to be extended.
//
// The rooms above it, each a package that imports only what stands below it:
//
//	ambiguity      what readers may read differently
//	contentstream  operators of content, geometry of pages
//	acroform       fields, locks, certifications
//	extract        the text that pages show
//	canvas         drawing and tags (with internal/font)
//	signing        signature values, byte ranges, validation material
//	pdfinspect     what is it? Inspect, Normalize
//	overlay        Prepare: legend and signature pages; Place: one signer's values
//	typeset        reports, such as the certificate of completion
//	copymark       MarkCopy: a file that says on every page that it is a copy
//	pagedigest     what the pages hold, whoever saved them
//	revision       what changed after a signature
//
// Everything here is bounded by [Limits], fetches nothing and opens nothing. A file that is not accepted leaves as a
// [*Refusal]. Results depend on the arguments alone. A Document and an Update may be used by one goroutine at a time.
//
// Stability: internal; it may change with any version.
package pdf
