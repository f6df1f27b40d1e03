package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/web"
)

const hostile = `"><script>alert(1)</script>'&`

// shell is hostile in everything that a host or a sender sets.
func shell(t *testing.T) web.Shell {
	t.Helper()
	c, err := texts.New()
	if err != nil {
		t.Fatal(err)
	}
	return web.Shell{
		Words: c.Match("es"), Title: hostile, Reference: hostile, Event: "ready", Signer: hostile,
		Sender: web.Sender{
			Name: hostile, Contacts: []web.Contact{{Text: hostile, URL: "javascript:alert(1)"}}, Logo: []byte("<svg onload=alert(1)>"),
			Theme: map[string]string{"accent": "red;}*{x:url(/)", "ink": "#112233", "ink-dark": "#ddeeff"},
		},
		Languages: []web.Language{{Tag: "en", Name: hostile, URL: "?lang=en"}, {Tag: "es", Name: "Español", URL: "?lang=es", Current: true}},
	}
}

func signing(t *testing.T) web.Signing {
	t.Helper()
	return web.Signing{
		Shell: shell(t), Action: "/api/v2/sign/x", EnvelopeName: hostile, Message: hostile, SignerName: hostile, SignerEmail: hostile,
		Problem:    []web.Problem{{Href: "javascript:alert(1)", Text: hostile, Rule: hostile, Input: hostile}},
		Disclosure: web.Disclosure{Title: hostile, Paragraphs: []string{hostile}}, Summary: []web.Row{{hostile, hostile}},
		PageCount: 2, Unread: []int{1, 2}, UnreadRange: "1–2", Consented: "today", ExpiresAt: hostile,
		Pages: []web.PagePicture{{Page: 1, Width: 612, Height: 792, Spots: []web.Spot{
			{ID: "fld_1", For: "signature", Kind: "signature", Label: hostile, Value: hostile, X: 0.1, Y: 0.2, W: 0.3, H: 0.04},
			{ID: hostile, For: hostile, Kind: hostile, Label: hostile, Value: hostile},
		}}},
		Fields: []web.Field{
			{ID: "a", Kind: "text", Label: hostile, Value: hostile, Required: true, Error: hostile},
			{ID: "b", Kind: "checkbox", Label: hostile},
			{ID: "c", Kind: "signature", Label: hostile},
			{ID: "d", Kind: "initials", Label: hostile},
			{ID: "e", Kind: "radio", Label: hostile, Options: []string{hostile, "x"}},
			{ID: "f", Kind: "dropdown", Label: hostile, Options: []string{hostile, "x"}},
			{ID: "g", Kind: "value", Label: hostile, Value: hostile},
			{ID: "h", Kind: "date", Label: hostile, Value: hostile},
		},
		Signature: web.Mark{Name: "signature", Text: hostile, PNG: hostile, Error: hostile, Pages: "1", Count: 1},
		Initials:  &web.Mark{Name: "initials", Text: hostile}, Places: 1, TimeZones: []string{"UTC"}, HasText: true, CanPreview: true,
	}
}

func pages(t *testing.T, f web.Frame) map[string]web.Page {
	t.Helper()
	out := map[string]web.Page{}
	for name, render := range map[string]func() (web.Page, error){
		"notice": func() (web.Page, error) {
			return web.RenderNotice(web.Notice{Shell: shell(t), Paragraphs: []string{hostile}, Facts: []web.Row{{hostile, hostile}}, Link: "/x", LinkText: hostile, Note: hostile}, f)
		},
		"ask": func() (web.Page, error) {
			return web.RenderAsk(web.Ask{
				Shell: shell(t), Paragraphs: []string{hostile}, Action: "/x", Back: "/y", Label: hostile, Button: hostile, Reason: hostile, BackText: hostile,
				Problem: []web.Problem{{Href: "#reason", Text: hostile, Input: hostile, Rule: hostile}},
			}, f)
		},
		"signing": func() (web.Page, error) { return web.RenderSigning(signing(t), f) },
		"done": func() (web.Page, error) {
			return web.RenderDone(web.Done{
				Shell: shell(t), Paragraphs: []string{hostile}, Facts: []web.Row{{hostile, hostile}}, Digest: hostile,
				VerifyURL: "/v", CopyURL: "/c", ContinueURL: "javascript:alert(1)",
			}, f)
		},
		"text": func() (web.Page, error) {
			return web.RenderText(web.Text{Shell: shell(t), Back: "/x", Pages: []web.TextPage{{Page: 1, Paragraphs: []string{hostile}}, {Page: 2}}}, f)
		},
		"vault": func() (web.Page, error) {
			at := web.Time{Machine: hostile, Text: hostile}
			return web.RenderVault(web.Vault{
				EnvelopeName: hostile, State: hostile, Title: hostile, Says: hostile, Code: hostile, Outcome: hostile, Note: hostile,
				CopyURL: "/c", CertificateURL: "/d", RecordURL: "/r", MoreCopies: 1,
				Facts:   []web.Fact{{Label: hostile, Value: hostile}, {Label: hostile, Digest: hostile}, {Label: hostile, At: at}},
				Checks:  []web.VaultCheck{{Result: hostile, Requirement: hostile, Reference: hostile, Basis: hostile, Detail: hostile, At: at}},
				Custody: []web.Step{{At: at, Kind: hostile, From: hostile, To: hostile, Version: hostile}},
				Copies:  []web.VaultCopy{{At: at, Kind: hostile, Version: hostile, GivenTo: hostile}},
			}, f)
		},
		"embed": func() (web.Page, error) { return web.RenderEmbed(web.Embed{SessionURL: "/api/v2/embed/session"}, f) },
		"verify": func() (web.Page, error) {
			return web.RenderVerify(web.Verify{State: hostile, Title: hostile, Notice: hostile, SHA256: hostile, AsOf: web.Time{Machine: hostile, Text: hostile}, Action: hostile})
		},
		"docs": func() (web.Page, error) {
			return web.RenderDocs(web.Docs{BasePath: "/api/v2", Routes: []web.DocsRoute{{About: hostile}}})
		},
	} {
		p, err := render()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = p
	}
	return out
}

