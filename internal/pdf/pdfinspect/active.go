package pdfinspect

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
)

// Names of active content.
const (
	activeJavaScript  = "javascript"
	activeLaunch      = "launch"
	activeURI         = "uri_on_open"
	activeSubmit      = "submit_form"
	activeImport      = "import_data"
	activeFiles       = "embedded_files"
	activeExternal    = "external_reference"
	activeMedia       = "rich_media"
	activeXFA         = "xfa"
	ActiveDynamicXFA  = "dynamic_xfa"
	ActivePortfolio   = "portfolio"
	activeLayers      = "optional_content"
	activeAlternates  = "alternate_images"
	activePrintOnly   = "print_only_content"
	activePostScript  = "postscript"
	activeAmbiguous   = "ambiguous_structure"
	activeAppearances = "viewer_made_fields"
	activeRichText    = "rich_text"
)

// actions maps action types (ISO 32000-2 §12.6.4) to what they are called here. URI counts only where no click is
// needed.
var actions = map[pdf.Name]string{
	"JavaScript": activeJavaScript, "Launch": activeLaunch, "SubmitForm": activeSubmit, "ImportData": activeImport,
	"GoToR": activeExternal, "GoToE": activeExternal, "Rendition": activeMedia, "Movie": activeMedia, "Sound": activeMedia,
	"RichMediaExecute": activeMedia, "GoTo3DView": activeMedia, "SetOCGState": activeLayers,
}

// keys maps dictionary keys whose presence is enough.
var keys = map[pdf.Name]string{
	"JS": activeJavaScript, "XFA": activeXFA, "EmbeddedFiles": activeFiles, "EF": activeFiles,
	"Alternates": activeAlternates,
	"RC":         activeRichText, "RV": activeRichText, "OCProperties": activeLayers, "RichMediaContent": activeMedia,
	"RichMediaSettings": activeMedia, "Collection": activeFiles,
}

// subtypes maps annotation and XObject subtypes.
var subtypes = map[pdf.Name]string{
	"FileAttachment": activeFiles, "RichMedia": activeMedia, "3D": activeMedia, "Screen": activeMedia,
	"Movie": activeMedia,
	"Sound": activeMedia, "PS": activePostScript,
}

// Active reports whether annotations of a subtype act, or hold more than they show.
func Active(subtype pdf.Name) bool { return subtypes[subtype] != "" }

type activeWalk struct {
	d         *pdf.Document
	found     map[string]bool
	warnings  []string
	byteRange bool
	steps     int // of automatic
}

// maxSteps bounds how many actions are followed: chains of them can form circles.
const maxSteps = 10_000

func (w *activeWalk) names() []string { return slices.Sorted(maps.Keys(w.found)) }

// all looks at every object in the file.
func (w *activeWalk) all(ctx context.Context) error {
	catalog, err := w.d.Catalog()
	if err != nil {
		return err
	}
	w.automatic(catalog["OpenAction"], 0)
	if !w.empty(catalog["Collection"]) {
		w.found[ActivePortfolio] = true
	}
	if needs, err := w.d.Resolve(catalog["NeedsRendering"]); err == nil && needs == true {
		w.found[ActiveDynamicXFA] = true
	}
	for i, n := range w.d.Numbers() {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		o, err := w.d.Object(n)
		switch {
		case pdf.Fatal(err):
			return err
		case err != nil:
			w.found[activeAmbiguous] = true
			w.warnings = append(w.warnings, fmt.Sprintf("object %d cannot be read", n))
			continue
		}
		w.object(o)
	}
	if len(w.d.Oddities()) > 0 || w.d.Repaired() {
		w.found[activeAmbiguous] = true
	}
	return nil
}

func (w *activeWalk) object(o pdf.Object) {
	switch v := o.(type) {
	case pdf.Ref:
		if e := w.d.Entry(v.Num); e.Kind != pdf.KindFree && e.Generation() != v.Gen {
			w.d.NoteOddity(v.Num, "it is referred to by another generation") // null for some readers
		}
	case pdf.Array:
		for _, x := range v {
			w.object(x)
		}
	case *pdf.Stream:
		if f, err := w.d.Resolve(v.Dict["F"]); err == nil && f != nil && f != int64(0) {
			w.found[activeExternal] = true
		}
		if v.Dict["Ref"] != nil && w.d.Name(v.Dict["Subtype"]) == "Form" {
			w.found[activeExternal] = true
		}
		w.dict(v.Dict)
	case pdf.Dict:
		w.dict(v)
	}
}

func (w *activeWalk) dict(v pdf.Dict) {
	for k, x := range v {
		if name, ok := keys[k]; ok && !w.empty(x) {
			w.found[name] = true
		}
		w.object(x)
	}
	if name, ok := actions[w.d.Name(v["S"])]; ok && v["K"] == nil {
		w.found[name] = true
	}
	if name, ok := subtypes[w.d.Name(v["Subtype"])]; ok {
		w.found[name] = true
	}
	if w.d.Name(v["FS"]) == "URL" {
		w.found[activeExternal] = true
	}
	if need, err := w.d.Resolve(v["NeedAppearances"]); err == nil && need == true {
		w.found[activeAppearances] = true
	}
	if v["AA"] != nil {
		w.triggers(v["AA"])
	}
	if flags, ok := w.d.Int(v["F"]); ok && v["Rect"] != nil && flags&pdf.FlagNoView != 0 && flags&pdf.FlagPrint != 0 &&
		flags&pdf.FlagHidden == 0 {
		w.found[activePrintOnly] = true
	}
	w.byteRange = w.byteRange || v["ByteRange"] != nil
}

// empty reports whether a value is there only in name.
func (w *activeWalk) empty(o pdf.Object) bool {
	v, err := w.d.Resolve(o)
	if err != nil {
		return false
	}
	switch v := v.(type) {
	case nil:
		return true
	case pdf.Array:
		return len(v) == 0
	case pdf.Dict:
		return len(v) == 0
	}
	return false
}

// triggers looks at additional actions (§12.6.3), which happen without a click on anything that says so.
func (w *activeWalk) triggers(o pdf.Object) {
	aa, err := w.d.Dict(o)
	if err != nil {
		return
	}
	for _, action := range aa {
		w.automatic(action, 0)
	}
}

// automatic follows an action that happens by itself, with its successors.
func (w *activeWalk) automatic(o pdf.Object, depth int) {
	v, err := w.d.Resolve(o)
	if w.steps++; err != nil || depth > 32 || w.steps > maxSteps {
		return
	}
	switch v := v.(type) {
	case pdf.Array: // a destination, or a list of successors
		for _, x := range v {
			if _, ok := x.(pdf.Ref); ok && depth == 0 {
				continue
			}
			w.automatic(x, depth+1)
		}
	case pdf.Dict:
		if w.d.Name(v["S"]) == "URI" {
			w.found[activeURI] = true
		}
		if v["Next"] != nil {
			w.automatic(v["Next"], depth+1)
		}
	}
}
