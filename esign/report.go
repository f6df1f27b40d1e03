package esign

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

const reportNotice = "This certificate lists what the signing system recorded about this document until the last signature. " +
	"Digests are SHA-256 (FIPS 180-4). The document as sent, presented and signed is each time a beginning of this file: nothing " +
	"that a signer was shown was changed afterwards. The electronic seal on this file covers the document and this certificate."

const reportVerify = " The verify address asks for the document as the last signer left it: once vaulted, its vault of record answers that it " +
	"belongs to a contract vaulted there."

const reportTime = "2006-01-02 15:04:05 UTC"

// paper is the paper of a document's last pages: A4 where the first page is as large as
// that to 3 %, whichever way it lies, else US Letter.
func paper(pages []PageSize) pdf.Rect {
	if len(pages) == 0 {
		return pdf.Letter()
	}
	a4, w, h := pdf.A4(), pages[0].Width, pages[0].Height
	if math.Abs(min(w, h)/a4.Width()-1) < 0.03 && math.Abs(max(w, h)/a4.Height()-1) < 0.03 {
		return a4
	}
	return pdf.Letter()
}

// report is the certificate of completion: who signed what, when, and the chain
// of events until the last signature.
func (e *Engine) report(ev *Evidence) typeset.Report {
	env := ev.Envelope
	r := typeset.Report{
		Title: "Certificate of completion", Subtitle: env.Name, Notice: reportNotice, Footer: "Envelope " + env.ID,
		At: e.now(), Paper: paper(env.Document.PageSizes), Fonts: e.fonts, Limits: e.grown(),
		Facts: []typeset.Fact{
			{Label: "Result", Value: env.result()},
			{Label: "Envelope", Value: env.ID},
			{Label: "Document", Value: fmt.Sprintf("%s, %s", env.Document.Filename, pagesText(env.Document.Pages))},
			{Label: "Sender", Value: senderName(ev)},
			{Label: "Customer", Value: env.CustomerName},
			{Label: "Signing order", Value: env.SigningOrder},
			{Label: "Created", Value: env.CreatedAt.Format(reportTime)},
			{Label: "Sent", Value: moment(env.SentAt).Format(reportTime)},
		},
		Digests: env.reportDigests(),
	}
	if e.cfg.VerifyURL != nil {
		r.VerifyURL = e.cfg.VerifyURL(env.last().SHA256)
		r.Notice += reportVerify
	}
	if lines := contactOf(ev).Lines(); len(lines) > 0 {
		r.Facts = append(r.Facts, typeset.Fact{Label: "Sender's contact", Value: strings.Join(lines, ", ")})
	}
	for _, e := range ev.Events {
		if f, is := correction(e); is {
			r.Facts = append(r.Facts, f)
		}
	}
	if p := env.SecuredParty; p != nil {
		r.Facts = append(r.Facts, typeset.Fact{Label: "Secured party named by the sender", Value: p.Name})
	}
	for _, p := range env.Parts[1:] {
		r.Signers = append(r.Signers, env.signer(p.SignerID).report(env.Consent))
	}
	for _, event := range untilSigned(ev.Events) {
		r.Events = append(r.Events, typeset.Event{
			Seq: int(event.Seq), At: event.RecordedAt, Type: eventInWords(event.Type), Actor: actorInWords(ev, event.Actor),
			Detail: addressOf(event), Hash: string(event.Hash),
		})
	}
	return r
}

// correction names both, who was to sign and who came in the place.
func correction(e Event) (f typeset.Fact, is bool) {
	change, label := event.Change{}, ""
	switch e.Type {
	case event.EnvelopeSignerCorrected:
		change, is = event.DetailOf[event.Change](e)
		label = "Signer corrected by the sender"
	case event.EnvelopeDelegated:
		var d event.DelegatedDetail
		d, is = event.DetailOf[event.DelegatedDetail](e)
		change, label = d.Change, "Turn handed over by the signer"
	}
	if !is || change.Email == change.EmailBefore && change.Name == change.NameBefore {
		return f, false
	}
	return typeset.Fact{Label: label, Value: fmt.Sprintf("%s, %s, instead of %s, %s, on %s",
		change.Name, change.Email, change.NameBefore, change.EmailBefore, e.RecordedAt.Format(reportTime))}, true
}

// result says in one line what the certificate is about.
func (e *Envelope) result() string {
	last := e.last().SignerID
	if len(e.Parts) == 2 {
		return fmt.Sprintf("Signed by its one signer on %s", moment(e.signer(last).SignedAt).Format(reportTime))
	}
	return fmt.Sprintf("Signed by all %d signers, the last on %s", len(e.Parts)-1, moment(e.signer(last).SignedAt).Format(reportTime))
}

// senderName is the sender's legal name as the first event has it, or its id.
func senderName(ev *Evidence) string {
	if name := created(ev).SenderName; name != "" {
		return name
	}
	return ev.Envelope.OrgID
}

// contactOf is the sender's contact as the first event has it.
func contactOf(ev *Evidence) Contact {
	c := created(ev).SenderContact
	if c == nil {
		return Contact{}
	}
	return Contact{Email: c.Email, Phone: c.Phone, Website: c.Website, PostalAddress: c.PostalAddress}
}

