package mail_test

import (
	"bytes"
	"encoding/base64"
	"html"
	htmltemplate "html/template"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	texttemplate "text/template"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/mail"
	"github.com/evaultlib/evault/internal/testsmtp"
)

// received is a message as a mail program reads it.
type received struct {
	header     netmail.Header
	subject    string
	text, html string
}

func parse(t *testing.T, raw []byte) received {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r := received{header: m.Header}
	if r.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var bodies []string
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("part: %v", p.Header)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, p.Header.Get("Content-Type")+"\n"+strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
	if len(bodies) != 2 || !strings.HasPrefix(bodies[0], "text/plain; charset=UTF-8\n") || !strings.HasPrefix(bodies[1], "text/html; charset=UTF-8\n") {
		t.Fatalf("parts: %q", bodies)
	}
	r.text, r.html = bodies[0], bodies[1]
	return r
}

// deliver sends a notice and reads the message back.
func deliver(t *testing.T, cfg mail.Config, n esign.Notice) received {
	t.Helper()
	s := testsmtp.Start(t, testsmtp.Options{})
	cfg.Addr = s.Addr
	if err := open(t, cfg).Notify(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 || got[0].From != "signing@example.com" || got[0].To != n.Email {
		t.Fatalf("got %+v", got)
	}
	return parse(t, got[0].Raw)
}

// TestEveryKindInEveryLanguage: each kind of notice names sender, envelope and
// signer in both parts, has the link where there is one, and says until when.
func TestEveryKindInEveryLanguage(t *testing.T) {
	t.Parallel()
	linked := map[string]bool{esign.NoticeSign: true, esign.NoticeReminder: true, esign.NoticeCompleted: true}
	for _, tt := range []struct {
		kind, language, subject string
		want                    []string
	}{
		{esign.NoticeSign, "", "Lakeshore Motors LLC asks you to sign “Retail installment contract”", []string{"Dear Ada Byron,", "Read and sign", "You can sign until December 28, 2026, 8:30 PM (UTC).", "Message from Lakeshore Motors LLC", "do not forward"}},
		{esign.NoticeSign, "es-US", "Lakeshore Motors LLC le pide firmar «Retail installment contract»", []string{"Hola, Ada Byron:", "Leer y firmar", "Puede firmar hasta el 28 de diciembre de 2026"}},
		{esign.NoticeReminder, "en", "Reminder: Lakeshore Motors LLC asks", []string{"is still waiting for your signature", "Read and sign"}},
		{esign.NoticeReminder, "es", "Recordatorio: Lakeshore", []string{"todavía espera su firma"}},
		{esign.NoticeCompleted, "", "is signed by everybody", []string{"Open your copy", "The link opens it until December 28, 2026"}},
		{esign.NoticeCompleted, "es", "tiene todas las firmas", []string{"Abrir su copia", "El enlace la abre hasta el 28 de diciembre de 2026"}},
		{esign.NoticeDeclined, "", "was declined", []string{"nothing for you to do", "Reason"}},
		{esign.NoticeDeclined, "es", "fue rechazado", []string{"usted no tiene que hacer nada"}},
		{esign.NoticeExpired, "", "The time to sign “Retail", []string{"not signed by everybody in time", "ask Lakeshore Motors LLC to send it again"}},
		{esign.NoticeExpired, "es", "El plazo para firmar «Retail", []string{"pida a Lakeshore Motors LLC que lo envíe otra vez"}},
		{esign.NoticeVoided, "", "Lakeshore Motors LLC withdrew", []string{"nothing for you to do", "Reason"}},
		{esign.NoticeVoided, "es", "Lakeshore Motors LLC retiró", []string{"Motivo"}},
	} {
		t.Run(tt.kind+tt.language, func(t *testing.T) {
			t.Parallel()
			n := notice(tt.kind)
			n.Language = tt.language
			if !linked[tt.kind] {
				n.URL, n.ExpiresAt = "", nil
			}
			got := deliver(t, mail.Config{}, n)
			if !strings.Contains(got.subject, tt.subject) {
				t.Errorf("subject %q, want %q", got.subject, tt.subject)
			}
			for _, want := range append(tt.want, "Retail installment contract", "Lakeshore Motors LLC", "Please sign before the weekend.", "Example Signing", "env_1") {
				for part, body := range map[string]string{"text": got.text, "html": got.html} {
					if !strings.Contains(body, want) {
						t.Errorf("%s lacks %q:\n%s", part, want, body)
					}
				}
			}
			if strings.Contains(got.text, "\n"+secret+"\n") != linked[tt.kind] || strings.Contains(got.html, `href="`+secret+`"`) != linked[tt.kind] {
				t.Errorf("link is not as it should be:\n%s\n%s", got.text, got.html)
			}
			for _, odd := range []string{"{", "<no value>", "ZgotmplZ"} {
				if strings.Contains(got.text, odd) || strings.Contains(got.html, "ZgotmplZ") {
					t.Errorf("%q in\n%s", odd, got.text)
				}
			}
		})
	}
}

// TestHeaders: a message has what mail servers ask for and sign, and its Message-ID
// names the signer.
func TestHeaders(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.FixedZone("", -5*3600))
	got := deliver(t, mail.Config{Now: func() time.Time { return now }}, notice(esign.NoticeSign))
	if at, err := got.header.Date(); err != nil || !at.Equal(now) {
		t.Errorf("Date %v, %v", at, err)
	}
	from, err := got.header.AddressList("From")
	if err != nil || len(from) != 1 || *from[0] != (netmail.Address{Name: "Lakeshore Motors LLC via Example Signing", Address: "signing@example.com"}) {
		t.Errorf("From %v, %v", from, err)
	}
	to, err := got.header.AddressList("To")
	if err != nil || len(to) != 1 || *to[0] != (netmail.Address{Name: "Ada Byron", Address: "ada@example.com"}) {
		t.Errorf("To %v, %v", to, err)
	}
	for name, want := range map[string]string{
		"Message-ID": "<ntc_7f3k.sgn_9x2m@example.com>", "Auto-Submitted": "auto-generated", "MIME-Version": "1.0",
		"Content-Language": "en", "Bcc": "", "Cc": "", "List-Unsubscribe": "", "User-Agent": "", "X-Mailer": "",
	} {
		if v := got.header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	s := testsmtp.Start(t, testsmtp.Options{})
	if err := open(t, mail.Config{Addr: s.Addr, ReturnPath: "bounces@example.net"}).Notify(t.Context(), notice(esign.NoticeSign)); err != nil {
		t.Fatal(err)
	}
	if m := s.Messages()[0]; m.From != "bounces@example.net" || !strings.Contains(parse(t, m.Raw).header.Get("From"), "<signing@example.com>") {
		t.Errorf("bounces go to %s", m.From)
	}
	for id, want := range map[string]string{
		got.header.Get("Message-ID"): "sgn_9x2m", "ntc_1.sgn_2@x": "sgn_2", "<a.b%2Ec%40d@x>": "b.c@d", "": "", "<x@y>": "", "<a.%zz@y>": "", "<.b@y>": "",
	} {
		if signer := mail.SignerOf(id); signer != want {
			t.Errorf("SignerOf(%q) = %q, want %q", id, signer, want)
		}
	}
	for _, tt := range []struct{ service, sender, want string }{
		{"", "Lakeshore Motors LLC", "Lakeshore Motors LLC"},
		{"Example Signing", "", "Example Signing"},
		{"", "", "example.com"},
	} {
		n := notice(esign.NoticeSign)
		n.Sender.LegalName = tt.sender
		got := deliver(t, mail.Config{From: netmail.Address{Name: tt.service, Address: "signing@example.com"}}, n)
		if from, err := got.header.AddressList("From"); err != nil || from[0].Name != tt.want || !strings.HasPrefix(got.subject, tt.want+" asks") {
			t.Errorf("%+v: From %v, subject %q, %v", tt, from, got.subject, err)
		}
	}
}

// TestNoHeaderIsInjected: text of senders and signers stays where it belongs.
func TestNoHeaderIsInjected(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>\x00\u2028"
	n := notice(esign.NoticeSign)
	n.Sender.LegalName, n.Name, n.EnvelopeName, n.Message = "Señal "+evil, "王小明 "+evil, "Straße “1” "+evil, evil+"\r\n.\r\nQUIT"
	n.ID, n.SignerID, n.EnvelopeID = "ntc\r\nBcc: a@b", "sgn\r\nx@>", "env"+evil
	got := deliver(t, mail.Config{}, n)
	for name := range got.header {
		if !strings.Contains(" Message-Id Date From To Subject Mime-Version Content-Type Auto-Submitted Content-Language ", " "+name+" ") {
			t.Errorf("header %s: %q", name, got.header[name])
		}
	}
	from, err := got.header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "signing@example.com" || !strings.HasPrefix(from[0].Name, "Señal x Bcc: eve@example.com <script>") {
		t.Errorf("From %v, %v", from, err)
	}
	to, err := got.header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ada@example.com" || !strings.HasPrefix(to[0].Name, "王小明 x Bcc") {
		t.Errorf("To %v, %v", to, err)
	}
	if strings.ContainsAny(got.subject, "\r\n\x00") || !strings.Contains(got.subject, "Straße “1” x Bcc") {
		t.Errorf("Subject %q", got.subject)
	}
	if strings.Contains(got.html, "<script>") || !strings.Contains(got.html, "&lt;script&gt;") {
		t.Errorf("HTML is not escaped:\n%s", got.html)
	}
	if !strings.Contains(got.text, "\n> x\n> Bcc: eve@example.com\n> \n> <script>") || !strings.Contains(got.text, "\n> .\n> QUIT\n") {
		t.Errorf("the sender's words are not quoted:\n%s", got.text)
	}
	if id := got.header.Get("Message-ID"); mail.SignerOf(id) != n.SignerID {
		t.Errorf("Message-ID %q", id)
	}
}

