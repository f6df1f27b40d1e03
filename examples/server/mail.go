package main

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/mail"
	"net/smtp"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
)

// relay sends signers' notices as plain text through a mail relay that asks for
// no password, such as one on the same machine.
type relay struct {
	addr, from string
	texts      *texts.Catalog
	now        func() time.Time
}

// Notify implements esign.Notifier.
func (r relay) Notify(_ context.Context, n esign.Notice) error {
	return smtp.SendMail(r.addr, nil, r.from, []string{n.Email}, r.mail(n))
}

// mail is a notice as RFC 5322 wants it. A notice that is sent again has the same
// Message-ID.
func (r relay) mail(n esign.Notice) []byte {
	words := r.texts.Match(n.Language)
	var b bytes.Buffer
	header := func(k, v string) { fmt.Fprintf(&b, "%s: %s\r\n", k, oneLine(v)) }
	say := func(key string) string {
		return words.Say(texts.Key(key), "sender", n.SenderName, "envelope", n.EnvelopeName, "name", n.Name)
	}
	_, domain, _ := strings.Cut(r.from, "@")
	header("From", (&mail.Address{Name: oneLine(n.SenderName), Address: r.from}).String())
	header("To", n.Email)
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(say("mail."+n.Kind))))
	header("Date", r.now().Format(time.RFC1123Z))
	header("Message-ID", "<"+n.ID+"@"+domain+">")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "8bit")
	parts := []string{say("mail.dear"), say("mail." + n.Kind + ".text")}
	if n.URL != "" {
		parts = append(parts, n.URL, say("mail.private"))
	}
	if n.Message != "" {
		parts = append(parts, n.Message)
	}
	if n.ExpiresAt != nil {
		key := texts.Key("mail.until")
		if n.Kind == esign.NoticeCompleted {
			key = "mail.completed.until"
		}
		parts = append(parts, words.Say(key, "time", words.Moment(n.ExpiresAt.UTC())))
	}
	b.WriteString("\r\n" + strings.ReplaceAll(strings.Join(parts, "\n\n")+"\n", "\n", "\r\n"))
	return b.Bytes()
}

// oneLine keeps a value from ending its header.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\r' || c == '\n' {
			return ' '
		}
		return c
	}, s)
}
