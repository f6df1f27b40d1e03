package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/mail"
	"github.com/evaultlib/evault/internal/testsmtp"
)

const secret = "https://sign.example/api/v2/sign/AQdTRU5USU5FTA"

var until = time.Date(2026, 12, 28, 20, 30, 0, 0, time.UTC)

// notice is a notice of a kind, with everything in it.
func notice(kind string) esign.Notice {
	return esign.Notice{
		ID: "ntc_7f3k", Kind: kind, OrgID: "org_1", EnvelopeID: "env_1", EnvelopeName: "Retail installment contract",
		SignerID: "sgn_9x2m", Email: "ada@example.com", Name: "Ada Byron", Sender: esign.Sender{LegalName: "Lakeshore Motors LLC"},
		Message: "Please sign before the weekend.\nCall me with questions.", URL: secret, ExpiresAt: &until,
	}
}

// certificate is one for 127.0.0.1, and the configuration of a client that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func open(t *testing.T, cfg mail.Config) *mail.Notifier {
	t.Helper()
	if cfg.From.Address == "" {
		cfg.From = netmail.Address{Name: "Example Signing", Address: "signing@example.com"}
	}
	n, err := mail.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestConnectionsAreEncrypted: by STARTTLS or from the first byte, with a password
// where one is asked for, and not at all when the server cannot, or is not who it
// should be.
func TestConnectionsAreEncrypted(t *testing.T) {
	t.Parallel()
	server, client := certificate(t)
	_, stranger := certificate(t)
	login := func(security mail.Security) mail.Config {
		return mail.Config{Security: security, TLS: client, Username: "evault", Password: "pass-sentinel"}
	}
	starts, implicit := testsmtp.Options{TLS: server}, testsmtp.Options{TLS: server, Implicit: true}
	asks := func(o testsmtp.Options, password string) testsmtp.Options { o.Password = password; return o }
	for name, tt := range map[string]struct {
		server    testsmtp.Options
		config    mail.Config
		encrypted bool
		fails     string
	}{
		"loopback in the clear":   {},
		"STARTTLS":                {starts, mail.Config{Security: mail.StartTLS, TLS: client}, true, ""},
		"implicit TLS":            {implicit, mail.Config{Security: mail.ImplicitTLS, TLS: client}, true, ""},
		"no STARTTLS":             {testsmtp.Options{}, mail.Config{Security: mail.StartTLS, TLS: client}, false, "does not support STARTTLS"},
		"unknown authority":       {starts, mail.Config{Security: mail.StartTLS, TLS: stranger}, false, "signed by unknown authority"},
		"implicit, unknown":       {implicit, mail.Config{Security: mail.ImplicitTLS}, false, "certificate"},
		"password by STARTTLS":    {asks(starts, "pass-sentinel"), login(mail.StartTLS), true, ""},
		"password, implicit TLS":  {asks(implicit, "pass-sentinel"), login(mail.ImplicitTLS), true, ""},
		"wrong password":          {asks(starts, "other"), login(mail.StartTLS), false, "replied 535"},
		"password is not offered": {starts, login(mail.StartTLS), false, "AUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsmtp.Start(t, tt.server)
			tt.config.Addr = s.Addr
			err := open(t, tt.config).Notify(t.Context(), notice(esign.NoticeSign))
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), "sentinel") || len(s.Messages()) != 0 {
					t.Fatalf("got %v, want an error with %q; %d messages", err, tt.fails, len(s.Messages()))
				}
				return
			}
			if got := s.Messages(); err != nil || len(got) != 1 || got[0].Encrypted != tt.encrypted || (got[0].User != "") != (tt.config.Password != "") {
				t.Fatalf("got %v, %+v", err, got)
			}
		})
	}
}

