package main

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
)

// TestMailsNameTheSender: a mail has the headers that relays ask for, names the
// sender, speaks the signer's language, and says how long the link opens what.
func TestMailsNameTheSender(t *testing.T) {
	t.Parallel()
	catalog, err := texts.New()
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 12, 28, 12, 0, 0, 0, time.UTC)
	r := relay{from: "evault@localhost", texts: catalog, now: func() time.Time { return until }}
	for _, tt := range []struct {
		kind, language string
		want           []string
	}{
		{esign.NoticeSign, "", []string{"Lakeshore Motors LLC asks you to read and sign", "https://x/1", "You can sign until December 28, 2026", "Dear Ada,"}},
		{esign.NoticeCompleted, "es-US", []string{"Todas las personas firmaron", "El enlace la abre hasta el 28 de diciembre de 2026", "https://x/1"}},
		{esign.NoticeVoided, "", []string{"withdrew", "Wrong price"}},
		{esign.NoticeDeclined, "", []string{"nothing for you to do"}},
		{esign.NoticeReminder, "", []string{"still waits for your signature"}},
	} {
		n := esign.Notice{
			ID: "ntc_1", Kind: tt.kind, EnvelopeName: "Truck\r\nBcc: x@example.com", Email: "ada@example.com", Name: "Ada", SenderName: "Lakeshore Motors LLC", Language: tt.language,
			Message: "Wrong price", URL: "https://x/1", ExpiresAt: &until,
		}
		text := string(r.mail(n))
		m, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Header.Date(); err != nil || m.Header.Get("Message-ID") != "<ntc_1@localhost>" || m.Header.Get("Bcc") != "" {
			t.Errorf("%s: %v %v", tt.kind, m.Header, err)
		}
		if from := m.Header.Get("From"); from != `"Lakeshore Motors LLC" <evault@localhost>` {
			t.Errorf("%s: from %s", tt.kind, from)
		}
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the mail lacks %q:\n%s", tt.kind, want, text)
			}
		}
	}
}
