package web

import (
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign/texts"
)

// Sender is who asks for a signature, as pages name it.
type Sender struct {
	Name       string
	Contact    string // how to reach it, such as "Call 555 0100"; "" for an answer to the message
	ContactURL string // https, mailto or tel; "" for none
	Logo       []byte // a PNG, JPEG or WebP picture; nil for none
	// Theme sets variables of the style sheet to colors such as #1d4f91: accent,
	// on-accent, ink, paper, soft, line, and each with -dark for dark screens.
	Theme map[string]string
}

// MaxLogo is the most bytes that a logo may have.
const MaxLogo = 32 << 10

var (
	color     = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	variables = []string{"accent", "on-accent", "ink", "paper", "soft", "line"}
	address   = regexp.MustCompile(`^(https://|mailto:|tel:)[^\s"<>]+$`)
)

// Check refuses what a page cannot show as it is.
func (s Sender) Check() error {
	if len(s.Logo) > MaxLogo || len(s.Logo) > 0 && logoType(s.Logo) == "" {
		return fmt.Errorf("web: the logo of %q must be a PNG, JPEG or WebP picture of at most %d bytes", s.Name, MaxLogo)
	}
	if s.ContactURL != "" && !address.MatchString(s.ContactURL) {
		return fmt.Errorf("web: the contact address of %q must be https, mailto or tel", s.Name)
	}
	for name, value := range s.Theme {
		if !slices.Contains(variables, strings.TrimSuffix(name, "-dark")) || !color.MatchString(value) {
			return fmt.Errorf("web: the theme of %q sets %q to %q; names are %v, values such as #1d4f91", s.Name, name, value, variables)
		}
	}
	return nil
}

func logoType(b []byte) string {
	switch {
	case strings.HasPrefix(string(b), "\x89PNG\r\n\x1a\n"):
		return "image/png"
	case strings.HasPrefix(string(b), "\xff\xd8\xff"):
		return "image/jpeg"
	case len(b) > 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}

// theme is the style that sets the sender's colors.
func (s Sender) theme() string {
	var light, dark strings.Builder
	for _, v := range variables {
		if c := s.Theme[v]; color.MatchString(c) {
			fmt.Fprintf(&light, "--%s:%s;", v, c)
		}
		if c := s.Theme[v+"-dark"]; color.MatchString(c) {
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
	if s.Sender.Contact == "" {
		return s.Say("contact.reply")
	}
	return s.Say("contact", "contact", s.Sender.Contact)
}

// ContactLink is the address behind Contact, "" for none.
func (s Shell) ContactLink() template.URL {
	if !address.MatchString(s.Sender.ContactURL) {
		return ""
	}
	return template.URL(s.Sender.ContactURL) //nolint:gosec // https, mailto or tel
}

// Logo is the sender's logo as a data: address, "" for none.
func (s Shell) Logo() template.URL {
	kind := logoType(s.Sender.Logo)
	if kind == "" || len(s.Sender.Logo) > MaxLogo {
		return ""
	}
	return template.URL("data:" + kind + ";base64," + encode(s.Sender.Logo)) //nolint:gosec // a picture
}

// Origin is the page that may frame this one, "" for none.
func (s Shell) Origin() string { return string(s.frame) }

// OwnStyle is the style of this page alone.
func (s Shell) OwnStyle() template.CSS { return s.style }
