package main

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/smtp"
	"strings"

	"github.com/evaultlib/evault/esign"
)

// relay sends signers' notices as plain text through a mail relay that asks for
// no password, such as one on the same machine.
type relay struct{ addr, from string }

// Notify implements esign.Notifier.
func (r relay) Notify(_ context.Context, n esign.Notice) error {
	var b bytes.Buffer
	header := func(k, v string) { fmt.Fprintf(&b, "%s: %s\r\n", k, oneLine(v)) }
	header("From", r.from)
	header("To", n.Email)
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(subjects[n.Kind]+": "+n.EnvelopeName)))
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "8bit")
	b.WriteString("\r\n")
	b.WriteString(strings.ReplaceAll(text(n), "\n", "\r\n"))
	return smtp.SendMail(r.addr, nil, r.from, []string{n.Email}, b.Bytes())
}

var subjects = map[string]string{
	esign.NoticeSign:      "Please sign",
	esign.NoticeReminder:  "Reminder: please sign",
	esign.NoticeVoided:    "Withdrawn",
	esign.NoticeDeclined:  "Declined by another signer",
	esign.NoticeCompleted: "Signed by all",
}

func text(n esign.Notice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Dear %s,\n\n%s: %s.\n", n.Name, subjects[n.Kind], n.EnvelopeName)
	if n.Message != "" {
		fmt.Fprintf(&b, "\n%s\n", n.Message)
	}
	if n.URL != "" {
		fmt.Fprintf(&b, "\n%s\n\nThe link is meant for you alone; please do not forward it.\n", n.URL)
	}
	if n.ExpiresAt != nil {
		fmt.Fprintf(&b, "It works until %s.\n", n.ExpiresAt.Format("January 2, 2006, 15:04 MST"))
	}
	return b.String()
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
