package esign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// The greatest logo of a sender.
const (
	MaxLogo       = 32 << 10 // bytes
	MaxLogoWidth  = 2000     // pixels
	MaxLogoHeight = 1000     // pixels
)

// Sender describes an organization that asks for signatures. It is shown to
// signers on their pages, in mails and on certificates of completion.
type Sender struct {
	LegalName string
	Contact   Contact
	Logo      []byte // a PNG picture, at most MaxLogo bytes; nil for none
}

// Contact has the ways to reach a sender. Empty fields are omitted.
type Contact struct {
	Email         string // also where answers to mails go
	Phone         string // digits, spaces and + - ( ) . /
	Website       string // an https URL
	PostalAddress string // of one line or more, at most 300 characters
}

// Lines are the contact in the order in which it is shown, the postal address as one line.
func (c Contact) Lines() []string {
	var lines []string
	postal := strings.Join(strings.Fields(strings.ReplaceAll(c.PostalAddress, "\n", ", ")), " ")
	for _, l := range []string{c.Email, c.Phone, c.Website, postal} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

var phoneNumber = regexp.MustCompile(`^[0-9+\-(). /]{3,40}$`)

// Check returns an error for values that pages and mails cannot show.
func (s Sender) Check() error {
	c := s.Contact
	parsed, err := netmail.ParseAddress(c.Email)
	switch {
	case c.Email != "" && (err != nil || parsed.Address != c.Email):
		return errors.New("esign: Sender.Contact.Email must be an e-mail address without a name")
	case c.Phone != "" && !phoneNumber.MatchString(c.Phone):
		return errors.New("esign: Sender.Contact.Phone must be a telephone number")
	case c.Website != "" && !isWebsite(c.Website):
		return errors.New("esign: Sender.Contact.Website must be an https URL")
	case len([]rune(c.PostalAddress)) > 300 || strings.ContainsFunc(c.PostalAddress, oddInAddress):
		return errors.New("esign: Sender.Contact.PostalAddress must be at most 300 characters of text")
	}
	return checkLogo(s.Logo)
}

func isWebsite(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(s) <= 300
}

func oddInAddress(c rune) bool { return unicode.IsControl(c) && c != '\n' }

func checkLogo(logo []byte) error {
	if len(logo) == 0 {
		return nil
	}
	if len(logo) > MaxLogo {
		return fmt.Errorf("esign: Sender.Logo has %d bytes; at most %d", len(logo), MaxLogo)
	}
	picture, err := png.DecodeConfig(bytes.NewReader(logo))
	if err != nil || picture.Width > MaxLogoWidth || picture.Height > MaxLogoHeight {
		return fmt.Errorf("esign: Sender.Logo must be a PNG picture of at most %d × %d pixels", MaxLogoWidth, MaxLogoHeight)
	}
	return nil
}

// Sender returns the description of an organization from Config.Sender. An
// invalid contact or logo is omitted and logged, so that it does not prevent
// signing.
func (e *Engine) Sender(ctx context.Context, orgID string) (Sender, error) {
	if e.cfg.Sender == nil {
		return Sender{}, nil
	}
	s, err := e.cfg.Sender(ctx, orgID)
	if err != nil {
		return Sender{}, fmt.Errorf("sender %s: %w", orgID, err)
	}
	if err := s.Check(); err != nil {
		e.log.ErrorContext(ctx, "esign: the sender's contact and logo are omitted", "org_id", orgID, "error", err)
		return Sender{LegalName: s.LegalName}, nil
	}
	return s, nil
}
