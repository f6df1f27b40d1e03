package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strings"
)

// Signing is the page on which one signer reads, fills in and signs. All times and
// texts are ready to be shown.
type Signing struct {
	Shell
	Action  string // the page's own address; forms go below it
	Problem []Problem

	EnvelopeName, Message, SignerName, SignerEmail, ExpiresAt string

	Summary []Row

	Withdrawn   string // when the signer withdrew the consent, "" if not
	Consented   string // when the signer consented, "" if not
	CanDelegate bool   // the turn may be handed over to another person
	Disclosure  Disclosure
	PageCount   int
	Pages       []PagePicture // none when nothing draws them
	Unread      []int         // pages that the signer was not shown yet
	UnreadRange string        // the same, such as "1–3, 7"
	Fields      []Field
	Signature   Mark
	Initials    *Mark // nil without initials
	Places      int   // where the signature and initials stand
	TimeZones   []string
	HasText     bool // the text view is there
	CanPreview  bool
}

// Row is a label and its value.
type Row struct{ Label, Value string }

// Problem is what is wrong with an input, or with the whole.
type Problem struct {
	Href  string // the fragment of the input, such as "#fld_x"
	Text  string
	Input string // the id of the input, "" for none
	Rule  string // for the script
}

// Disclosure is what the signer consents to.
type Disclosure struct {
	Title, SHA256 string
	Code          bool   // a code in its PDF is asked for
	Typed         string // the code that was typed and refused
	CodeError     string
	Agreed        bool // the box was ticked
	Paragraphs    []string
}

// PagePicture is a page with its displayed size in points, which keeps its place
// while the picture loads, and with what stands on it.
type PagePicture struct {
	Page, Width, Height int
	Shown               bool
	Spots               []Spot
}

// Spot is a place on a page. X, Y, W and H are fractions of the page from its
// top-left corner.
type Spot struct {
	ID         string // of the field
	For        string // the id of the input that fills it
	Kind       string
	Label      string
	Value      string
	X, Y, W, H float64
	ReadOnly   bool
	Optional   bool
}

// Field is one input of the signing page. Kind is signature or initials (optional
// ones), text, checkbox, radio, dropdown, date or value (to be read only).
type Field struct {
	ID, Kind, Label, Value string
	Page                   int
	Required               bool
	Options                []string
	Error                  string
}

// Mark is a signature or initials: typed, drawn or uploaded.
type Mark struct {
	Shell
	Name  string // signature or initials: of its inputs
	Kind  string // typed, drawn or uploaded
	Text  string
	PNG   string // base64
	Error string
	Pages string // where it will stand, such as "1–3, 7"
	Count int
}

// Places says where the mark will stand.
func (m Mark) Places() string { return m.Shell.Count("field.places", m.Count, "pages", m.Pages) }

// located is a field whose page is said in words.
type located struct {
	Shell
	Field Field
}

var fieldID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// places is the style that puts each spot where it is printed.
func (s Signing) places() string {
	var b strings.Builder
	for _, p := range s.Pages {
		for _, at := range p.Spots {
			if fieldID.MatchString(at.ID) {
				fmt.Fprintf(&b, "#at-%s{left:%.3f%%;top:%.3f%%;width:%.3f%%;height:%.3f%%}", at.ID, at.X*100, at.Y*100, at.W*100, at.H*100)
			}
		}
	}
	return b.String()
}

// Spoken are the words that the script says, a JSON object.
func (s Signing) Spoken() (string, error) {
	out := map[string]string{}
	for _, key := range []string{
		"nav.start", "nav.next", "nav.read", "nav.previous", "nav.ready", "nav.left.one", "nav.left.other", "button.signing", "offline", "doc.page", "doc.zoom",
		"doc.unread.one", "doc.unread.other", "doc.seen", "button.sign.as.one", "button.sign.as.other", "button.sign.one", "button.sign.other",
		"mark.file.bad", "preview.shown", "preview.failed", "problem.title",
	} {
		out[key] = s.Say(key)
	}
	b, err := json.Marshal(out)
	return string(b), err
}

// RenderSigning renders s.
func RenderSigning(s Signing, f Frame) (Page, error) {
	s.Script = true
	s.shell(f, s.places())
	s.Signature.Shell = s.Shell
	if s.Initials != nil {
		m := *s.Initials
		m.Shell, s.Initials = s.Shell, &m
	}
	return render("sign.html", s, f, "sign.js", s.style)
}

// Done is the page after the signature.
type Done struct {
	Shell
	Paragraphs  []string
	Facts       []Row
	Digest      string // of the copy, "" for none
	VerifyURL   string // "" for none
	CopyURL     string
	ContinueURL string
}

// RenderDone renders d.
func RenderDone(d Done, f Frame) (Page, error) {
	d.Script = true
	d.shell(f, "")
	return render("done.html", d, f, "sign.js", d.style)
}

// Notice is a page that says one thing, such as why a link opens nothing.
type Notice struct {
	Shell
	Paragraphs []string
	Facts      []Row
	Link       string // the address of a button, "" for none
	LinkText   string
	Note       string // below the button
	// ContinueURL leads back to the sender, "" for nowhere.
	ContinueURL string
}

// RenderNotice renders n.
func RenderNotice(n Notice, f Frame) (Page, error) {
	n.Script = f != ""
	n.shell(f, "")
	return render("notice.html", n, f, scriptIf(n.Script, "sign.js"), n.style)
}

// Ask is a page that asks for a reason before it does something that ends something.
type Ask struct {
	Shell
	Paragraphs     []string
	Action         string // where the answer goes
	Label, Button  string
	Reason         string
	Required       bool
	Person         bool // asks for Name and Email instead of Reason
	Name, Email    string
	Problem        []Problem
	Back, BackText string // the way back
}

// RenderAsk renders a.
func RenderAsk(a Ask, f Frame) (Page, error) {
	a.Script = f != ""
	a.shell(f, "")
	return render("ask.html", a, f, scriptIf(a.Script, "sign.js"), a.style)
}

// Auth is the page that asks for a code before the document opens.
type Auth struct {
	Shell
	Paragraphs []string
	Action     string // the signing page, below which the forms go
	Label      string // of the code; "" while there is none to enter
	Digits     bool   // the code has digits only, and came by mail
	Button     string
	Send       string // the button that sends a code, "" for none
	Problem    []Problem
}

// RenderAuth renders a.
func RenderAuth(a Auth, f Frame) (Page, error) {
	a.Script = f != ""
	a.shell(f, "")
	return render("auth.html", a, f, scriptIf(a.Script, "sign.js"), a.style)
}

// Text is the document's words, page by page.
type Text struct {
	Shell
	Back  string
	Pages []TextPage
}

// TextPage is a page's words in paragraphs.
type TextPage struct {
	Page       int
	Paragraphs []string
}

// RenderText renders t.
func RenderText(t Text, f Frame) (Page, error) {
	t.shell(f, "")
	return render("text.html", t, f, "", t.style)
}

func scriptIf(is bool, name string) string {
	if is {
		return name
	}
	return ""
}

// shell prepares a page for its frame and with its own style.
func (s *Shell) shell(f Frame, style string) {
	s.frame = f
	s.style = template.CSS(s.Sender.Theme.style() + style) //nolint:gosec // colors, and numbers of fields
}