// TestSendersContactAndLogo: answers go to the sender, whom the message says how to
// reach, and the logo is a part of it.
func TestSendersContactAndLogo(t *testing.T) {
	t.Parallel()
	n := notice(esign.NoticeSign)
	n.Sender.Contact = esign.Contact{Email: "contracts@lakeshore.example", Phone: "+1 (555) 0100", PostalAddress: "1 Main Street\nMadison, WI 53703"}
	n.Sender.Logo = []byte("\x89PNG\r\n\x1a\n…")
	s := testsmtp.Start(t, testsmtp.Options{})
	if err := open(t, mail.Config{Addr: s.Addr}).Notify(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	whole, err := netmail.ReadMessage(bytes.NewReader(s.Messages()[0].Raw))
	if err != nil {
		t.Fatal(err)
	}
	if to, err := whole.Header.AddressList("Reply-To"); err != nil || len(to) != 1 || *to[0] != (netmail.Address{Name: "Lakeshore Motors LLC", Address: "contracts@lakeshore.example"}) {
		t.Errorf("Reply-To %v, %v", to, err)
	}
	kind, params, err := mime.ParseMediaType(whole.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/related" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	parts := multipart.NewReader(whole.Body, params["boundary"])
	words, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(words)
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, append([]byte("Content-Type: "+words.Header.Get("Content-Type")+"\r\n\r\n"), body...))
	const contact = "Questions? contracts@lakeshore.example, +1 (555) 0100, 1 Main Street, Madison, WI 53703"
	if !strings.Contains(got.text, contact) || !strings.Contains(html.UnescapeString(got.html), contact) || !strings.Contains(got.html, `<img src="cid:logo@example.com"`) {
		t.Errorf("%s\n%s", got.text, got.html)
	}
	logo, err := parts.NextPart()
	if err != nil || logo.Header.Get("Content-Id") != "<logo@example.com>" || !strings.HasPrefix(logo.Header.Get("Content-Type"), "image/png") {
		t.Fatalf("logo %v, %v", logo, err)
	}
	if b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, logo)); err != nil || !bytes.Equal(b, n.Sender.Logo) {
		t.Errorf("logo %q, %v", b, err)
	}
}

