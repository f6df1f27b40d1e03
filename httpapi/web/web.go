package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
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

// Message is a page that says one thing.
type Message struct {
	Title, Text string
	Link        string // the address of a button, "" for none
	LinkText    string
	Reference   string // the request id, for the support
}

// Signing is the signing page of one signer. All times and texts are ready to be
// shown.
type Signing struct {
	Action string // the page's own address; forms go below it
	Alert  string // what the last step was refused for
	Done   string // set when nothing is left to do: what was done

	EnvelopeName, Message, SignerName, SignerEmail, ExpiresAt string
	Consented, Completed                                      bool
	DisclosureTitle                                           string
	Disclosure                                                []string // paragraphs
	DisclosureSHA256                                          string
	Pages                                                     int
	Unread                                                    string  // pages that were not opened yet, such as "pages 1–3"; "" for none
	Images                                                    []Image // of the first pages; none when nothing draws them
	Signature                                                 string  // typed so far
	ContinueURL                                               string  // the sender's page to go on to; "" for none
	Fields                                                    []Field
	TimeZones                                                 []string // to choose from, the one that is set first
}

// Image is the picture of a page below Action, with the page's displayed size in
// points, which keeps its place while it loads.
type Image struct{ Page, Width, Height int }

// Field is one input of the signing page. Kind is signature (an optional one),
// initials, text, date, checkbox, radio or dropdown.
type Field struct {
	ID, Kind, Label, Value string
	Page                   int
	Required, ReadOnly     bool
	Options                []string // to choose from, of radio and dropdown
}

// Vault is the page of an embedded vault.
type Vault struct {
	EnvelopeName, Status, Controller, Custodian string
	VaultedAt, DocumentHash                     string
	CopyURL, CertificateURL, RecordURL          string // "" for none
	Compliant                                   string
	Custody                                     []Step
}

// Step is one entry of the custody chain.
type Step struct{ At, Kind, From, To, Version string }

// Embed is the frame that takes the token out of its own address.
type Embed struct {
	SessionURL string // where the token is exchanged
}

// Verify is the page that says what bytes are to the vault.
type Verify struct {
	State         string // one word, for the look of it
	Title, Notice string
	SHA256, AsOf  string
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

// RenderMessage renders m.
func RenderMessage(m Message, f Frame) (Page, error) { return render("message.html", m, f, "") }

// RenderSigning renders s.
func RenderSigning(s Signing, f Frame) (Page, error) { return render("sign.html", s, f, "") }

// RenderVault renders v.
func RenderVault(v Vault, f Frame) (Page, error) { return render("vault.html", v, f, "") }

// RenderEmbed renders e. Its script exchanges the token.
func RenderEmbed(e Embed, f Frame) (Page, error) { return render("embed.html", e, f, "embed.js") }

// RenderVerify renders v. Its script hashes a file that the reader picks; the file
// goes nowhere.
func RenderVerify(v Verify) (Page, error) { return render("verify.html", v, "", "verify.js") }

// RenderDocs renders d.
func RenderDocs(d Docs) (Page, error) { return render("docs.html", d, "", "") }

type site struct {
	pages   *template.Template
	sources map[string]string // of stylesheet and scripts, by file name
	sums    map[string]string // of those, as a policy names them
	err     error
}

var load = sync.OnceValue(func() site {
	s := site{sources: map[string]string{}, sums: map[string]string{}}
	for _, name := range []string{"style.css", "embed.js", "verify.js"} {
		b, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return site{err: err}
		}
		s.sources[name], s.sums[name] = string(b), sum(b)
	}
	s.pages, s.err = template.New("").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(s.sources["style.css"]) },   //nolint:gosec // our own asset
		"script": func(name string) template.JS { return template.JS(s.sources[name]) }, //nolint:gosec // our own asset
		"plural": func(n int) string { return strings.TrimSuffix("pages", strings.Repeat("s", b2i(n == 1))) },
	}).ParseFS(assets, "assets/*.html")
	return s
})

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
}

func render(name string, data any, f Frame, script string) (Page, error) {
	s := load()
	if s.err != nil {
		return Page{}, fmt.Errorf("web: %w", s.err)
	}
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, data); err != nil {
		return Page{}, fmt.Errorf("web: %w", err)
	}
	policy := []string{
		"default-src 'none'", "style-src " + s.sums["style.css"], "img-src 'self' data:", "form-action 'self'", "base-uri 'none'",
		"frame-ancestors " + f.ancestors(),
	}
	if script != "" {
		policy = append(policy, "script-src "+s.sums[script], "connect-src 'self'")
	}
	return Page{HTML: b.Bytes(), Policy: strings.Join(policy, "; ")}, nil
}
