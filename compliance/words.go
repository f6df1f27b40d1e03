package compliance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/internal/pages"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// declarations are what somebody said and no software can see.
func (ev *evidence) declarations() []certificate.Declaration {
	list := []certificate.Declaration{}
	d := ev.deposit()
	if d == nil {
		return list
	}
	controller := d.Custody.Controller
	if a := d.Agreement; a != nil && controller.BoundBy == custody.BoundByAgent {
		list = append(list, certificate.Declaration{
			Kind: "agency", By: controller.Party.Name, SHA256: a.SHA256,
			Statement: fmt.Sprintf("Acts for the assignee %s under the agreement %q of %s, and is not the transferor.",
				d.Custody.Assignee.Name, a.Reference, environ.Micro(a.Date).Format("2006-01-02")),
		})
	}
	if a := ev.attestation(); a != nil {
		list = append(list,
			certificate.Declaration{Kind: "attestation", By: fmt.Sprintf("%s (%s)", a.AttestedBy, a.Capacity), Statement: a.Statement, SHA256: digestOf(a)},
			certificate.Declaration{Kind: "medium", By: a.AttestedBy, Statement: medium(a)})
	}
	if d.Classification != nil {
		list = append(list, certificate.Declaration{
			Kind: "classification", By: controller.Party.Name, SHA256: digestOf(d.Classification),
			Statement: "What the record is, as answered at the deposit: " + pages.Answers(certificate.Answers(*d.Classification)) + ".",
		})
	}
	return list
}

// medium says where the file comes from and where its paper is.
func medium(a *custody.Attestation) string {
	said := "The file was born digital"
	if a.Origin == "scan" {
		said = "The file is a scan"
	}
	switch a.PaperOriginal {
	case "destroyed":
		said += "; the paper original was destroyed"
		if a.DestroyedAt != nil {
			said += " on " + pages.UTC(timePtr(a.DestroyedAt)) + " UTC"
		}
	case "held":
		said += "; there are two media: this file, and a tangible original held by " + a.Holder
		if k := a.PaperCustodian; k != nil {
			said += ", for which " + k.Name + " gave the receipt with the SHA-256 " + string(k.ReceiptSHA256)
		}
	case "none":
		said += "; there is no paper original"
	}
	return said + "."
}

// noFunction is who has a power that the interface gives to nobody.
const noFunction = "no one through this software"

func power(what, holder, detail string) certificate.Power {
	return certificate.Power{Power: what, Holder: holder, Detail: detail}
}

// powers says what this software's interface allows, and to whom, and what whoever
// runs the system could do beside it.
func (ev *evidence) powers() []certificate.Power {
	outside := power(
		"act beside this software", "whoever runs the database, the document storage, the keys and the host program",
		"Can read, delete or replace what is stored, and call the software's functions in process. An alteration shows by digests, seals "+
			"and log, a deletion as a missing copy, and an operator's act is recorded as one; records made anew with the keys show only against checkpoints kept elsewhere.",
	)
	if ev.released() {
		return []certificate.Power{
			power("release, inspect, change an assignee", noFunction, "The copy was handed over. What is still stored here are copies and records."),
			outside,
		}
	}
	to := ev.holder()
	if to == nil {
		return []certificate.Power{outside}
	}
	controller := to.Controller.Party.Name
	release := "To a recipient that it names, by a key of its organization with the scope vault:release."
	if to.Controller.BoundBy == custody.BoundByNone {
		release = "To the assignee " + to.Assignee.Name + " only: no agent of the assignee is on record."
	}
	if key := to.Controller.ControlKey; key != "" {
		release = "To a recipient that it names, by a consent that its key " + key.Thumbprint() + " signed; no key of an organization can do it without."
	}
	keeps := "As custodian it keeps the bytes; the interface gives it no other function."
	if to.Custodian.Party.Identifier == to.Controller.OrgID {
		keeps = "The controller keeps the bytes itself."
	}
	return []certificate.Power{
		power("release", controller, release),
		power("inspect", controller, "By a key of its organization with the scope vault:read; each download is registered."),
		power("add or change an assignee", controller, assigns(to)),
		power("alter the bytes", noFunction, "The software only adds to a version, in the file or in a statement beside it, under a seal and with an event."),
		power("prevent or undo an act of the controller", noFunction, "The interface gives no function for it to a transferor, a former controller or an operator."),
		power("keep", to.Custodian.Party.Name, keeps),
		outside,
	}
}

