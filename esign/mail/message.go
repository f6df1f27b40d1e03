package mail

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"io"
	netmail "net/mail"
	"net/url"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
)

// Message is the input of a template: sentences in the signer's language, and
// the notice that they were made from. Empty fields are omitted.
type Message struct {
	Notice   esign.Notice
	Language string // BCP 47, of the sentences
	Sender   string // the legal name, or the service's name if it is not known
	Service  string // Config.From's name

	Subject  string
	Greeting string
	Lead     string // the purpose, in a sentence or two
	QuotedBy string // introduces the quotation
	Quote    string // the sender's message, of one or more lines
	Button   string // what the link does
	URL      string // a secret
	LinkHint string // for a program that shows no button
	Code     string // a secret
	Notes    []string
	Footer   []string
	Logo     htmltemplate.URL // of the sender, a part of the message; "" for none
}

// kind describes the message for a kind of notice.
type kind struct {
	button, until texts.Key
	quotedBy      texts.Key // of Notice.Message
	notes         []texts.Key
}

var asked = kind{"mail.sign.button", "mail.until", "sign.message", []texts.Key{"mail.private", "mail.unexpected"}}

var kinds = map[string]kind{
	esign.NoticeSign:      asked,
	esign.NoticeReminder:  asked,
	esign.NoticeCompleted: {"mail.completed.button", "mail.completed.until", "sign.message", []texts.Key{"mail.private"}},
	esign.NoticeVoided:    {quotedBy: "ended.reason"},
	esign.NoticeDeclined:  {quotedBy: "ended.reason"},
	esign.NoticeExpired:   {quotedBy: "sign.message"},
	esign.NoticeCode:      {until: "mail.code.until", notes: []texts.Key{"mail.code.private", "mail.code.unexpected"}},
}

// message puts a notice into words.
func (n *Notifier) message(notice esign.Notice) (*Message, error) {
	how, known := kinds[notice.Kind]
	if !known {
		return nil, fmt.Errorf("mail: notice of unknown kind %q", notice.Kind)
	}
	words := n.cfg.Texts.Match(notice.Language, n.cfg.Language)
	m := &Message{
		Notice: notice, Language: words.Tag, Sender: oneLine(notice.Sender.LegalName), Service: n.cfg.From.Name,
		Quote: lines(notice.Message), URL: notice.URL, Code: notice.Code,
	}
	if m.Service == "" {
		m.Service = n.domain
	}
	if m.Sender == "" {
		m.Sender = m.Service
	}
	say := func(key texts.Key, more ...string) string {
		return words.Say(key, append(more, "sender", m.Sender, "service", m.Service,
			"envelope", oneLine(notice.EnvelopeName), "name", oneLine(notice.Name))...)
	}
	title := texts.Key("mail." + notice.Kind)
	m.Subject, m.Greeting, m.Lead = say(title), say("mail.dear"), say(title+".text")
	if m.Quote != "" {
		m.QuotedBy = say(how.quotedBy)
	}
	if m.URL != "" {
		m.Button, m.LinkHint = say(how.button), say("mail.link")
	}
	if notice.ExpiresAt != nil && how.until != "" {
		m.Notes = append(m.Notes, say(how.until, "time", words.Moment(*notice.ExpiresAt)))
	}
	for _, key := range how.notes {
		m.Notes = append(m.Notes, say(key))
	}
	if contact := notice.Sender.Contact.Lines(); len(contact) > 0 {
		m.Footer = append(m.Footer, say("contact", "contact", strings.Join(contact, ", ")))
	}
	m.Footer = append(m.Footer, say("mail.service"), say("reference")+": "+notice.EnvelopeID)
	if len(notice.Sender.Logo) > 0 {
		m.Logo = htmltemplate.URL("cid:" + n.logoID()) //nolint:gosec // a part of this message
	}
	return m, nil
}

// logoID is the Content-ID of the logo (RFC 2392).
func (n *Notifier) logoID() string { return "logo@" + n.domain }

// compose makes the message of a notice to a mailbox, with its headers.
func (n *Notifier) compose(notice esign.Notice, to string) (*gomail.Msg, error) {
	m, err := n.message(notice)
	if err != nil {
		return nil, err
	}
	var text, html bytes.Buffer
	if err := execute(n.cfg.Text.Lookup(notice.Kind), n.cfg.Text, &text, m); err != nil {
		return nil, err
	}
	if err := execute(n.cfg.HTML.Lookup(notice.Kind), n.cfg.HTML, &html, m); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: n.from(m), Address: n.cfg.From.Address})
	msg.EnvelopeFromMailAddress(&netmail.Address{Address: n.cfg.ReturnPath})
	msg.ToMailAddress(&netmail.Address{Name: oneLine(notice.Name), Address: to})
	if address := notice.Sender.Contact.Email; address != "" {
		msg.ReplyToMailAddress(&netmail.Address{Name: oneLine(notice.Sender.LegalName), Address: address})
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(n.cfg.Now())
	msg.SetMessageIDWithValue(n.messageID(notice))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", m.Language)
	msg.SetBodyString(gomail.TypeTextPlain, text.String())
	msg.AddAlternativeString(gomail.TypeTextHTML, html.String())
	if len(notice.Sender.Logo) > 0 {
		err = msg.EmbedReader("logo.png", bytes.NewReader(notice.Sender.Logo),
			gomail.WithFileContentID("<"+n.logoID()+">"), gomail.WithFileContentType("image/png"))
	}
	return msg, err
}

// from names the sender and the operator that sends for it.
func (n *Notifier) from(m *Message) string {
	if n.cfg.From.Name == "" || m.Sender == m.Service {
		return m.Sender
	}
	return n.cfg.Texts.Match(m.Language).Say("mail.from", "sender", m.Sender, "service", m.Service)
}

// template is of text/template or html/template.
type template interface {
	comparable
	Execute(w io.Writer, data any) error
}

func execute[T template](ofKind, common T, w io.Writer, m *Message) error {
	var none T
	if ofKind == none {
		ofKind = common
	}
	if err := ofKind.Execute(w, m); err != nil {
		return fmt.Errorf("mail: template for %s: %w", m.Notice.Kind, err)
	}
	return nil
}

// messageID is made of the ids of notice and signer, so that a notice that is sent
// again is recognized. Ids are escaped to the characters of a dot-atom (RFC 5322,
// section 3.2.3).
func (n *Notifier) messageID(notice esign.Notice) string {
	return url.QueryEscape(notice.ID) + "." + url.QueryEscape(notice.SignerID) + "@" + n.domain
}

// SignerOf returns the id of the signer to whom a message with this Message-ID was sent, for a host
// that reads bounced messages; "" for an id that this package did not make. Angle brackets are
// optional. Anyone who replies to a message can write any id, so act on it only if the report comes
// from the host's own mail provider.
func SignerOf(messageID string) (signerID string) {
	id, _, ok := strings.Cut(strings.Trim(strings.TrimSpace(messageID), "<>"), "@")
	notice, signer, both := strings.Cut(id, ".")
	signerID, err := url.QueryUnescape(signer)
	if !ok || !both || notice == "" || err != nil {
		return ""
	}
	return signerID
}

// oneLine is s as one line of text, fit for a header.
func oneLine(s string) string {
	between := func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }
	return strings.Join(strings.FieldsFunc(s, between), " ")
}

// lines are the lines of s without control characters.
func lines(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, s))
}
