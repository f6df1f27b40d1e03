package httpapi

import (
	"context"
	"net/url"

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

func (a *API) sender(ctx context.Context, orgID string) (web.Sender, error) {
	var s web.Sender
	if a.cfg.Sender != nil {
		var err error
		if s, err = a.cfg.Sender(ctx, orgID); err != nil {
			return web.Sender{}, err
		}
		if err := s.Check(); err != nil {
			return web.Sender{Name: s.Name}, err
		}
	}
	if s.Name == "" {
		org, err := a.cfg.Scopes.Organization(ctx, orgID)
		if err != nil {
			return s, err
		}
		s.Name = org.LegalName
	}
	return s, nil
}
