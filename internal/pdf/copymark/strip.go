package copymark

import (
	"github.com/evaultlib/evault/internal/pdf"
)

// goTo is the only action that a copy keeps: it stays within the file.
const goTo = pdf.Name("GoTo")

// actionTypes are all action types but GoTo (ISO 32000-2 §12.6.4).
var actionTypes = map[pdf.Name]bool{
	"GoToR": true, "GoToE": true, "GoToDp": true, "Launch": true, "Thread": true, "URI": true, "Sound": true,
	"Movie": true,
	"Hide":  true, "Named": true, "SubmitForm": true, "ResetForm": true, "ImportData": true, "SetOCGState": true,
	"Rendition": true, "Trans": true, "GoTo3DView": true, "JavaScript": true, "RichMediaExecute": true,
}

// droppedTypes are dictionaries that a copy leaves out, by /Type.
var droppedTypes = map[pdf.Name]bool{
	"Sig": true, "DocTimeStamp": true, "SigRef": true, "Filespec": true, "F": true, "EmbeddedFile": true, "DSS": true,
	"VRI": true,
}

// droppedKeys are left out of every dictionary.
var droppedKeys = map[pdf.Name]bool{
	"AA": true, "AF": true, "EF": true, "JS": true, "XFA": true, "OpenAction": true, "PieceInfo": true, "Metadata": true,
	"Alternates": true, "Thumb": true, "ByteRange": true, "RC": true, "RV": true,
}

// stripper says what of a document a copy leaves out: signatures, form fields, actions, scripts, attachments, private
// data.
type stripper struct {
	d        *pdf.Document
	metadata pdf.Ref // the copy's own, the only metadata that stays
}

func (s stripper) drop(v pdf.Dict) bool {
	switch {
	case v["ByteRange"] != nil, droppedTypes[s.d.Name(v["Type"])], v["EF"] != nil:
		return true
	case v["FT"] != nil, s.d.Name(v["Subtype"]) == "Widget":
		return true
	}
	return v["K"] == nil && actionTypes[s.d.Name(v["S"])]
}

func (s stripper) without(v pdf.Dict, k pdf.Name) bool {
	if droppedKeys[k] {
		return k != "Metadata" || v[k] != s.metadata
	}
	switch k {
	case "F", "FFilter", "FDecodeParms": // stream data in another file (§7.3.8.2)
		return v["Length"] != nil
	case "Ref", "PS": // reference XObject (§8.10.4), PostScript
		return s.d.Name(v["Subtype"]) == "Form"
	}
	return false
}

// catalogKeys are the entries of the catalog that a copy keeps.
var catalogKeys = []pdf.Name{
	"PageLabels", "Dests", "ViewerPreferences", "PageLayout", "Outlines", "StructTreeRoot", "MarkInfo", "Lang",
	"OutputIntents", "OCProperties",
}

// pageKeys are the entries of a page that a copy keeps beside boxes, resources and content.
var pageKeys = []pdf.Name{"BleedBox", "TrimBox", "ArtBox", "Group", "StructParents", "Tabs", "UserUnit"}

func pick(from pdf.Dict, keys []pdf.Name) pdf.Dict {
	out := pdf.Dict{}
	for _, k := range keys {
		if v := from[k]; v != nil {
			out[k] = v
		}
	}
	return out
}
