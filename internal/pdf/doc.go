// Package pdf reads, inspects, marks and extends PDF files.
//
// A [Document] is a parsed file: its cross-reference data is read at once, objects only when they are asked for, and the
// file's bytes are never changed or copied. An [Update] collects new and replaced objects and writes them as one
// incremental update (ISO 32000-2 §7.5.6), so that the old file is a byte prefix of the new one and every signature in it
// stays valid:
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
// On top of that stand the verbs that the engines use, each on a whole file:
//
//	Inspect ─► Normalize ─► Prepare ─► Place … Place ─► AppendReport     (then esign/pades seals)
//	 what is     if it        legend,    one for each     certificate of
//	 it?        must be     signature     signature       completion
//	                          pages
//	MarkCopy: any version ─► a rewritten file, every page of which says that it is a copy
//
// What they draw stands upright on the page as displayed and is placed by fractions of it; its fonts are embedded, and its
// text can be extracted again. Page content that would disturb what is drawn after it is set apart first.
//
// Everything here is bounded by [Limits], fetches nothing and opens nothing. A file that is not accepted leaves as a
// [*Refusal]. Results depend on the arguments alone. A Document and an Update may be used by one goroutine at a time.
package pdf
