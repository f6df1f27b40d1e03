package mail

import (
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed templates
var files embed.FS

// quoted is a text with "> " before each line, as mail quotes.
func quoted(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }

// DefaultHTML returns the layout of the HTML part, for a host that changes some of
// it. Its function is "quoted", which puts "> " before each line of a text.
func DefaultHTML() *htmltemplate.Template {
	t := htmltemplate.New("mail.html").Funcs(htmltemplate.FuncMap{"quoted": quoted})
	return htmltemplate.Must(t.ParseFS(files, "templates/mail.html"))
}

// DefaultText returns the layout of the text part; see DefaultHTML.
func DefaultText() *texttemplate.Template {
	t := texttemplate.New("mail.txt").Funcs(texttemplate.FuncMap{"quoted": quoted})
	return texttemplate.Must(t.ParseFS(files, "templates/mail.txt"))
}
