package scopes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// Capacity is the role in which an organization may hold control.
type Capacity string

// The capacities in which an organization may hold control.
const (
	// Principal acts only for itself.
	Principal Capacity = "principal"
	// Agent may hold control for an outside party, under its Agreement.
	Agent Capacity = "agent"
)

// Agreement is the appointment that an agent's control is based on. The vault
// records it, as declared, in each deposit.
type Agreement struct {
	Reference     string         // the parties' own reference, at most 200 characters
	Date          time.Time      // the day it was made
	SHA256        storage.Digest // of the agreement's bytes
	NotTransferor bool           // the host declares that the agent is not the transferor (UCC 9-105(g))
}

// Organization is a tenant: it owns keys and envelopes and may be a party.
type Organization struct {
	ID        string   // org_ and up to 64 lower-case letters, digits or underscores
	LegalName string   // at most 200 characters
	Capacity  Capacity // Principal or Agent
	Agreement *Agreement
	Origins   []string // web origins that may embed its pages, such as "https://app.example.com"; at most 100
	// TwoKeys requires that a second key of the organization approves what a first one
	// asks for, before control is offered or a copy released: see package
	// vault/approval.
	TwoKeys   bool
	CreatedAt time.Time
}

// CreateOrganization stores o. An empty ID gets a new one, an empty Capacity is
// Principal; CreatedAt is set. Errors: *InvalidError, ErrOrganizationExists.
func (r *Registry) CreateOrganization(ctx context.Context, o Organization) (*Organization, error) {
	if o.ID == "" {
		o.ID = r.env.NewID("org")
	}
	o, err := normalize(o)
	if err != nil {
		return nil, err
	}
	o.CreatedAt = r.env.Now()
	err = r.store.InsertOrganization(ctx, o)
	if errors.Is(err, storage.ErrConflict) {
		return nil, ErrOrganizationExists
	}
	if err != nil {
		return nil, fmt.Errorf("create organization %s: %w", o.ID, err)
	}
	return &o, nil
}

// UpdateOrganization replaces legal name, capacity, agreement, origins and TwoKeys. Earlier deposits keep
// the capacity that they were made with. Errors: *InvalidError, ErrOrganizationNotFound.
func (r *Registry) UpdateOrganization(ctx context.Context, o Organization) (*Organization, error) {
	o, err := normalize(o)
	if err != nil {
		return nil, err
	}
	err = r.store.UpdateOrganization(ctx, o)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrOrganizationNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("update organization %s: %w", o.ID, err)
	}
	return r.Organization(ctx, o.ID)
}

// SetOrigins replaces the organization's origins and returns them, each once. Pages embedded by a
// removed origin stop working. Errors: *InvalidError, ErrOrganizationNotFound.
func (r *Registry) SetOrigins(ctx context.Context, id string, list []string) ([]string, error) {
	var p validate.Problems
	list = origins(&p, list)
	if err := p.Err(); err != nil {
		return nil, err
	}
	err := r.store.SetOrigins(ctx, id, list)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrOrganizationNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("set origins of %s: %w", id, err)
	}
	return list, nil
}

// Organization returns the organization, or ErrOrganizationNotFound.
func (r *Registry) Organization(ctx context.Context, id string) (*Organization, error) {
	o, err := r.store.Organization(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrOrganizationNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("organization %s: %w", id, err)
	}
	return &o, nil
}

// Organizations returns all organizations, oldest first.
func (r *Registry) Organizations(ctx context.Context) ([]Organization, error) {
	list, err := r.store.Organizations(ctx)
	if err != nil {
		return nil, fmt.Errorf("organizations: %w", err)
	}
	return list, nil
}

func normalize(o Organization) (Organization, error) {
	var p validate.Problems
	if o.Capacity == "" {
		o.Capacity = Principal
	}
	if !environ.IsID(o.ID, "org") {
		p.Add("id", "id", "must be org_ followed by at most 64 lower-case letters, digits or underscores")
	}
	text(&p, "legal_name", o.LegalName, 1, maxName)
	switch o.Capacity {
	case Principal:
	case Agent:
		if o.Agreement == nil {
			p.Add("agreement", "required", "is required for an agent")
		}
	default:
		p.Add("capacity", "oneof", "must be one of %s, %s", Principal, Agent)
	}
	if o.Agreement != nil {
		a := *o.Agreement
		a.Date = environ.Micro(a.Date)
		checkAgreement(&p, a)
		o.Agreement = &a
	}
	o.Origins = origins(&p, o.Origins)
	return o, p.Err()
}

// origins checks a list of origins and returns it with each named once.
func origins(p *validate.Problems, list []string) []string {
	if len(list) > maxOrigins {
		p.Add("origins", "max", "must be at most %d origins", maxOrigins)
		return nil
	}
	var out []string
	for i, origin := range list {
		if len(origin) > maxOrigin || !isOrigin(origin) {
			p.Add(fmt.Sprintf("origins[%d]", i), "origin", "must be an https origin such as https://app.example.com (http is allowed for a loopback address)")
			continue
		}
		if !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	return out
}

func checkAgreement(p *validate.Problems, a Agreement) {
	text(p, "agreement.reference", a.Reference, 1, maxName)
	if a.Date.IsZero() {
		p.Add("agreement.date", "required", "is required")
	}
	if _, err := storage.ParseDigest(string(a.SHA256)); err != nil {
		p.Add("agreement.sha256", "sha256", "must be 64 lower-case hex digits")
	}
	if !a.NotTransferor {
		p.Add("agreement.not_transferor", "required", "must be declared: an agent that is the transferor cannot hold control for another")
	}
}

// isOrigin accepts what a browser sends as Origin (RFC 6454 section 6.2): scheme,
// host in lower case and a port that is not the scheme's own.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s {
		return false
	}
	for _, c := range u.Host {
		if c >= 'A' && c <= 'Z' || c > 0x7e {
			return false
		}
	}
	switch u.Scheme {
	case "https":
		return u.Port() != "443"
	case "http":
		ip := net.ParseIP(u.Hostname())
		return u.Port() != "80" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
	}
	return false
}

func text(p *validate.Problems, field, value string, minimum, maximum int) {
	switch n := utf8.RuneCountInString(value); {
	case !utf8.ValidString(value):
		p.Add(field, "utf8", "must be valid UTF-8")
	case n < minimum:
		p.Add(field, "required", "is required")
	case n > maximum:
		p.Add(field, "max", "must be at most %d characters", maximum)
	}
}
