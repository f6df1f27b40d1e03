package mail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"net/textproto"
	"strings"
)

// maxReport is how much of a delivery status notification is read.
const maxReport = 1 << 20

// ErrNoReport: the message is not a delivery status notification about a message of this package.
var ErrNoReport = errors.New("mail: not a delivery status notification about a notice")

// Report is a mail server's report on a message that it could not deliver, or delivered late.
type Report struct {
	SignerID string // of the message's Message-ID
	Email    string // the address as given by the reporting server
	Failed   bool   // permanently failed; false for a delay, a relay or a delivery
	Status   string // RFC 3463, such as 5.1.1
}

// ReadReport reads a delivery status notification (RFC 3464) that came to the address of
// Config.ReturnPath, of at most 1 MiB; ErrNoReport for any other message. A host passes a failed
// report to [esign.Engine.MarkUndeliverable]. Anyone who knows a Message-ID, including the signer,
// can write such a notification; the mark is removed when a later notice is delivered.
func ReadReport(message io.Reader) (*Report, error) {
	m, err := netmail.ReadMessage(io.LimitReader(message, maxReport))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoReport, err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["boundary"] == "" ||
		!strings.EqualFold(params["report-type"], "delivery-status") {
		return nil, ErrNoReport
	}
	var r Report
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoReport, err)
		}
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind {
		case "message/delivery-status", "message/global-delivery-status":
			r.read(p)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if of, err := header(p); err == nil {
				r.SignerID = SignerOf(of.Get("Message-Id"))
			}
		}
	}
	if r.SignerID == "" || r.Email == "" {
		return nil, ErrNoReport
	}
	return &r, nil
}

// read takes the first recipient: a notice has one. The fields of the message come
// before those of its recipients, each after an empty line.
func (r *Report) read(part io.Reader) {
	fields := textproto.NewReader(bufio.NewReader(part))
	for range 10 {
		h, err := fields.ReadMIMEHeader()
		if to := h.Get("Final-Recipient"); to != "" {
			_, address, _ := strings.Cut(to, ";")
			r.Email, r.Failed = strings.TrimSpace(address), strings.EqualFold(strings.TrimSpace(h.Get("Action")), "failed")
			r.Status, _, _ = strings.Cut(strings.TrimSpace(h.Get("Status")), " ")
			return
		}
		if err != nil {
			return
		}
	}
}

func header(part io.Reader) (textproto.MIMEHeader, error) {
	h, err := textproto.NewReader(bufio.NewReader(part)).ReadMIMEHeader()
	if errors.Is(err, io.EOF) && len(h) > 0 { // headers alone need no empty line after them
		return h, nil
	}
	return h, err
}
