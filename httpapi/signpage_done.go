package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/internal/signview"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/vault/custody"
)

// donePage is the page after the signature and after completion.
func (a *API) donePage(c *call, status int, p pass, s *esign.Session, sh web.Shell) (*rest.Reply, error) {
	link, err := a.cfg.ESign.LinkState(c.Ctx, p.link)
	if err != nil {
		return nil, err
	}
	zone := signview.Zone(s)
	say := func(t *time.Time) string { return signview.Moment(sh, t, zone) }
	v := web.Done{Shell: sh, CopyURL: a.self(c) + "/document.pdf"}
	if v.ContinueURL, err = a.continueURL(c.Ctx, s.OrgID, s.RedirectURL, s.EnvelopeID, &s.Signer); err != nil {
		return nil, err
	}
	v.Event = "signed"
	v.Facts = []web.Row{{Label: sh.Say("done.document"), Value: s.EnvelopeName}, {Label: sh.Say("ended.sender"), Value: sh.Sender.Name}}
	v.Title = sh.Say("signed.title")
	if s.Signer.SignedAt != nil {
		v.Paragraphs = append(v.Paragraphs, sh.Say("signed.thanks", "name", s.Signer.Name, "time", say(s.Signer.SignedAt)))
		v.Facts = append(v.Facts, web.Row{Label: sh.Say("done.signedon"), Value: say(s.Signer.SignedAt)})
	}
	switch {
	case completed(s.EnvelopeStatus):
		v.Title = sh.Say("complete.title")
		v.Paragraphs = append(v.Paragraphs, sh.Say("complete.what"))
		v.Facts = append(v.Facts, web.Row{Label: sh.Say("done.held"), Value: a.held(c.Ctx, s, sh)})
		if v.Digest, err = a.copyDigest(c.Ctx, s.EnvelopeID); err != nil {
			return nil, err
		}
		if !a.cfg.VerifyOff && v.Digest != "" {
			v.VerifyURL = a.cfg.BasePath + "/verify/" + v.Digest
		}
	case link.Left > 0:
		v.Paragraphs = append(v.Paragraphs, sh.Count("signed.waiting", link.Left))
	default:
		v.Paragraphs = append(v.Paragraphs, sh.Say("signed.sealing"))
	}
	if link.ReadableUntil != nil {
		v.Paragraphs = append(v.Paragraphs, sh.Say("done.keep", "time", say(link.ReadableUntil)))
	}
	page, err := web.RenderDone(v, p.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(status, page), nil
}

// held says where the original is.
func (a *API) held(ctx context.Context, s *esign.Session, sh web.Shell) string {
	copy, err := a.cfg.Vault.OriginalOf(ctx, s.EnvelopeID)
	if err != nil || copy.Status != custody.StatusVaulted {
		return sh.Say("done.held.sender", "sender", sh.Sender.Name)
	}
	return sh.Say("done.held.vault", "custodian", copy.Custodian.Party.Name, "controller", copy.Controller.Party.Name)
}

// copyDigest is the digest of the marked copy of the completed document, "" where
// none can be made.
func (a *API) copyDigest(ctx context.Context, envelopeID string) (string, error) {
	copies, err := a.cfg.ESign.SignerCopies(ctx, envelopeID)
	if err != nil || len(copies) == 0 {
		return "", err
	}
	last := slices.MaxFunc(copies, func(a, b esign.SignerCopy) int { return a.MadeAt.Compare(b.MadeAt) })
	return string(last.Object.SHA256), nil
}
