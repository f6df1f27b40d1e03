package esign

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
)

const (
	ruleNotSupported     = "not_supported"
	ruleDocumentRequired = "document_required"
	ruleTooLong          = "too_long"
)

// checkLengths refuses lists that are too long.
func (r *CreateRequest) checkLengths() error {
	var p validate.Problems
	most := func(field string, n, limit int) {
		if n > limit {
			p.Add(field, "max", "must be at most %d entries", limit)
		}
	}
	most("fields", len(r.Fields), maxFields)
	most("signers", len(r.Signers), maxSigners)
	most("metadata", len(r.Metadata), maxMetadata)
	most("summary", len(r.Summary), maxSummary)
	return p.Err()
}

func (r *CreateRequest) setDefaults() {
	r.ExternalID = strings.TrimSpace(r.ExternalID)
	environ.Default(&r.EnvelopeKind, KindESign)
	environ.Default(&r.Consent, ConsentClick)
	environ.Default(&r.ExpiresInDays, 30)
	r.Reminders.setDefaults()
	if len(r.Document) > 0 {
		environ.Default(&r.Filename, "document.pdf")
	}
	environ.Default(&r.EnvelopeName, strings.TrimSuffix(r.Filename, ".pdf"))
	environ.Default(&r.EnvelopeName, r.CustomerName)
	if r.EnvelopeKind == KindESign {
		r.defaultSigners()
	}
}

func (r *CreateRequest) defaultSigners() {
	r.Signers, r.Fields = slices.Clone(r.Signers), slices.Clone(r.Fields)
	if len(r.Signers) == 0 {
		r.Signers = []SignerSpec{{Email: r.CustomerEmail, Name: r.CustomerName}}
		r.customerSigns = true
	}
	ordered := slices.ContainsFunc(r.Signers, func(s SignerSpec) bool { return s.Order != 0 })
	if r.SigningOrder == "" {
		r.SigningOrder = OrderParallel
		if ordered {
			r.SigningOrder = OrderSequential
		}
	}
	for i := range r.Signers {
		s := &r.Signers[i]
		environ.Default(&s.Auth, AuthLink)
		environ.Default(&s.Role, r.defaultRole(i))
		if !ordered {
			s.Order = 1
			if r.SigningOrder == OrderSequential {
				s.Order = i + 1
			}
		}
	}
}

// defaultRole names a signer without one; an only signer takes the role that
// all fields name.
func (r *CreateRequest) defaultRole(i int) string {
	if len(r.Signers) > 1 {
		return fmt.Sprintf("signer %d", i+1)
	}
	for _, f := range r.Fields {
		if f.Role == "" || f.Role != r.Fields[0].Role {
			return "signer"
		}
	}
	if len(r.Fields) > 0 {
		return r.Fields[0].Role
	}
	return "signer"
}

// check reports all that is wrong with the request by itself.
func (r *CreateRequest) check() error {
	var p validate.Problems
	own := *r
	if r.customerSigns { // what is wrong with the customer is said once
		own.Signers = nil
	}
	p.Struct(&own)
	if r.OrgID == "" {
		p.Add("org_id", "required", "is required")
	}
	line(&p, "customer_name", r.CustomerName)
	line(&p, "customer_id", r.CustomerID)
	line(&p, "envelope_name", r.EnvelopeName)
	line(&p, "external_id", r.ExternalID)
	filename(&p, "filename", r.Filename)
	text(&p, "message", r.Message)
	checkSummary(&p, r.Summary)
	r.Reminders.check(&p)
	zone(&p, "time_zone", r.TimeZone)
	if r.Consent != ConsentClick && r.Consent != ConsentDemonstrated {
		p.Add("consent", "oneof", "must be click or demonstrated")
	}
	if u, err := url.Parse(r.RedirectURL); r.RedirectURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		p.Add("redirect_url", "https", "must be an https URL")
	}
	r.checkDocument(&p)
	r.checkMetadata(&p)
	checkParty(&p, "secured_party", r.SecuredParty)
	own.checkSigners(&p)
	r.checkFields(&p)
	return p.Err()
}

func (r *CreateRequest) checkDocument(p *validate.Problems) {
	switch {
	case r.EnvelopeKind == KindPaper:
		if len(r.Document) > 0 {
			p.Add("document", ruleNotSupported, "must be absent for a paper envelope; upload it afterwards")
		}
		if len(r.Signers) > 0 {
			p.Add("signers", ruleNotSupported, "not allowed for a paper envelope")
		}
		if len(r.Fields) > 0 {
			p.Add("fields", ruleNotSupported, "not allowed for a paper envelope")
		}
	case len(r.Document) == 0:
		p.Add("document", ruleDocumentRequired, "is required")
	}
}

func (r *CreateRequest) checkMetadata(p *validate.Problems) {
	for k, v := range r.Metadata {
		if k == "" || utf8.RuneCountInString(k) > 40 || !plain(k, "") {
			p.Add("metadata", "key", "keys must be one line of 1 to 40 characters")
		}
		if utf8.RuneCountInString(v) > 500 || !plain(v, "\n\t") {
			p.Add("metadata", "value", "values must be plain text of at most 500 characters")
		}
	}
}

