// Package placement finds the places of fields in a PDF: the position of a
// text, the field tags on its pages, and its form fields.
//
// The input is a file; the output is boxes, as fractions of the page as
// displayed, from its top-left corner. The file is not changed. Tags stay on
// the page; to hide them, write them in the color of the paper.
//
// # Tags
//
// A tag is text of the page that names a field:
//
//	tag     = "{{" role ":" kind { ";" setting } "}}"
//	kind    = "signature" | "initials" | "date" | "text" | "checkbox" | "radio" | "dropdown"
//	setting = "required" | "optional" | "readonly"
//	        | "name=" text | "label=" text | "value=" text | "options=" text { "|" text }
//	        | "w=" points | "h=" points
//
// For example {{buyer:signature}}, {{buyer:text;name=vin;label=Vehicle number;w=180}} and
// {{co-buyer:dropdown;options=monthly|yearly}}. Role, name and the other texts have no braces and
// no semicolon; white space around them does not count, and within them counts as one space. A
// field is required unless its tag says optional. Its box has the tag's bottom-left corner and the
// size that the tag gives in points (1/72 inch), else that of its kind; a box that would leave the
// page is moved into it. Braces without a colon, such as {{buyer.name}}, are not a tag; braces with
// a colon that do not follow the grammar are a mistake.
//
// Files may be hostile: reading is bounded by the limits of files, and all
// content that is read counts as decoded bytes.
//
// Stability: the types and the grammar of tags may be extended, and nothing is removed from them.
package placement