// TestConfigIsChecked: what would send in the clear, or to nowhere, is refused.
func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	from := netmail.Address{Address: "signing@example.com"}
	for name, tt := range map[string]struct {
		config mail.Config
		want   string
	}{
		"no address":           {mail.Config{From: from}, "Config.Addr"},
		"no port":              {mail.Config{Addr: "smtp.example.com", From: from}, "Config.Addr"},
		"no host":              {mail.Config{Addr: ":25", From: from}, "Config.Addr"},
		"no From":              {mail.Config{Addr: "smtp.example.com:25"}, "Config.From"},
		"bounces of two lines": {mail.Config{Addr: "smtp.example.com:25", From: from, ReturnPath: "a@b.example\r\n"}, "Config.ReturnPath"},
		"From of two lines":    {mail.Config{Addr: "smtp.example.com:25", From: netmail.Address{Address: "a@b.example\r\nBcc: c@d.example"}}, "Config.From"},
		"half a login":         {mail.Config{Addr: "smtp.example.com:25", From: from, Username: "u"}, "Config.Password"},
		"password in clear":    {mail.Config{Addr: "smtp.example.com:25", From: from, Username: "u", Password: "p", Security: mail.Plain}, "Config.Password needs"},
		"security misspelt":    {mail.Config{Addr: "smtp.example.com:25", From: from, Security: "tls"}, "Config.Security"},
		"an IPv6 address":      {mail.Config{Addr: "[::1]:25", From: from}, ""},
		"an IDN From domain":   {mail.Config{Addr: "smtp.example.com:25", From: netmail.Address{Address: "firma@señal.example"}}, ""},
	} {
		_, err := mail.New(tt.config)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

// TestRefusals: an address that the server does not know is undeliverable; all else
// is worth another try. No error repeats the server's words, which hold the address.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verb, answer string
		status       string // of an UndeliverableError; "" for another error
	}{
		"no such mailbox":       {"RCPT", "550 5.1.1 ada@example.com is unknown", "5.1.1"},
		"without enhanced code": {"RCPT", "550 ada@example.com is unknown", "5.1.1"},
		"name not allowed":      {"RCPT", "553 5.1.3 ada@example.com: bad syntax", "5.1.3"},
		"domain takes no mail":  {"RCPT", "556 5.1.10 ada@example.com: null MX", "5.1.10"},
		"mailbox disabled":      {"RCPT", "550 5.2.1 ada@example.com is disabled", "5.2.1"},
		"sender blocked":        {"RCPT", "550 5.7.1 mail to ada@example.com is blocked", ""},
		"relaying denied":       {"RCPT", "554 5.7.1 ada@example.com: relay access denied", ""},
		"greylisted":            {"RCPT", "451 4.7.1 ada@example.com: try later", ""},
		"mailbox busy":          {"RCPT", "450 4.2.1 ada@example.com is busy", ""},
		"sender refused":        {"MAIL", "550 5.7.1 ada@example.com", ""},
		"looks like spam":       {".", "554 5.7.1 message to ada@example.com refused", ""},
		"no data":               {"DATA", "451 4.3.0 ada@example.com", ""},
		"service not available": {"CONNECT", "421 4.3.2 ada@example.com", ""},
		"hangs up":              {"RCPT", "hangup", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsmtp.Start(t, testsmtp.Options{Answer: func(verb, _ string) string {
				if verb == tt.verb {
					return tt.answer
				}
				return ""
			}})
			err := open(t, mail.Config{Addr: s.Addr}).Notify(t.Context(), notice(esign.NoticeSign))
			var undeliverable *esign.UndeliverableError
			if errors.As(err, &undeliverable) != (tt.status != "") || undeliverable != nil && undeliverable.Status != tt.status {
				t.Fatalf("got %v, want status %q", err, tt.status)
			}
			if err == nil || strings.Contains(err.Error(), "ada@") || strings.Contains(err.Error(), secret) || len(s.Messages()) != 0 {
				t.Fatalf("got %v and %d messages", err, len(s.Messages()))
			}
		})
	}
}

// TestSlowServerIsBounded: whatever a server does not answer, the attempt ends with
// its time, and with the caller's context.
func TestSlowServerIsBounded(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			s := testsmtp.Start(t, testsmtp.Options{Answer: func(v, _ string) string {
				if v == verb {
					return "stall"
				}
				return ""
			}})
			begun := time.Now()
			err := open(t, mail.Config{Addr: s.Addr, Timeout: 100 * time.Millisecond}).Notify(t.Context(), notice(esign.NoticeSign))
			if took := time.Since(begun); err == nil || took > 5*time.Second {
				t.Errorf("got %v after %v", err, took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := open(t, mail.Config{Addr: s.Addr}).Notify(ctx, notice(esign.NoticeSign)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the context's error", err)
			}
		})
	}
}