// assigns says to whom a controller can assign.
func assigns(to *custody.Parties) string {
	switch {
	case to.Controller.BoundBy == custody.BoundByNone:
		return "To the assignee " + to.Assignee.Name + " only, by an offer that the assignee accepts: no agent of the assignee is on record."
	case to.Interest.Pledged():
		return "By an offer that the receiver accepts: back to " + to.Interest.PledgedBy.Name + ", which pledged it; to others by a pledge, or by a sale for which it gives a reason."
	}
	said := "By an offer to another organization of this installation, which accepts it; each switch makes a new version under a seal that names the assignee."
	if key := to.Controller.ControlKey; key != "" {
		said += " Each offer needs a consent that the key " + key.Thumbprint() + " signed."
	}
	return said
}

// notice is the legal notice.
func (e *Engine) notice(ev *evidence, verify *string) string {
	said := e.c.LegalNotice
	if said == "" {
		later, key := "", "no one has certified"
		if verify != nil {
			later = ": ask the verify address"
		}
		if e.c.CertifiedBy != "" {
			key = "is certified by " + e.c.CertifiedBy
		}
		said = fmt.Sprintf(LegalNotice, later, key)
	}
	sentences := append([]string{said}, e.c.Remarks...)
	if slices.ContainsFunc(e.sealKeys(ev), func(k keyring.Key) bool { return k.SelfMade }) {
		sentences = append(sentences, "The certificate of the seal leads to a root that this system made itself.")
	}
	if ev.unclassified() {
		sentences = append(sentences, "The record was not classified: the regime is the default of this installation.")
	}
	return strings.Join(sentences, " ")
}

// consentModes say how a signer consented to electronic records.
var consentModes = map[string]string{
	esign.ConsentClick: "Signer %s consented to electronic records by a click beside the disclosure. " +
		"That alone does not demonstrate access to records in their form, as 15 USC 7001(c)(1)(C)(ii) asks of consumers where it applies.",
	esign.ConsentDemonstrated: "Signer %s consented to electronic records by a click and by the code at the end of the PDF of the disclosure, " +
		"which shows that the signer could open records in that form (15 USC 7001(c)(1)(C)(ii)).",
}

// findings are what no check scores.
func (ev *evidence) findings() []certificate.Finding {
	list := []certificate.Finding{}
	add := func(id, format string, args ...any) {
		list = append(list, certificate.Finding{ID: id, Detail: fmt.Sprintf(format, args...)})
	}
	if ev.original != nil && ev.stored() == nil {
		add(certificate.RegimeUnknown, "It is not proved under which law the record was deposited. It was examined under the default of this installation.")
	} else if ev.regime.ID == certificate.NoRegime {
		said := map[string]string{
			certificate.BasisDeclared:   "The depositor named no control statute for this record.",
			certificate.BasisClassified: "From the depositor's answers no control statute was concluded for this record.",
			certificate.BasisDefault:    "No control statute was named for this record, and this installation has none as its default.",
		}[ev.basis]
		add("no_control_statute", "%s Control was not examined.", said)
	}
	if ev.unclassified() {
		add("not_classified", "The record was not classified. It was examined under the default of this installation.")
	}
	if ev.redacted > 0 {
		add("redacted", "The details of %s are not here any more; their digests remain in the chain.", number(ev.redacted, "event", "events"))
	}
	for _, s := range ev.envelope.Signers {
		if ev.disclosed(s.ID) != nil {
			add("link_disclosed", "The sender could read the signing link of signer %s.", s.ID)
		}
	}
	for _, e := range ev.ofType(event.EnvelopeSigned) {
		signer := event.DataOf[event.SignedData](e).SignerID
		if given := ev.consent(signer, e); given != nil {
			add("consent_mode", consentModes[event.DataOf[event.ConsentedData](*given).Mode], signer)
		}
		if typed, name := signedAs(e); typed != "" && !sameName(typed, name) {
			add("signature_not_the_name", "Signer %s signed as %q; the name on record is %q.", signer, typed, name)
		}
	}
	if ev.original != nil && ev.original.Source.Kind == custody.SourcePaper && ev.attestation() == nil {
		add("medium_unknown", "No proved declaration says where the file comes from, who signed it, or whether a paper original exists.")
	}
	if ev.original != nil {
		add("not_visible_here", "This installation cannot see whether the same agreement was also signed, scanned or vaulted elsewhere.")
	}
	return list
}

// unclassified reports whether nobody named a regime or answered what the record is:
// it is not vaulted yet, or the event of its deposit says so.
func (ev *evidence) unclassified() bool {
	return ev.basis == certificate.BasisDefault && (ev.original == nil || ev.stored() != nil)
}

// identified says how a signer was identified, and on what basis. A link that the
// sender could read too is only the sender's word for who signed.
func (ev *evidence) identified(signerID, auth string) (words, basis string) {
	switch {
	case auth != esign.AuthLink:
		return "identified by " + strings.ReplaceAll(auth, "_", " "), certificate.Verified
	case ev.disclosed(signerID) != nil:
		return "identified by possession of a link that the sender could read too", certificate.Attested
	}
	return "identified only by possession of a link", certificate.Verified
}
