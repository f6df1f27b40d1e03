package pades

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/overlay"
)

// Appearance is the content of a visible seal: lines of text, a picture, or
// both, with the picture to the left or above. The seal signs it, but it proves
// nothing about the signer; compare it with the certificate.
//
// A host that seals through package esign or vault sets it in its own Sealer,
// which passes the request on.
type Appearance struct {
	// Page counts from 1. It and the position are ignored when
	// SealRequest.Field names an existing field.
	Page int
	// X, Y, W and H are fractions of the page as displayed (rotation and crop box applied), from
	// its top-left corner. The seal is upright on that page.
	X, Y, W, H float64
	// Lines of text, at most 20 of at most 500 bytes each, made smaller or wrapped until they fit.
	Lines []string
	// PNG is at most 1 MiB and 4 megapixels; transparency is kept.
	PNG []byte
}

// AppearanceError says why a visible seal cannot be drawn: the page does not
// exist, the box is not inside it, no font has a character, the picture cannot
// be used, or there is neither text nor picture.
type AppearanceError struct {
	Reason string
	// Char is the character that no font has, for which Config.Fonts is the remedy; 0 for other reasons.
	Char rune
}

func (e *AppearanceError) Error() string { return "pades: the seal cannot be drawn: " + e.Reason }

// Limits of an [Appearance].
const (
	maxLines = 20
	maxLine  = 500
)

// widget draws what a seal shows. Without an appearance that is nothing, on page 1.
func (s *Sealer) widget(u *pdf.Update, field *acroform.SignatureField, a *Appearance) (overlay.Widget, error) {
	if a == nil {
		page, err := u.Document().FirstPage()
		if err != nil {
			return overlay.Widget{}, asNotExtendable(err)
		}
		return overlay.Widget{Page: page}, nil
	}
	switch {
	case len(a.Lines) == 0 && len(a.PNG) == 0:
		return overlay.Widget{}, &AppearanceError{Reason: "it has neither text nor picture"}
	case len(a.Lines) > maxLines || slices.ContainsFunc(a.Lines, func(l string) bool { return len(l) > maxLine }):
		return overlay.Widget{},
			&AppearanceError{Reason: fmt.Sprintf("more than %d lines, or one of more than %d bytes", maxLines, maxLine)}
	}
	if err := u.AvoidDangling(); err != nil {
		return overlay.Widget{}, asNotExtendable(err)
	}
	shows := overlay.Appearance{Page: a.Page, X: a.X, Y: a.Y, W: a.W, H: a.H, Lines: a.Lines, PNG: a.PNG, Fonts: s.fonts}
	var w overlay.Widget
	var err error
	if field != nil {
		w, err = overlay.WidgetOf(u, *field, shows)
	} else {
		w, err = overlay.NewWidget(u, shows)
	}
	var refusal *pdf.Refusal
	var missing *font.MissingGlyphError
	switch {
	case err == nil:
		return w, nil
	case errors.As(err, &refusal):
		return overlay.Widget{}, asNotExtendable(err)
	case errors.As(err, &missing):
		return overlay.Widget{}, &AppearanceError{Reason: strings.TrimPrefix(err.Error(), "pdf: "), Char: missing.Char}
	}
	return overlay.Widget{}, &AppearanceError{Reason: strings.TrimPrefix(err.Error(), "pdf: ")}
}