// TestHostReplacesTheLayout: for all kinds, or for one.
func TestHostReplacesTheLayout(t *testing.T) {
	t.Parallel()
	layout := htmltemplate.Must(htmltemplate.New("all").Parse(`<h1>{{.Sender}}</h1>{{define "completed"}}<b>{{.Notice.EnvelopeID}}</b>{{end}}`))
	text := texttemplate.Must(mail.DefaultText().New("completed").Parse("Done: {{.URL}}"))
	text = text.Lookup("mail.txt")
	for kind, want := range map[string][2]string{
		esign.NoticeSign: {"Dear Ada Byron,", "<h1>Lakeshore Motors LLC</h1>"}, esign.NoticeCompleted: {"Done: " + secret, "<b>env_1</b>"},
	} {
		got := deliver(t, mail.Config{HTML: layout, Text: text}, notice(kind))
		if !strings.Contains(got.text, want[0]) || !strings.Contains(got.html, want[1]) {
			t.Errorf("%s:\n%s\n%s", kind, got.text, got.html)
		}
	}
	broken := htmltemplate.Must(htmltemplate.New("all").Parse(`{{.Nothing}}`))
	if err := open(t, mail.Config{Addr: "127.0.0.1:1", HTML: broken}).Notify(t.Context(), notice(esign.NoticeSign)); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
	if err := open(t, mail.Config{Addr: "127.0.0.1:1"}).Notify(t.Context(), notice("other")); err == nil || !strings.Contains(err.Error(), "unknown kind") {
		t.Errorf("got %v", err)
	}
}
