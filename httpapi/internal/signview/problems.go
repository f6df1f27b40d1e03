package signview

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/storage"
)

// Problems say in words what was refused, each with a link to its input.
func Problems(d rest.Document, s *esign.Session, sh web.Shell) []web.Problem {
	switch d.Code {
	case "not_viewed":
		unread := Unread(s)
		if len(unread) == 0 || !s.PageImages {
			return []web.Problem{{Href: "#document", Text: sh.Say("problem.unopened"), Rule: d.Code}}
		}
		key := "problem.unread"
		if len(unread) == 1 {
			key = "problem.unviewed"
		}
		return []web.Problem{{Href: fmt.Sprintf("#page-%d", unread[0]), Text: sh.Say(key, "pages", esign.PageRanges(unread)), Rule: d.Code}}
	case "consent_required":
		return []web.Problem{{Href: "#consent", Text: sh.Say("problem.consent"), Rule: d.Code}}
	case "invalid":
		out := make([]web.Problem, len(d.Details))
		for i, f := range d.Details {
			out[i] = problem(f, s, sh)
		}
		return out
	}
	return []web.Problem{{Text: d.Title + ".", Rule: d.Code}}
}

// codeInput is where a signer types the code of the disclosure's PDF.
const codeInput = "demonstration_code"

// inputs are the fields of problems that have an input of their own on the page.
var inputs = map[string]string{
	"signature.text": "signature", "signature.png_base64": "signature", "signature.kind": "signature", "initials.png_base64": "initials",
	"time_zone": "time_zone", "reason": "reason", "email": "email", "name": "name", "agree": "agree", "disclosure_sha256": "agree",
	codeInput: codeInput,
}

var fieldRef = regexp.MustCompile(`^fields\[(fld_[a-z0-9]+)\]`)

func problem(d storage.InvalidField, s *esign.Session, sh web.Shell) web.Problem {
	p := web.Problem{Rule: d.Rule, Input: inputs[d.Field]}
	label, kind := d.Field, ""
	if m := fieldRef.FindStringSubmatch(d.Field); m != nil {
		for _, f := range s.Fields {
			if f.ID == m[1] {
				p.Input, kind = f.ID, f.Kind
				label = fmt.Sprintf("%s (%s)", Label(sh, f), sh.Say("field.page", "n", fmt.Sprint(f.Page)))
				if adopted(f) {
					p.Input = f.Kind
				}
			}
		}
	}
	if p.Input != "" {
		p.Href = "#" + p.Input
	}
	key := "problem." + d.Rule
	switch {
	case p.Input == "email" || p.Input == "name":
		key = "problem." + p.Input
	case d.Field == "time_zone" || p.Input == "agree" || p.Input == codeInput:
		key = "problem." + p.Input
	case d.Rule == "required":
		key = required(p.Input, kind)
	case d.Rule == "glyph_missing" && p.Input == "signature":
		key = "problem.glyph.sign"
	case d.Rule == "glyph_missing":
		key = "problem.glyph"
	}
	if p.Input == "signature" || p.Input == "initials" {
		label = sh.Say("mark." + p.Input)
	}
	if !sh.Words.Has(texts.Key(key)) {
		key = "problem.other"
	}
	p.Text = sh.Say(key, "field", label, "message", strings.TrimSuffix(d.Message, "."), "char", character(d.Message))
	return p
}

// required is the key for what was left empty.
func required(input, kind string) string {
	switch {
	case input == "signature", input == "reason":
		return "problem." + input
	case kind == esign.FieldCheckbox:
		return "problem.tick"
	case kind == esign.FieldRadio, kind == esign.FieldDropdown:
		return "problem.choose"
	}
	return "problem.required"
}

var quoted = regexp.MustCompile(`'(.+?)'`)

// character is the one that a message quotes.
func character(message string) string {
	if m := quoted.FindStringSubmatch(message); m != nil {
		return "“" + m[1] + "”"
	}
	return ""
}
