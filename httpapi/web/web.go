package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"sync"
)

//go:embed assets
var assets embed.FS

// Page is a rendered page: the document and its Content-Security-Policy.
type Page struct {
	HTML   []byte
	Policy string
}

// Frame says who may frame a page: "" for nobody, else one origin.
type Frame string

func (f Frame) ancestors() string {
	if f == "" {
		return "'none'"
	}
	return string(f)
}

// States of the vault's page.
const (
	VaultLive        = "live"
	VaultQuarantined = "quarantined" // the stored bytes were found altered
	VaultReleased    = "released"    // the original is no longer here
)

// Vault is the page of an embedded vault. All texts are ready to be shown.
type Vault struct {
	EnvelopeName string
	State        string
	Title, Says  string // the state in words
	Code         string // of the problem that a page around this one is told; "" for none

	Facts                              []Fact
	CopyURL, CertificateURL, RecordURL string // "" for none
	Outcome                            string // of the last evaluation, in a few words
	Note                               string // what the outcome does not know yet; "" for nothing
	Checks                             []VaultCheck
	Custody                            []Step
	Copies                             []VaultCopy
	MoreCopies                         int // that are not listed

	frame Frame
}

// Origin is the page that may frame this one, "" for none.
func (v Vault) Origin() string { return string(v.frame) }

// Time is a moment as a machine and as people read it. Where scripts run, the page
// says it in the reader's own zone.
type Time struct{ Machine, Text string }

// Fact is a label and its value: a text, a digest or a time.
type Fact struct {
	Label, Value, Digest string
	At                   Time
}

// VaultCheck is a requirement of the law and what was found. Result is met, failed
// or void, for a requirement that no longer applies.
type VaultCheck struct {
	Result, Requirement, Reference, Basis, Detail string
	At                                            Time
}

// Step is one entry of the custody chain.
type Step struct {
	At                      Time
	Kind, From, To, Version string
}

// VaultCopy is one entry of the register of copies.
type VaultCopy struct {
	At                     Time
	Kind, Version, GivenTo string
}

// Embed is the frame that takes the token out of its own address.
type Embed struct {
	SessionURL string // where the token is exchanged
	Origin     string // that may frame the page, "" for none
}

// Verify is the page that says what bytes are to the vault.
type Verify struct {
	State         string // one word, for the look of it
	Title, Notice string
	SHA256        string
	AsOf          Time
	Action        string // the address below which digests are asked for
}

// Docs is the reference page.
type Docs struct {
	BasePath string
	Routes   []DocsRoute
	Problems []DocsProblem
}

// DocsRoute is one row of the route table.
type DocsRoute struct{ Method, Path, Needs, About string }

// DocsProblem is one row of the problem table.
type DocsProblem struct {
	Code, Title string
	Status      int
}

// RenderVault renders v.
func RenderVault(v Vault, f Frame) (Page, error) {
	v.frame = f
	return render("vault.html", v, f, "vault.js", "")
}

// RenderEmbed renders e. Its script exchanges the token.
func RenderEmbed(e Embed, f Frame) (Page, error) { return render("embed.html", e, f, "frame.js", "") }

// EmbedScript is the script that a partner's page includes to show a widget: plain
// JavaScript, served as it is.
func EmbedScript() ([]byte, error) { return assets.ReadFile("assets/embed.js") }

// RenderVerify renders v. Its script hashes a file that the reader picks; the file
// goes nowhere.
func RenderVerify(v Verify) (Page, error) { return render("verify.html", v, "", "verify.js", "") }

// RenderDocs renders d.
func RenderDocs(d Docs) (Page, error) { return render("docs.html", d, "", "", "") }

type site struct {
	pages   *template.Template
	sources map[string]string // of stylesheet and scripts, by file name
	sums    map[string]string // of those, as a policy names them
	err     error
}

var load = sync.OnceValue(func() site {
	s := site{sources: map[string]string{}, sums: map[string]string{}}
	for name, parts := range map[string][]string{
		"style.css": {"style.css"}, "sign.css": {"sign.css"}, "frame.js": {"frame.js"}, "verify.js": {"times.js", "verify.js"},
		"sign.js": {"tell.js", "sign.js"}, "vault.js": {"tell.js", "times.js"},
	} {
		var whole []byte
		for _, part := range parts {
			b, err := assets.ReadFile("assets/" + part)
			if err != nil {
				return site{err: err}
			}
			whole = append(whole, lean(b)...)
		}
		if strings.HasSuffix(name, ".css") {
			whole = []byte(denser.Replace(string(whole)))
		}
		s.sources[name], s.sums[name] = string(whole), sum(whole)
	}
	s.pages, s.err = template.New("").Funcs(template.FuncMap{
		"style":  func(name string) template.CSS { return template.CSS(s.sources[name]) }, //nolint:gosec // our own asset
		"script": func(name string) template.JS { return template.JS(s.sources[name]) },   //nolint:gosec // our own asset
		"num":    strconv.Itoa,
		"where":  func(s Signing, f Field) located { return located{s.Shell, f} },
	}).ParseFS(assets, "assets/*.html")
	return s
})

// denser leaves out the blanks of a style sheet that mean nothing.
var denser = strings.NewReplacer(": ", ":", "; ", ";", " { ", "{", "; }", "}", " }", "}", ", ", ",")

// lean leaves out indentation and lines that are a comment.
func lean(b []byte) []byte {
	var out []byte
	for line := range bytes.Lines(b) {
		if line = bytes.TrimLeft(line, " "); !bytes.HasPrefix(line, []byte("// ")) {
			out = append(out, line...)
		}
	}
	return out
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return "'sha256-" + encode(h[:]) + "'"
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// render executes a template with a page's own style, "" for none.
func render(name string, data any, f Frame, script string, own template.CSS) (Page, error) {
	s := load()
	if s.err != nil {
		return Page{}, fmt.Errorf("web: %w", s.err)
	}
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, data); err != nil {
		return Page{}, fmt.Errorf("web: %w", err)
	}
	styles := s.sums["style.css"] + " " + s.sums["sign.css"]
	if own != "" {
		styles += " " + sum([]byte(own))
	}
	policy := []string{
		"default-src 'none'", "style-src " + styles, "img-src 'self' data:", "form-action 'self'", "base-uri 'none'",
		"frame-ancestors " + f.ancestors(),
	}
	if script != "" {
		policy = append(policy, "script-src "+s.sums[script], "connect-src 'self'")
	}
	return Page{HTML: b.Bytes(), Policy: strings.Join(policy, "; ")}, nil
}