// created is the detail of the first event, zero where it was erased.
func created(ev *Evidence) event.EnvelopeCreatedDetail {
	if len(ev.Events) == 0 {
		return event.EnvelopeCreatedDetail{}
	}
	d, _ := event.DetailOf[event.EnvelopeCreatedDetail](ev.Events[0])
	return d
}

// eventInWords is an event's type as the certificate prints it.
func eventInWords(kind string) string {
	words := strings.ReplaceAll(strings.TrimPrefix(kind, "envelope."), "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// actorInWords names who caused an event: a signer by name, the sender's keys and
// members by the sender's name.
func actorInWords(ev *Evidence, a Actor) string {
	switch a.Kind {
	case "signer":
		if s := ev.Envelope.signer(a.ID); s != nil {
			return s.Name
		}
	case "key":
		return senderName(ev) + ", by its API key " + a.ID
	case "member":
		return senderName(ev) + ", by its member " + a.ID
	}
	return strings.TrimSpace(a.Kind + " " + a.ID)
}

// untilSigned leaves out what came after the last signature while the seal waited.
func untilSigned(events []Event) []Event {
	for i := len(events); i > 0; i-- {
		if events[i-1].Type == event.EnvelopeSigned {
			return events[:i]
		}
	}
	return events
}

func (e *Envelope) reportDigests() []typeset.Digest {
	came := "Document as handed in by the sender"
	if e.Document.Normalized {
		came += ", rewritten before it was sent"
		if in := e.Document.Inspection; in != nil && len(in.Normalized) > 0 {
			came += " without its " + strings.ReplaceAll(strings.Join(in.Normalized, ", "), "_", " ")
		}
	}
	out := []typeset.Digest{
		{Label: came, Hex: string(e.Document.Object.SHA256)},
		{Label: "Document as sent", Hex: string(e.Parts[0].SHA256)},
	}
	for _, p := range e.Parts[1:] {
		s := e.signer(p.SignerID)
		out = append(out,
			typeset.Digest{Label: "Presented to " + s.Name, Hex: string(s.PresentedSHA256)},
			typeset.Digest{Label: "Signed by " + s.Name, Hex: string(p.SHA256)},
			typeset.Digest{Label: "Disclosure consented to by " + s.Name, Hex: string(s.DisclosureSHA256)},
		)
	}
	return out
}

func (s *Signer) report(consent string) typeset.Signer {
	how := "by click"
	if consent == ConsentDemonstrated {
		how = "by click and the code in the PDF of the disclosure"
	}
	auth := map[string]string{
		AuthLink:       "only by possession of a signing link",
		AuthEmailCode:  "by possession of a signing link and a one-time code sent to the address above",
		AuthAccessCode: "by possession of a signing link and an access code agreed with the sender",
	}[s.Auth]
	if s.LinkDisclosedAt != nil {
		auth += ", which the sender could read as well, from " + s.LinkDisclosedAt.Format(reportTime)
	}
	return typeset.Signer{
		Name: s.Name, Role: s.Role, Email: s.Email, Authentication: auth,
		Consent: "electronic records, " + how + ", " + s.DisclosureLocale, Address: strings.TrimSpace(s.Address + " " + s.UserAgent),
		Notified: moment(s.NotifiedAt), Viewed: moment(s.ViewedAt), Consented: moment(s.ConsentedAt), Signed: moment(s.SignedAt),
	}
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// addressOf is the network address in an event's detail, "" if there is none.
func addressOf(e Event) string {
	client, _ := event.DetailOf[event.Client](e) // which other details begin with
	return client.Address
}

// DisclosurePDF returns the disclosure of a signer's link as a PDF, in the language that
// DisclosureIn gives for that of words, English for nil. With ConsentDemonstrated it ends with the code for
// Consent. Errors: those of Session.
func (e *Engine) DisclosurePDF(ctx context.Context, token string, words *texts.Words) (*File, error) {
	env, sg, err := e.open(ctx, e.cfg.Store, token)
	if err != nil {
		return nil, err
	}
	if words == nil {
		words = texts.Default()
	}
	d := e.DisclosureIn(words.Tag)
	sections := []typeset.Section{{Paragraphs: strings.Split(d.Text, "\n\n")}}
	if env.Consent == ConsentDemonstrated {
		code := stepup.Demonstration(e.cfg.LinkKeys[0].Secret, sg.ID, sg.LinkVersion, string(d.SHA256()))
		sections = append(sections, typeset.Section{Heading: words.Say("consent.code.heading", "code", code), Paragraphs: []string{words.Say("consent.code.why")}})
	}
	b, err := typeset.PDF(ctx, typeset.Report{
		Title: d.Title, Sections: sections,
		Footer: fmt.Sprintf("Version %s · %s", d.Version, d.Locale), At: e.now(), Fonts: e.fonts,
		Digests: []typeset.Digest{{Label: "This disclosure", Hex: string(d.SHA256())}},
	})
	if err != nil {
		return nil, fmt.Errorf("disclosure: %w", err)
	}
	return &File{Name: "disclosure.pdf", Content: b, SHA256: storage.Sum(b)}, nil
}

func pagesText(n int) string {
	if n == 1 {
		return "1 page"
	}
	return fmt.Sprintf("%d pages", n)
}