func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
}

var (
	style   = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	script  = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	handler = regexp.MustCompile(`(?i)<[a-z][^>]*\s(on[a-z]+|style)\s*=`)
)

// TestPolicyFitsThePage: what the page holds is what its policy names, and
// nothing that was put in got out as markup.
func TestPolicyFitsThePage(t *testing.T) {
	t.Parallel()
	for name, p := range pages(t, "") {
		text := string(p.HTML)
		css := style.FindAllStringSubmatch(text, -1)
		for _, c := range css {
			if !strings.Contains(p.Policy, digest(c[1])) {
				t.Errorf("%s: the policy does not name the digest of %.60s", name, c[1])
			}
			if strings.Contains(c[1], "url(") {
				t.Errorf("%s: a style loads something", name)
			}
		}
		if len(css) == 0 {
			t.Errorf("%s: no style", name)
		}
		if !strings.Contains(text, `<link rel="icon" href="data:,">`) {
			t.Errorf("%s: a browser asks for /favicon.ico", name)
		}
		js := script.FindAllStringSubmatch(text, -1)
		if slices.Contains([]string{"embed", "verify", "signing", "done", "vault"}, name) {
			if len(js) != 1 || !strings.Contains(p.Policy, "script-src "+digest(js[0][1])) {
				t.Errorf("%s: %d scripts, policy %s", name, len(js), p.Policy)
			}
		} else if len(js) != 0 || strings.Contains(p.Policy, "script-src") {
			t.Errorf("%s: %d scripts, policy %s", name, len(js), p.Policy)
		}
		if handler.MatchString(text) || strings.Contains(text, "javascript:") || strings.Contains(text, "http://") || strings.Contains(text, "https://") {
			t.Errorf("%s: inline handlers or outside addresses", name)
		}
		if !strings.HasPrefix(text, "<!DOCTYPE html>") || !strings.Contains(text, `<html lang="e`) || strings.Count(text, "<h1>") != 1 && name != "embed" {
			t.Errorf("%s: no document with one heading", name)
		}
		if !strings.Contains(p.Policy, "default-src 'none'") || !strings.Contains(p.Policy, "frame-ancestors 'none'") || strings.Contains(p.Policy, "unsafe") {
			t.Errorf("%s: policy %s", name, p.Policy)
		}
	}
	for name, p := range pages(t, "https://app.example") {
		if name != "docs" && name != "verify" && !strings.Contains(p.Policy, "frame-ancestors https://app.example") {
			t.Errorf("%s: policy %s", name, p.Policy)
		}
	}
}

// TestEveryInputHasALabel is what a screen reader needs.
func TestEveryInputHasALabel(t *testing.T) {
	t.Parallel()
	text := string(pages(t, "")["signing"].HTML)
	for _, id := range regexp.MustCompile(`<(?:input|textarea|select)[^>]* id="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, `<label for="`+id[1]+`"`) {
			t.Errorf("%s has no label", id[1])
		}
	}
	for _, in := range regexp.MustCompile(`<(input|textarea)([^>]*)>`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(in[2], `id="`) && !strings.Contains(in[2], `type="hidden"`) {
			t.Errorf("%s has no id", in[0])
		}
	}
}

var said = regexp.MustCompile(`(?:Say|Count) "([a-z0-9._]+)"`)

// TestPagesSayWhatTheCatalogHas: each key in a template has a text, and each text of
// the pages is said somewhere.
func TestPagesSayWhatTheCatalogHas(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("assets/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	english := texts.English().Texts
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			if english[texts.Key(m[1])] == "" && english[texts.Key(m[1]+".one")] == "" {
				t.Errorf("%s says %s, which has no text", file, m[1])
			}
		}
	}
}

func TestThemeIsChecked(t *testing.T) {
	t.Parallel()
	for name, theme := range map[string]web.Theme{
		"color": {"accent": "red"}, "unknown": {"background": "#ffffff"}, "more": {"accent": "#1d4f91;}*{x:y"},
	} {
		if theme.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (web.Theme{"accent": "#1d4f91", "accent-dark": "#9cc2f5"}).Check(); err != nil {
		t.Error(err)
	}
}
