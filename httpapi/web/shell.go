package web

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign/texts"
)

// Sender is who asks for a signature, as pages name it.
type Sender struct {
	Name     string
	Contacts []Contact // how to reach it; none for an answer to the message
	Logo     []byte    // a PNG picture; nil for none
	Theme    Theme
}

// Contact is one way to reach a sender.
type Contact struct {
	Text string
	URL  string // https, mailto or tel; "" for none
}

// Link is the address behind a contact, "" for none.
func (c Contact) Link() template.URL {
	if !address.MatchString(c.URL) {
		return ""
	}
	return template.URL(c.URL) //nolint:gosec // https, mailto or tel
}

// Theme sets variables of the style sheet to colors such as #1d4f91: accent,
// on-accent, ink, paper, soft, line, and each with -dark for dark screens.
type Theme map[string]string

var (
	color     = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	variables = []string{"accent", "on-accent", "ink", "paper", "soft", "line"}
	address   = regexp.MustCompile(`^(https://|mailto:|tel:)[^\s"<>]+$`)
)

// Check refuses what a style sheet cannot have.
func (t Theme) Check() error {
	for name, value := range t {
		if !slices.Contains(variables, strings.TrimSuffix(name, "-dark")) || !color.MatchString(value) {
			return fmt.Errorf("web: the theme sets %q to %q; names are %v, values such as #1d4f91", name, value, variables)
		}
	}
	return nil
}

// style is the style that sets the colors.
func (t Theme) style() string {
	var light, dark strings.Builder
	for _, v := range variables {
		if c := t[v]; color.MatchString(c) {
			fmt.Fprintf(&light, "--%s:%s;", v, c)
		}
		if c := t[v+"-dark"]; color.MatchString(c) {
			fmt.Fprintf(&dark, "--%s:%s;", v, c)
		}
	}
	css := ""
	if light.Len() > 0 {
		css = ":root{" + light.String() + "}"
		if dark.Len() == 0 { // the colors of the light theme are not meant for dark paper
			css = "@media (prefers-color-scheme:light){" + css + "}"
		}
	}
	if dark.Len() > 0 {
		css += "@media (prefers-color-scheme:dark){:root{" + dark.String() + "}}"
	}
	return css
}

// Language is a language that a page can be read in.
type Language struct {
	Tag, Name, URL string
	Current        bool
}

// Shell is what each page for a signer has around its content.
type Shell struct {
	Words     *texts.Words
	Title     string
	Sender    Sender
	Languages []Language
	Signer    string // the signer's id, under which the page keeps what was typed; "" for none
	Event     string // what a page around this one is told: ready, consented, signed, declined or error
	Code      string // of the problem, with the event error; "" for none
	Reference string // the request id, for the support; "" for none
	Script    bool   // runs sign.js
	frame     Frame
	style     template.CSS // of this page alone
}

// Say is the text of a key; Count chooses its form for n.
func (s Shell) Say(key string, pairs ...string) string { return s.Words.Say(texts.Key(key), pairs...) }

// Count is the text of a key in its form for n.
func (s Shell) Count(key string, n int, pairs ...string) string {
	return s.Words.Count(texts.Key(key), n, pairs...)
}

// Lang is the language of the page.
func (s Shell) Lang() string { return s.Words.Tag }

// Contact says how to reach the sender.
func (s Shell) Contact() string {
	if len(s.Sender.Contacts) == 0 {
		return s.Say("contact.reply")
	}
	all := make([]string, len(s.Sender.Contacts))
	for i, c := range s.Sender.Contacts {
		all[i] = c.Text
	}
	return s.Say("contact", "contact", strings.Join(all, ", "))
}

// ContactFrame is what stands before and after the contacts in Contact.
func (s Shell) ContactFrame() [2]string {
	before, after, _ := strings.Cut(s.Say("contact", "contact", "\x00"), "\x00")
	return [2]string{before, after}
}

// Logo is the sender's logo as a data: address, "" for none.
func (s Shell) Logo() template.URL {
	if !bytes.HasPrefix(s.Sender.Logo, []byte("\x89PNG\r\n\x1a\n")) {
		return ""
	}
	return template.URL("data:image/png;base64," + encode(s.Sender.Logo)) //nolint:gosec // a picture
}

// Origin is the page that may frame this one, "" for none.
func (s Shell) Origin() string { return string(s.frame) }

// OwnStyle is the style of this page alone.
func (s Shell) OwnStyle() template.CSS { return s.style }
