package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"golang.org/x/net/idna"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
)

// Security is how the connection to the SMTP server is encrypted.
type Security string

const (
	// StartTLS encrypts by STARTTLS (RFC 3207); a server without it is refused.
	StartTLS Security = "starttls"
	// ImplicitTLS encrypts from the first byte (RFC 8314, section 3.3), on port 465.
	ImplicitTLS Security = "implicit"
	// Plain does not encrypt. Anyone who can read the network traffic can then
	// sign in place of the signers. It is meant for a mail server on the same
	// machine.
	Plain Security = "plain"
)

// Config is the configuration of a [Notifier]. It is copied and never changed.
type Config struct {
	// Addr is host and port of the SMTP server, such as "smtp.example.com:587". Required.
	Addr string
	// From is the sender address of messages, with the name of the operator of the service:
	// messages are from "Lakeshore Motors LLC via Example Signing". The address is
	// required.
	From netmail.Address
	// ReturnPath is the address for notifications of failed delivery (RFC
	// 5321, section 4.4), for [ReadReport]. Default: the address of From.
	ReturnPath string

	// Security: default ImplicitTLS on port 465, Plain on a loopback address, else StartTLS.
	Security Security
	// TLS is for certificates of a private authority, for example. Default: the system's
	// authorities, the server's name from Addr, TLS 1.2 or newer.
	TLS *tls.Config
	// Username and Password authenticate if both are given (RFC 4954), but
	// never on an unencrypted connection to another machine. Default: no
	// authentication.
	Username, Password string
	// Hello is the name of this machine in the EHLO command. Default: the domain of From.
	Hello string
	// Timeout limits the delivery of one message, including the connection. Default: 30 s.
	Timeout time.Duration

	// Texts are the words. Default: English and Spanish.
	Texts *texts.Catalog
	// Language is the BCP 47 tag of the language for a signer who has not read a
	// disclosure yet. Default: English.
	Language string
	// HTML and Text are the layouts of a [Message]. A template in them that is named after a kind
	// of notice, such as "completed", is used for this kind. Default: DefaultHTML and DefaultText.
	HTML *htmltemplate.Template
	Text *texttemplate.Template

	Now func() time.Time // default: time.Now
}

// Notifier sends notices by e-mail. It is safe for concurrent use and keeps no
// connection open.
type Notifier struct {
	cfg    Config
	host   string
	port   int
	domain string // of From, in ASCII
}

var _ esign.Notifier = (*Notifier)(nil)

// New checks cfg and returns a Notifier. It does not connect.
func New(cfg Config) (*Notifier, error) {
	n := &Notifier{cfg: cfg}
	host, port, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("mail: Config.Addr: %w", err)
	}
	n.host = host
	if n.port, err = strconv.Atoi(port); err != nil || host == "" {
		return nil, errors.New("mail: Config.Addr needs a host and a port number, such as smtp.example.com:587")
	}
	if n.cfg.From.Address, n.domain, err = reachable(cfg.From.Address); err != nil || !ascii(n.cfg.From.Address) {
		return nil, errors.New("mail: Config.From needs an address, such as signing@example.com")
	}
	n.cfg.From.Name = oneLine(cfg.From.Name)
	if cfg.ReturnPath == "" {
		n.cfg.ReturnPath = n.cfg.From.Address
	}
	if n.cfg.ReturnPath, _, err = reachable(n.cfg.ReturnPath); err != nil || !ascii(n.cfg.ReturnPath) {
		return nil, errors.New("mail: Config.ReturnPath must be an address, such as bounces@example.com")
	}
	if (cfg.Username == "") != (cfg.Password == "") {
		return nil, errors.New("mail: Config.Username and Config.Password must be given together")
	}
	if err := n.secure(); err != nil {
		return nil, err
	}
	return n, n.setDefaults()
}

func (n *Notifier) secure() error {
	loopback := n.host == "localhost" || net.ParseIP(n.host).IsLoopback()
	if n.cfg.Security == "" {
		switch {
		case n.port == 465:
			n.cfg.Security = ImplicitTLS
		case loopback:
			n.cfg.Security = Plain
		default:
			n.cfg.Security = StartTLS
		}
	}
	switch s := n.cfg.Security; {
	case s == Plain && !loopback && n.cfg.Password != "":
		return errors.New("mail: Config.Password needs Config.Security starttls or implicit")
	case s != StartTLS && s != ImplicitTLS && s != Plain:
		return fmt.Errorf("mail: Config.Security is %q, want %s, %s or %s", s, StartTLS, ImplicitTLS, Plain)
	}
	n.cfg.TLS = n.cfg.TLS.Clone() // of nil it is nil
	if n.cfg.TLS == nil {
		n.cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if n.cfg.TLS.ServerName == "" {
		n.cfg.TLS.ServerName = n.host
	}
	return nil
}

func (n *Notifier) setDefaults() error {
	if n.cfg.Texts == nil {
		catalog, err := texts.New()
		if err != nil {
			return err
		}
		n.cfg.Texts = catalog
	}
	if n.cfg.Hello == "" {
		n.cfg.Hello = n.domain
	}
	if n.cfg.Timeout <= 0 {
		n.cfg.Timeout = 30 * time.Second
	}
	if n.cfg.HTML == nil {
		n.cfg.HTML = DefaultHTML()
	}
	if n.cfg.Text == nil {
		n.cfg.Text = DefaultText()
	}
	if n.cfg.Now == nil {
		n.cfg.Now = time.Now
	}
	return nil
}

// Notify implements [esign.Notifier]. The error is an [*esign.UndeliverableError]
// when the server permanently refuses the signer's address.
func (n *Notifier) Notify(ctx context.Context, notice esign.Notice) error {
	to, _, err := reachable(notice.Email)
	if err != nil {
		return &esign.UndeliverableError{Status: "5.1.3"} // bad destination mailbox address syntax, RFC 3463
	}
	msg, err := n.compose(notice, to)
	if err != nil {
		return err
	}
	return n.send(ctx, msg, ascii(to))
}

// reachable returns an address in the form for SMTP, with its domain in IDNA
// form (RFC 5891), and that domain.
func reachable(address string) (mailbox, domain string, err error) {
	parsed, err := netmail.ParseAddress("<" + address + ">")
	if err != nil {
		return "", "", errors.New("mail: malformed address")
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	domain = parsed.Address[at+1:]
	if !ascii(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", "", errors.New("mail: malformed domain")
		}
	}
	return parsed.Address[:at+1] + domain, domain, nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7f })
}
