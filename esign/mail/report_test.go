package mail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/mail"
)

// bounce is a notification as Postfix writes it.
const bounce = `From: MAILER-DAEMON@example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: signing@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="9B095B5ADSN=_01BFA3"

This is a MIME-encapsulated message.

--9B095B5ADSN=_01BFA3
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--9B095B5ADSN=_01BFA3
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; ada@example.com
Original-Recipient: rfc822;ada@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.com>: Recipient address rejected:
    User unknown

--9B095B5ADSN=_01BFA3
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Date: Mon, 23 Nov 2026 12:00:00 +0000
Message-ID: <ntc_7f3k.sgn_9x2m@example.com>
Subject: Lakeshore Motors LLC asks you to sign

--9B095B5ADSN=_01BFA3--
`

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestReports(t *testing.T) {
	t.Parallel()
	failed := mail.Report{SignerID: "sgn_9x2m", Email: "ada@example.com", Failed: true, Status: "5.1.1"}
	delayed := failed
	delayed.Failed, delayed.Status = false, "4.4.1"
	whole := strings.NewReplacer("text/rfc822-headers", "message/rfc822", "asks you to sign\n", "asks you to sign\n\nbody\n")
	late := strings.NewReplacer("Action: failed", "Action: delayed", "Status: 5.1.1", "Status: 4.4.1 (no answer)")
	for name, tt := range map[string]struct {
		message string
		want    *mail.Report
	}{
		"failed":              {bounce, &failed},
		"with the message":    {whole.Replace(bounce), &failed},
		"headers to the end":  {strings.Replace(bounce, "asks you to sign\n\n--", "asks you to sign\n--", 1), &failed},
		"delayed":             {late.Replace(bounce), &delayed},
		"of another message":  {strings.Replace(bounce, "ntc_7f3k.sgn_9x2m", "CAF-abc", 1), nil},
		"without a recipient": {strings.Replace(bounce, "Final-Recipient", "X-Recipient", 1), nil},
		"a letter":            {"From: a@b.example\nContent-Type: text/plain\n\nMessage-ID: <ntc_1.sgn_1@example.com>\n", nil},
		"a read receipt":      {strings.Replace(bounce, "delivery-status;", "disposition-notification;", 1), nil},
		"cut off":             {bounce[:900], nil},
		"empty":               {"", nil},
	} {
		for _, message := range []string{tt.message, crlf(tt.message)} {
			got, err := mail.ReadReport(strings.NewReader(message))
			if (err != nil) != (tt.want == nil) || tt.want == nil && !errors.Is(err, mail.ErrNoReport) || tt.want != nil && *got != *tt.want {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
		}
	}
	endless := strings.NewReader(crlf(strings.Replace(bounce, "I'm sorry", strings.Repeat("x", 2<<20), 1)))
	if _, err := mail.ReadReport(endless); !errors.Is(err, mail.ErrNoReport) || endless.Len() == 0 {
		t.Errorf("a long message: %v, %d bytes unread", err, endless.Len())
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add(bounce)
	f.Add(crlf(bounce))
	f.Fuzz(func(t *testing.T, message string) {
		if r, err := mail.ReadReport(strings.NewReader(message)); err == nil && (r.SignerID == "" || r.Email == "") {
			t.Errorf("got %+v", r)
		}
	})
}
