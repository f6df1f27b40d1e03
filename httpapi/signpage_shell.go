package httpapi

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/web"
)

// lang is the query parameter and form value that names the language of a page.
const lang = "lang"

// words is the language of a call: the one that its page was left in, else what the
// browser prefers.
func (a *API) words(c *call) *texts.Words {
	asked := c.R.URL.Query().Get(lang)
	if c.Body.Form != nil && c.Body.Form.Get(lang) != "" {
		asked = c.Body.Form.Get(lang)
	}
	return a.texts.Match(asked, c.R.Header.Get("Accept-Language"))
}

// shell is what a signer's page has around its content. An organization that is
// unknown or cannot be read is named by nothing: the page matters more.
func (a *API) shell(c *call, orgID string) web.Shell {
	s := web.Shell{Words: a.words(c)}
	if orgID != "" {
		sender, err := a.sender(c.Ctx, orgID)
		if err != nil {
			a.log.ErrorContext(c.Ctx, "httpapi: sender not shown", "request_id", c.RequestID, "org_id", orgID, "error", err)
		}
		s.Sender = sender
	}
	for _, w := range a.texts.All() {
		s.Languages = append(s.Languages, web.Language{
			Tag: w.Tag, Name: w.Name, Current: w.Tag == s.Words.Tag, URL: "?" + lang + "=" + url.QueryEscape(w.Tag),
		})
	}
	return s
}

// sender is who asks, as pages show it. What cannot be read or shown is left out, and
// the first reason for that is the error.
func (a *API) sender(ctx context.Context, orgID string) (web.Sender, error) {
	sender, err := a.cfg.ESign.Sender(ctx, orgID)
	s := web.Sender{Name: sender.LegalName, Contacts: contacts(sender.Contact), Logo: sender.Logo}
	if a.cfg.Theme != nil {
		theme, bad := a.cfg.Theme(ctx, orgID)
		if bad == nil {
			bad = theme.Check()
		}
		if bad == nil {
			s.Theme = theme
		}
		err = cmp.Or(err, bad)
	}
	if s.Name == "" {
		org, unknown := a.cfg.Scopes.Organization(ctx, orgID)
		if unknown != nil {
			return s, cmp.Or(err, unknown)
		}
		s.Name = org.LegalName
	}
	return s, err
}

// contacts are the ways to reach a sender, each with the address that a browser opens.
func contacts(c esign.Contact) []web.Contact {
	var all []web.Contact
	for _, line := range c.Lines() {
		contact := web.Contact{Text: line}
		switch line {
		case c.Email:
			contact.URL = "mailto:" + url.PathEscape(c.Email)
		case c.Phone:
			contact.URL = "tel:" + dialed(c.Phone)
		case c.Website:
			contact.URL = c.Website
		}
		all = append(all, contact)
	}
	return all
}

// dialed is a telephone number as RFC 3966 writes it.
func dialed(phone string) string {
	return strings.Map(func(c rune) rune {
		if c == '+' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, phone)
}
