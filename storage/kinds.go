package storage

// Kind is what an object is. It is the first part of the object's name:
// <kind>/<owner>/<sha256>.
type Kind string

// The kinds of objects. The bucket also has the marks of releases,
// released/<copy id>, and the anchors of the log.
const (
	KindUpload     Kind = "upload"     // esign: a document as received, or a paper contract
	KindPart       Kind = "part"       // esign: what one step appended to a document
	KindCompletion Kind = "completion" // esign: a sealed document with its certificate of completion
	KindSignerCopy Kind = "signercopy" // esign: a marked copy that signers read
	KindTemplate   Kind = "template"   // esign/template: the PDF of a template
	KindVersion    Kind = "version"    // vault: a version of the original
	KindMarked     Kind = "marked"     // vault: a marked copy
	KindRepair     Kind = "repair"     // vault: bytes that replace altered ones
	KindPackage    Kind = "package"    // vault: a release package
)
