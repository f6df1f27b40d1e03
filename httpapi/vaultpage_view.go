package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// vaultView is a vault's page in the making. It is in English.
type vaultView struct {
	web.Vault
	HasCopy bool // a marked copy is there
	words   *texts.Words
}

func (v *vaultView) at(t time.Time) web.Time {
	return web.Time{Machine: t.UTC().Format(time.RFC3339), Text: v.words.Moment(t.UTC())}
}

// vaultView reads what the page of t shows.
func (a *API) vaultView(c *call, t storage.Ticket) (*vaultView, error) {
	if err := a.cfg.Log.CheckRecent(c.Ctx); err != nil {
		return nil, err
	}
	o, err := a.cfg.Vault.Original(c.Ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	entries, err := a.cfg.Vault.Custody(c.Ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	v := &vaultView{HasCopy: o.Marked != nil, words: a.texts.Match("en")}
	v.EnvelopeName = o.Name
	v.status(o, entries)
	v.facts(o)
	if err := a.vaultChecks(c, v, o); err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(entries) {
		v.Custody = append(v.Custody, web.Step{
			At: v.at(e.RecordedAt), Kind: inWords(string(e.Kind)), From: nameOf(e.From), To: nextName(e),
			Version: strconv.Itoa(e.Version),
		})
	}
	return v, a.vaultCopies(c, v, t)
}

// status says in what state the original is.
func (v *vaultView) status(o *custody.Original, entries []custody.Entry) {
	switch {
	case o.Status == custody.StatusReleased:
		v.State, v.Title = web.VaultReleased, "Released"
		v.Says = "The original is no longer in this vault."
		if last := entries[len(entries)-1]; last.Recipient != nil {
			v.Says = "The original was released to " + last.Recipient.String() + " and is no longer in this vault."
		}
	case o.QuarantinedAt != nil:
		v.State, v.Title = web.VaultQuarantined, "In quarantine"
		v.Says = "The stored bytes of the original were altered. " +
			"It cannot be downloaded or released until the operator has repaired it."
	default:
		v.State, v.Title = web.VaultLive, "In the vault"
		v.Says = "The original is kept here, and " + o.Controller.Party.Name + " controls it."
	}
}

func (v *vaultView) facts(o *custody.Original) {
	v.Facts = []web.Fact{
		{Label: "Controlled by", Value: o.Controller.Party.Name},
		{Label: "Made out to", Value: o.SecuredParty.Name},
		{Label: "Kept by", Value: o.Custodian.Party.Name},
		{Label: "Deposited", At: v.at(o.VaultedAt)},
	}
	if o.ReleasedAt != nil {
		v.Facts = append(v.Facts, web.Fact{Label: "Released", At: v.at(*o.ReleasedAt)})
	}
	if o.QuarantinedAt != nil {
		v.Facts = append(v.Facts, web.Fact{Label: "Found altered", At: v.at(*o.QuarantinedAt)})
	}
	if !o.IntegrityCheckedAt.IsZero() {
		v.Facts = append(v.Facts, web.Fact{Label: "Bytes last checked", At: v.at(o.IntegrityCheckedAt)})
	}
	v.Facts = append(v.Facts, web.Fact{Label: "Digest of the original (SHA-256)", Digest: string(o.DocumentHash)})
}

// bases says what a finding rests on.
var bases = map[string]string{
	certificate.Verified: "Recomputed from the bytes, signatures and proofs.",
	certificate.Attested: "Based on a signed statement, or on this vault's record of a request.",
	certificate.Declared: "Based on a declaration.",
}

// vaultChecks describes the result of the last evaluation.
func (a *API) vaultChecks(c *call, v *vaultView, o *custody.Original) error {
	r, err := a.cfg.Compliance.LastEvaluation(c.Ctx, o.EnvelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		v.Outcome = "Not evaluated yet"
		return nil
	}
	if err != nil {
		return err
	}
	if r == nil {
		v.Outcome = "The record of the last evaluation was altered; a new evaluation is due"
		return nil
	}
	met, void := 0, 0
	for _, k := range r.Checks {
		result := "void"
		switch {
		case k.Met():
			result, met = "met", met+1
		case k.Failed():
			result = "failed"
		default:
			void++
		}
		v.Checks = append(v.Checks, web.VaultCheck{
			Result: result, Requirement: k.Requirement, Reference: k.Reference, Basis: bases[k.Basis], Detail: k.Detail,
			At: v.at(r.EvaluatedAt.Time),
		})
	}
	if v.Outcome = fmt.Sprintf("%d of %d requirements are met", met, len(r.Checks)); void > 0 {
		v.Outcome += fmt.Sprintf(", %d no longer apply", void)
	}
	return a.vaultNote(c, v, o)
}

// vaultNote describes changes since the last evaluation.
func (a *API) vaultNote(c *call, v *vaultView, o *custody.Original) error {
	if v.State == web.VaultReleased {
		return nil
	}
	chain, err := a.cfg.Vault.Custody(c.Ctx, o.OrgID, o.EnvelopeID)
	if err != nil {
		return err
	}
	depositor := o.OrgID // whose envelope it is; another may have control by now
	if len(chain) > 0 && chain[0].To != nil {
		depositor = chain[0].To.Controller.OrgID
	}
	s, err := a.cfg.ESign.Status(c.Ctx, depositor, o.EnvelopeID)
	if err != nil && !errors.Is(err, esign.ErrNotFound) {
		return err
	}
	if err != nil || a.compliant(s) == nil {
		v.Note = "The record has changed since, for example by an inspection; a new evaluation is due."
		if v.State == web.VaultQuarantined {
			v.Note = "The original has been found altered since; a new evaluation is due."
		}
		v.Outcome = "At the last evaluation, " + v.Outcome
	}
	return nil
}

// vaultCopies lists the newest entries of the register of copies.
func (a *API) vaultCopies(c *call, v *vaultView, t storage.Ticket) error {
	l, err := a.cfg.Vault.RegisteredCopies(c.Ctx, t.OrgID, t.EnvelopeID, storage.Page{Limit: maxRegisterShown})
	if err != nil {
		return err
	}
	v.MoreCopies = max(l.Total-len(l.Items), 0)
	if len(l.Items) == 0 {
		return nil
	}
	names, err := a.signerNames(c, t)
	if err != nil {
		return err
	}
	for _, r := range l.Items {
		k := web.VaultCopy{
			At: v.at(r.MadeAt), Kind: copyKinds[r.Kind], Version: strconv.Itoa(r.Version), GivenTo: actorName(r.GivenTo, names),
		}
		if r.Version == 0 {
			k.Version = "Before the deposit"
		}
		v.Copies = append(v.Copies, k)
	}
	return nil
}

// copyKinds are the kinds of registered copies in words.
var copyKinds = map[custody.CopyKind]string{
	custody.CopyMarked: "Marked copy", custody.CopySigner: "Marked copy for signers",
	custody.CopyInspection: "Inspection of the original",
}

// signerNames are the names of an envelope's signers by their ids; none where the
// organization does not see the envelope.
func (a *API) signerNames(c *call, t storage.Ticket) (map[string]string, error) {
	e, err := a.cfg.ESign.Envelope(c.Ctx, t.OrgID, t.EnvelopeID)
	if errors.Is(err, esign.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, s := range e.Signers {
		names[s.ID] = s.Name
	}
	return names, nil
}

// actorName is who acted, as people read it.
func actorName(by event.Actor, signers map[string]string) string {
	if name := signers[by.ID]; name != "" {
		return name
	}
	switch by.Kind {
	case event.ActorKey:
		return "API key " + by.ID
	case event.ActorMember:
		return by.ID
	case "system":
		return "The vault"
	}
	return inWords(by.Kind)
}

// inWords is a status or the kind of a step as people read it.
func inWords(name string) string {
	name = strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
}

func nameOf(p *custody.Parties) string {
	if p == nil {
		return ""
	}
	return p.Assignee.Name
}

// nextName is whom a step of custody led to.
func nextName(e custody.Entry) string {
	if e.Recipient != nil {
		return e.Recipient.String()
	}
	return nameOf(e.To)
}