// TestLostConnectionIsTriedAgain: a connection that ends before the message was
// taken delivers nothing, and the next try exactly one. Where only the answer was
// lost, both have one Message-ID. A QUIT that is not answered is no failure.
func TestLostConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verb, answer   string
		fails          bool
		first, in2Runs int
	}{
		{"CONNECT", "hangup", true, 0, 1},
		{"DATA", "hangup", true, 0, 1},
		{".", "hangup", true, 0, 1},
		{".", "lost", true, 1, 2},
		{"QUIT", "hangup", false, 1, 2},
	} {
		t.Run(tt.verb+" "+tt.answer, func(t *testing.T) {
			t.Parallel()
			tries := 0
			s := testsmtp.Start(t, testsmtp.Options{Answer: func(verb, _ string) string {
				if verb == tt.verb {
					if tries++; tries == 1 {
						return tt.answer
					}
				}
				return ""
			}})
			n := open(t, mail.Config{Addr: s.Addr})
			if err := n.Notify(t.Context(), notice(esign.NoticeSign)); (err != nil) != tt.fails || len(s.Messages()) != tt.first {
				t.Fatalf("first try: %v, %d messages", err, len(s.Messages()))
			}
			if err := n.Notify(t.Context(), notice(esign.NoticeSign)); err != nil || len(s.Messages()) != tt.in2Runs {
				t.Fatalf("second try: %v, %d messages", err, len(s.Messages()))
			}
			ids := map[string]bool{}
			for _, m := range s.Messages() {
				ids[parse(t, m.Raw).header.Get("Message-ID")] = true
			}
			if len(ids) != 1 {
				t.Errorf("Message-IDs of one notice: %v", ids)
			}
		})
	}
}

// TestAddresses: a domain in Unicode goes as IDNA, a mailbox in Unicode only to a
// server that takes it, and what is no address nowhere.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address, to, status string
		utf8                bool
	}{
		{address: "ada@example.com", to: "ada@example.com"},
		{address: "ada@bücher.example", to: "ada@xn--bcher-kva.example", utf8: true},
		{address: "pelé@example.com", status: "5.6.7"},
		{address: "pelé@example.com", to: "pelé@example.com", utf8: true},
		{address: `"ada b"@example.com`, to: `"ada b"@example.com`},
		{address: "ada", status: "5.1.3"},
		{address: "ada@example.com>\r\nRCPT TO:<eve@example.com", status: "5.1.3"},
		{address: "ada@example.com, eve@example.com", status: "5.1.3"},
		{address: "ada@-.example", to: "ada@-.example"},
	} {
		s := testsmtp.Start(t, testsmtp.Options{UTF8: tt.utf8})
		to := notice(esign.NoticeSign)
		to.Email = tt.address
		err := open(t, mail.Config{Addr: s.Addr}).Notify(t.Context(), to)
		if tt.status != "" {
			var undeliverable *esign.UndeliverableError
			if !errors.As(err, &undeliverable) || undeliverable.Status != tt.status || len(s.Messages()) != 0 {
				t.Errorf("%q: got %v, want %s", tt.address, err, tt.status)
			}
			continue
		}
		got := s.Messages()
		if err != nil || len(got) != 1 || got[0].To != tt.to || got[0].UTF8 != (tt.address == "pelé@example.com") {
			t.Errorf("%q: got %v, %+v", tt.address, err, got)
		}
	}
}

// TestNoConnectionIsLeft: an attempt that fails before there is a session closes its
// connection.
func TestNoConnectionIsLeft(t *testing.T) {
	t.Parallel()
	for _, refuses := range []string{"CONNECT", "EHLO", "nothing"} { // the last offers no STARTTLS
		s := testsmtp.Start(t, testsmtp.Options{Answer: func(verb, _ string) string {
			if verb == refuses || verb == "HELO" {
				return "554 5.3.2 no"
			}
			return ""
		}})
		if err := open(t, mail.Config{Addr: s.Addr, Security: mail.StartTLS}).Notify(t.Context(), notice(esign.NoticeSign)); err == nil {
			t.Errorf("%s: delivered", refuses)
		}
		for end := time.Now().Add(5 * time.Second); s.Open() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the connection is still open", refuses)
			}
		}
	}
}
