package pdfinspect

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/ambiguity"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// How a file can be sealed.
const (
	SealingEmbedded = "embedded"
	SealingDetached = "detached"
)

// Sealing says whether a seal can be put into the file, and if not, why: Reason is one of the Block constants.
type Sealing struct{ Mode, Reason string }

// Values of [Info].Encrypted.
const (
	EncryptedNo    = "no"
	EncryptedOwner = "owner_password" // opens without a password; changing and copying are restricted
)

// Info is what [Inspect] finds.
type Info struct {
	Pages         []contentstream.PageSize
	Encrypted     string
	Signed        bool     // the file holds a signature dictionary, reachable or not
	ActiveContent []string // names, sorted; see [Inspect]
	Warnings      []string
	Sealing       Sealing
}

// maxWarnings bounds the list of warnings.
const maxWarnings = 20

// Inspect reads every object of raw and says what the file is. It opens, fetches and runs nothing. A file that is not
// accepted leaves as a [*pdf.Refusal]: what is no PDF, needs a password, has no pages, exceeds a limit or is beyond
// repair.
//
// ActiveContent names what may act, reach outside, or look different to different readers: javascript, launch,
// uri_on_open (an address opened without a click), submit_form, import_data, embedded_files, external_reference (remote
// go-to, external stream, reference XObject), rich_media (video, sound, 3D, Flash), xfa, dynamic_xfa (the pages are
// made by the viewer, ISO 32000-2 §7.7.2 /NeedsRendering), portfolio (the pages are the cover of attached files,
// §12.3.5), optional_content (layers), alternate_images, print_only_content (annotations not shown on screen),
// postscript, ambiguous_structure (objects that readers may read differently), viewer_made_fields (form fields that
// each reader draws for itself), rich_text (XHTML in annotations and fields, ISO 32000-2 §12.7.4.4, which each reader
// lays out for itself). Objects that cannot be reached from the catalog count too. An open action that goes to a page
// of the file is none.
//
// The file is read twice: by its cross-reference data, and by searching for objects from the beginning to the end.
// Where the two differ in an object that the catalog reaches, or in the catalog, that is ambiguous_structure, and a
// warning says where; so are lengths and counts of pages that are not right, and a second document in the file.
func Inspect(ctx context.Context, raw []byte, l pdf.Limits) (info *Info, err error) {
	d, err := pdf.Read(raw, l)
	if err != nil {
		return nil, err
	}
	return InspectDocument(ctx, d)
}

// InspectDocument is [Inspect] for a file that [pdf.Read] has parsed.
func InspectDocument(ctx context.Context, d *pdf.Document) (info *Info, err error) {
	defer pdf.Guard(&err)
	d.Renew()
	if n := pdf.CountRevisions(d.Raw()); n > pdf.MaxRevisions {
		return nil,
			&pdf.Refusal{
				Reason: pdf.ReasonRevisions, Detail: fmt.Sprintf("%d revisions, at most %d are accepted", n, pdf.MaxRevisions),
			}
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	w := activeWalk{d: d, found: map[string]bool{}}
	if err := w.all(ctx); err != nil {
		return nil, err
	}
	if !d.Repaired() {
		differs, err := ambiguity.Reread(ctx, d)
		if err != nil {
			return nil, err
		}
		if len(differs) > 0 {
			w.found[activeAmbiguous] = true
			w.warnings = append(w.warnings, differs...)
		}
	}
	info = &Info{Encrypted: EncryptedNo, Sealing: Sealing{Mode: SealingEmbedded}, ActiveContent: w.names()}
	for _, p := range pages {
		width, height := contentstream.Size(p)
		info.Pages = append(info.Pages, contentstream.PageSize{Width: width, Height: height})
	}
	info.signatures(d, &w)
	reason := ""
	if d.Decrypted() {
		info.Encrypted, reason = EncryptedOwner, pdf.BlockEncrypted
	} else {
		reason = acroform.Extendable(d)
	}
	if reason != "" {
		info.Sealing = Sealing{Mode: SealingDetached, Reason: reason}
	}
	info.warn(d, &w)
	return info, nil
}

func (info *Info) signatures(d *pdf.Document, w *activeWalk) {
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		w.warnings = append(w.warnings, "the form fields cannot be read: "+err.Error())
	}
	signed := slices.ContainsFunc(fields, func(f acroform.SignatureField) bool { return f.Value != nil })
	info.Signed = signed || w.byteRange || bytes.Contains(d.Raw(), []byte("/ByteRange"))
}

func (info *Info) warn(d *pdf.Document, w *activeWalk) {
	if d.Repaired() {
		info.Warnings = append(info.Warnings, "the cross-reference data is damaged; objects were searched for")
	}
	if !bytes.HasPrefix(d.Raw(), []byte("%PDF-")) {
		info.Warnings = append(info.Warnings, "the file does not begin with its header")
	}
	if !pdf.EndsWithEOF(d.Raw()) {
		info.Warnings = append(info.Warnings, "the file does not end with its end-of-file marker")
	}
	info.Warnings = append(info.Warnings, w.warnings...)
	var odd []int
	for n := range d.Oddities() {
		odd = append(odd, n)
	}
	slices.Sort(odd)
	for _, n := range odd {
		info.Warnings = append(info.Warnings, fmt.Sprintf("object %d: %s", n, d.Oddities()[n]))
	}
	if n := len(info.Warnings); n > maxWarnings {
		info.Warnings = append(info.Warnings[:maxWarnings], fmt.Sprintf("and %d more", n-maxWarnings))
	}
}
