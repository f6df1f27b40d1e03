package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// demoAgreement is the agreement on record for organizations that act as
// agents here; its digest is that of its text.
const demoAgreement = "Demonstration agency agreement: the organization holds control for the party named as secured party."

// agreement is what an agent here has on record (contract: capacity).
func agreement() *scopes.Agreement {
	return &scopes.Agreement{
		Reference: "Demo agency agreement", Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		SHA256: storage.Sum([]byte(demoAgreement)), NotTransferor: true,
	}
}

// custodian holds every copy; it is no organization of this server, so it is
// nobody's transferor.
func custodian() *vault.Custodian {
	return &vault.Custodian{Party: custody.Party{Name: "Demo Vault Operator"}, StandingAcknowledgmentSHA256: storage.Sum([]byte(standingAcknowledgment))}
}

// standingAcknowledgment is the custodian's word for every copy that it will keep
// here; each acknowledgment of a copy names its digest.
const standingAcknowledgment = "Demo Vault Operator maintains every authoritative copy that is deposited on this demonstration server, " +
	"as custodian for the assignee named in its custody statement."

// remarks are what certificates of this server add to their legal notice.
func remarks() []string {
	return []string{
		"Issued by a demonstration server: its custodian is \"Demo Vault Operator\", with a standing acknowledgment made at installation: \"" + standingAcknowledgment + "\".",
		"Organizations that act as agents do so under a fixed demonstration agreement.",
	}
}

const (
	demoOrg       = "org_demo"
	demoName      = "Demo Organization"
	firstKeyLimit = 6000
)

type issued struct{ org, secret string }

// firstKey makes the demo organization and its key on an empty database.
func firstKey(ctx context.Context, v *embedded.Embedded) (issued, error) {
	orgs, err := v.Scopes.Organizations(ctx)
	if err != nil {
		return issued{}, err
	}
	if len(orgs) > 0 {
		return issued{org: orgs[0].ID}, nil
	}
	if err := ensureOrganization(ctx, v, demoOrg, demoName, scopes.Agent); err != nil {
		return issued{}, err
	}
	k, secret, err := v.Scopes.Issue(ctx, scopes.IssueRequest{OrgID: demoOrg, Name: "first key", Scopes: scopes.All(), PerMinute: firstKeyLimit})
	if err != nil {
		return issued{}, err
	}
	return issued{k.OrgID, secret}, nil
}

// ensureOrganization makes the organization unless it is there.
func ensureOrganization(ctx context.Context, v *embedded.Embedded, id, name string, capacity scopes.Capacity) error {
	o := scopes.Organization{ID: id, LegalName: name, Capacity: capacity}
	if capacity == scopes.Agent {
		o.Agreement = agreement()
	}
	_, err := v.Scopes.CreateOrganization(ctx, o)
	if errors.Is(err, scopes.ErrOrganizationExists) {
		return nil
	}
	return err
}

// requireTwoKeys makes assignments and releases of the organization wait for a second key.
func requireTwoKeys(ctx context.Context, v *embedded.Embedded, id string) error {
	o, err := v.Scopes.Organization(ctx, id)
	if err != nil {
		return err
	}
	o.TwoKeys = true
	_, err = v.Scopes.UpdateOrganization(ctx, *o)
	return err
}

type keyLine struct {
	KeyID      string     `json:"key_id"`
	OrgID      string     `json:"org_id"`
	APIKey     string     `json:"api_key,omitempty"`
	Scopes     scopes.Set `json:"scopes"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
}

func lineOf(k scopes.Key, secret string) keyLine {
	return keyLine{k.ID, k.OrgID, secret, k.Scopes, k.DisabledAt, k.ExpiresAt}
}

// keys runs keys create, list, disable and rotate.
func keys(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	const usage = "usage: server keys create|list|disable|rotate [flags]"
	if len(args) == 0 {
		return errors.New(usage)
	}
	var o options
	var org, set, capacity, id, origins string
	var rpm int
	var twoKeys bool
	fs := flag.NewFlagSet("keys "+args[0], flag.ContinueOnError)
	fs.SetOutput(stderr)
	o.places.register(fs)
	fs.StringVar(&org, "org", demoOrg, "organization, made if it is new")
	fs.StringVar(&set, "scopes", "", "comma-separated scopes (create)")
	fs.IntVar(&rpm, "rpm", 0, "requests per minute (create; 0 is the default)")
	fs.StringVar(&capacity, "capacity", string(scopes.Agent), "agent or principal, of a new organization")
	fs.StringVar(&id, "key", "", "key id (disable, rotate)")
	fs.StringVar(&origins, "origins", "", "comma-separated web origins that may embed the organization's pages (create)")
	fs.BoolVar(&twoKeys, "two-keys", false, "require a second key of the organization for assignments and releases (create)")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	o.baseURL = "http://localhost"
	v, err := open(ctx, o, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer v.Close()
	print := json.NewEncoder(stdout).Encode
	switch args[0] {
	case "create":
		allowed, err := scopes.ParseSet(set)
		if err != nil {
			return fmt.Errorf("-scopes: %w", err)
		}
		if err := ensureOrganization(ctx, v, org, org, scopes.Capacity(capacity)); err != nil {
			return err
		}
		if origins != "" {
			if _, err := v.Scopes.SetOrigins(ctx, org, strings.Split(origins, ",")); err != nil {
				return err
			}
		}
		if twoKeys {
			if err := requireTwoKeys(ctx, v, org); err != nil {
				return err
			}
		}
		k, secret, err := v.Scopes.Issue(ctx, scopes.IssueRequest{OrgID: org, Scopes: allowed, PerMinute: rpm})
		if err != nil {
			return err
		}
		return print(lineOf(*k, secret))
	case "list":
		list, err := v.Scopes.Keys(ctx, org)
		if err != nil {
			return err
		}
		for _, k := range list {
			if err := print(lineOf(k, "")); err != nil {
				return err
			}
		}
		return nil
	case "disable":
		k, err := v.Scopes.Disable(ctx, org, id)
		if err != nil {
			return err
		}
		return print(lineOf(*k, ""))
	case "rotate":
		k, secret, err := v.Scopes.Rotate(ctx, org, id, 24*time.Hour)
		if err != nil {
			return err
		}
		return print(lineOf(*k, secret))
	}
	return fmt.Errorf("unknown command %q; %s", args[0], usage)
}
