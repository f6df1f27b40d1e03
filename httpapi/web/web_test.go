package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/httpapi/web"
)

const hostile = `"><script>alert(1)</script>'&`

func pages(t *testing.T, f web.Frame) map[string]web.Page {
	t.Helper()
	out := map[string]web.Page{}
	for name, render := range map[string]func() (web.Page, error){
		"message": func() (web.Page, error) {
			return web.RenderMessage(web.Message{Title: hostile, Text: hostile, Reference: hostile}, f)
		},
		"signing": func() (web.Page, error) {
			return web.RenderSigning(web.Signing{
				Action: "/api/v2/sign/x", Alert: hostile, EnvelopeName: hostile, Message: hostile, SignerName: hostile, SignerEmail: hostile,
				DisclosureTitle: hostile, Disclosure: []string{hostile}, Pages: 1, Images: []web.Image{{Page: 1, Width: 612, Height: 792}}, Signature: hostile, Fields: []web.Field{
					{ID: hostile, Kind: "text", Label: hostile, Value: hostile, Required: true},
					{ID: "b", Kind: "checkbox", Label: hostile},
					{ID: "c", Kind: "signature", Label: hostile},
					{ID: "d", Kind: "initials", Label: hostile},
				},
			}, f)
		},
		"done": func() (web.Page, error) {
			return web.RenderSigning(web.Signing{Action: "/x", EnvelopeName: "e", Done: hostile, ContinueURL: "javascript:alert(1)"}, f)
		},
		"vault": func() (web.Page, error) {
			return web.RenderVault(web.Vault{EnvelopeName: hostile, Controller: hostile, CopyURL: "/c", CertificateURL: "/d", Custody: []web.Step{{From: hostile}}}, f)
		},
		"embed": func() (web.Page, error) { return web.RenderEmbed(web.Embed{SessionURL: "/api/v2/embed/session"}, f) },
		"verify": func() (web.Page, error) {
			return web.RenderVerify(web.Verify{State: hostile, Title: hostile, Notice: hostile, SHA256: hostile, AsOf: hostile, Action: hostile})
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
	handler = regexp.MustCompile(`(?i)<[^>]+\s(on[a-z]+|style)\s*=`)
)

// TestPolicyFitsThePage: what the page holds is what its policy names, and
// nothing that was put in got out as markup.
func TestPolicyFitsThePage(t *testing.T) {
	t.Parallel()
	for name, p := range pages(t, "") {
		text := string(p.HTML)
		css := style.FindStringSubmatch(text)
		if css == nil || !strings.Contains(p.Policy, digest(css[1])) {
			t.Errorf("%s: the policy does not name the digest of the style", name)
		}
		js := script.FindAllStringSubmatch(text, -1)
		if name == "embed" || name == "verify" {
			if len(js) != 1 || !strings.Contains(p.Policy, "script-src "+digest(js[0][1])) {
				t.Errorf("%s: %d scripts, policy %s", name, len(js), p.Policy)
			}
		} else if len(js) != 0 || strings.Contains(p.Policy, "script-src") {
			t.Errorf("%s: %d scripts, policy %s", name, len(js), p.Policy)
		}
		if handler.MatchString(text) || strings.Contains(text, "javascript:") || strings.Contains(text, "http://") || strings.Contains(text, "https://") {
			t.Errorf("%s: inline handlers or outside addresses", name)
		}
		if !strings.HasPrefix(text, "<!DOCTYPE html>") || !strings.Contains(text, `<html lang="en">`) || strings.Count(text, "<h1>") != 1 && name != "embed" {
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
	for _, id := range regexp.MustCompile(`<(?:input|textarea)[^>]* id="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, `<label for="`+id[1]+`"`) {
			t.Errorf("%s has no label", id[1])
		}
	}
	for _, in := range regexp.MustCompile(`<(input|textarea)([^>]*)>`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(in[2], `id="`) && !strings.Contains(in[2], `type="checkbox"`) && !strings.Contains(in[2], `type="hidden"`) {
			t.Errorf("%s has no id", in[0])
		}
	}
}
