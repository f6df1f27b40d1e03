package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"

	gomail "github.com/wneessen/go-mail"

	"github.com/evaultlib/evault/esign"
)

// send makes one attempt to hand msg to the server.
func (n *Notifier) send(ctx context.Context, msg *gomail.Msg, plainAddress bool) error {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timeout)
	defer cancel() // which closes the connection
	client, err := n.client(n.dialer(ctx), plainAddress)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return failure(ctx, "connect", err)
	}
	if has, _ := session.Extension("SMTPUTF8"); !has && !plainAddress {
		return &esign.UndeliverableError{Status: "5.6.7"} // RFC 6531, section 3.5: the server takes no such address
	}
	if err := client.SendWithSMTPClient(session, msg); err != nil {
		return failure(ctx, "send", err)
	}
	_ = session.Quit() // the message is the server's already
	return nil
}

func (n *Notifier) client(dial gomail.DialContextFunc, plainAddress bool) (*gomail.Client, error) {
	policy := gomail.TLSMandatory
	if n.cfg.Security != StartTLS {
		policy = gomail.NoTLS // there is none, or it is there from the first byte
	}
	options := []gomail.Option{
		gomail.WithPort(n.port), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(n.cfg.TLS), gomail.WithHELO(n.cfg.Hello),
		gomail.WithTimeout(n.cfg.Timeout), gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if plainAddress { // a message without need of SMTPUTF8 can be relayed everywhere
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	if n.cfg.Password != "" {
		options = append(options, gomail.WithUsername(n.cfg.Username), gomail.WithPassword(n.cfg.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err := gomail.NewClient(n.host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return client, nil
}

// dialer connects to the server. The connection ends with attempt, the context of
// the whole attempt, however slowly the server talks.
func (n *Notifier) dialer(attempt context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, n.cfg.Addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(attempt, func() { _ = conn.Close() })
		if n.cfg.Security != ImplicitTLS {
			return conn, nil
		}
		encrypted := tls.Client(conn, n.cfg.TLS)
		return encrypted, encrypted.HandshakeContext(ctx)
	}
}

// permanent are the replies to RCPT TO that speak of the address (RFC 5321,
// section 4.2.3). 554 and 552 are as often about the sender or the message.
var permanent = map[int]string{550: "5.1.1", 551: "5.1.6", 553: "5.1.3", 556: "5.1.10"}

// failure describes why an attempt failed, without text from the server, which
// may contain the address.
func failure(ctx context.Context, during string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("mail: %s: %w", during, ctx.Err())
	}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return fmt.Errorf("mail: %s: the server replied %d", during, answer.Code)
	}
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return fmt.Errorf("mail: %s: %w", during, err)
	}
	code, status := refused.ErrorCode(), refused.EnhancedStatusCode()
	if byCode, known := permanent[code]; known && refused.Reason == gomail.ErrSMTPRcptTo && aboutAddress(status) {
		if status == "" {
			status = byCode
		}
		return &esign.UndeliverableError{Status: status}
	}
	if code == 0 {
		return fmt.Errorf("mail: %s: connection lost", refused.Reason)
	}
	if status != "" {
		return fmt.Errorf("mail: %s: the server replied %d %s", refused.Reason, code, status)
	}
	return fmt.Errorf("mail: %s: the server replied %d", refused.Reason, code)
}

// aboutAddress reports whether an enhanced status code (RFC 3463) speaks of the
// address or the mailbox, or is none; 5.7 is about who sends, and 5.3, 5.4 and 5.5
// are about servers.
func aboutAddress(status string) bool {
	return status == "" || len(status) > 3 && (status[:4] == "5.1." || status[:4] == "5.2.")
}