func (r *CreateRequest) checkSigners(p *validate.Problems) {
	roles := map[string]bool{}
	for i, s := range r.Signers {
		at := fmt.Sprintf("signers[%d].", i)
		line(p, at+"name", s.Name)
		line(p, at+"role", s.Role)
		zone(p, at+"time_zone", s.TimeZone)
		if roles[s.Role] {
			p.Add(at+"role", "unique", "duplicates another signer's role")
		}
		roles[s.Role] = true
		s.checkAuth(p, at)
	}
}

func (r *CreateRequest) checkFields(p *validate.Problems) {
	for i, f := range r.Fields {
		at := fmt.Sprintf("fields[%d].", i)
		line(p, at+"label", f.Label)
		f.checkValue(p, at)
		if f.Role != "" && !slices.ContainsFunc(r.Signers, func(s SignerSpec) bool { return s.Role == f.Role }) {
			p.Add(at+"role", "signer", "names no signer's role; roles are %s", r.roles())
		}
		const slack = 1e-9
		inside := f.X >= 0 && f.Y >= 0 && f.W > 0 && f.H > 0 && f.X+f.W <= 1+slack && f.Y+f.H <= 1+slack
		switch {
		case !inside: // NaN is not inside either
			p.Add(at+"x", "inside", "x, y, w and h must be fractions of the page, and the box must lie inside it")
		case f.W < minFieldW-slack || f.H < minFieldH-slack:
			p.Add(at+"w", "too_small", "w must be at least %g and h at least %g of the page", minFieldW, minFieldH)
		}
		for j, o := range r.Fields[:i] {
			if o.Role != f.Role && o.Page == f.Page && f.overlaps(o) {
				p.Add(at+"x", "overlap", "the field overlaps fields[%d] of another signer", j)
				break
			}
		}
	}
}

// roles lists the roles of the signers, quoted.
func (r *CreateRequest) roles() string {
	quoted := make([]string, len(r.Signers))
	for i, s := range r.Signers {
		quoted[i] = strconv.Quote(s.Role)
	}
	return strings.Join(quoted, ", ")
}

// checkValue judges options and the sender's value.
func (f FieldSpec) checkValue(p *validate.Problems, at string) {
	switch {
	case chooses(f.Kind) && len(f.Options) == 0:
		p.Add(at+"options", "required", "is required for %s fields", f.Kind)
	case !chooses(f.Kind) && len(f.Options) > 0:
		p.Add(at+"options", ruleNotSupported, "is only for radio and dropdown fields")
	}
	for j, o := range f.Options {
		if o == "" || strings.TrimSpace(o) != o || !plain(o, "") || utf8.RuneCountInString(o) > 200 {
			p.Add(fmt.Sprintf("%soptions[%d]", at, j), "text", "must be one line of 1 to 200 characters without leading or trailing spaces")
		}
		if slices.Contains(f.Options[:j], o) {
			p.Add(fmt.Sprintf("%soptions[%d]", at, j), "unique", "comes twice")
		}
	}
	field := Field{Kind: f.Kind, Options: f.Options}
	switch {
	case f.Value == "" && f.ReadOnly:
		p.Add(at+"value", "required", "is required for a field that the signer cannot change")
	case f.Value == "":
	case !slices.Contains([]string{FieldText, FieldCheckbox, FieldRadio, FieldDropdown}, f.Kind):
		p.Add(at+"value", ruleNotSupported, "must be absent: %s fields are filled in by the signer", f.Kind)
	case strings.TrimSpace(f.Value) != f.Value:
		p.Add(at+"value", "text", "must not begin or end with a space")
	default:
		if rule, message := field.wrong(f.Value); rule != "" {
			p.Add(at+"value", rule, "%s", message)
		}
	}
}

// overlaps reports whether two fields on one page share more than an edge.
func (f FieldSpec) overlaps(o FieldSpec) bool {
	const slack = 1e-6
	return f.X+slack < o.X+o.W && o.X+slack < f.X+f.W && f.Y+slack < o.Y+o.H && o.Y+slack < f.Y+f.H
}

func checkParty(p *validate.Problems, at string, party *Party) {
	if party == nil {
		return
	}
	if strings.TrimSpace(party.Name) == "" {
		p.Add(at+".name", "required", "is required")
	}
	for _, f := range [][2]string{{"name", party.Name}, {"identifier", party.Identifier}, {"email", party.Email}} {
		line(p, at+"."+f[0], f[1])
		if utf8.RuneCountInString(f[1]) > 254 {
			p.Add(at+"."+f[0], "max", "must be at most 254 characters")
		}
	}
}

// line refuses everything but one line of text.
func line(p *validate.Problems, field, s string) {
	if !plain(s, "") {
		p.Add(field, "text", "must be one line of plain text")
	} else if s != "" && strings.TrimSpace(s) == "" {
		p.Add(field, "required", "must not be blank")
	}
}

// text allows several lines.
func text(p *validate.Problems, field, s string) {
	if !plain(s, "\n\r\t") {
		p.Add(field, "text", "must be plain text")
	}
}

func filename(p *validate.Problems, field, s string) {
	if !plain(s, "") || strings.ContainsAny(s, `/\`) {
		p.Add(field, "filename", "must be a file name without a path")
	}
}

func plain(s, allowed string) bool { return validate.Plain(s, allowed) }

func sortSigners(s []Signer) {
	slices.SortStableFunc(s, func(a, b Signer) int { return a.Order - b.Order })
}
