package esign_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// logo is a PNG picture of that size.
func logo(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSenderIsChecked(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]esign.Sender{
		"Contact.Email ":        {Contact: esign.Contact{Email: "Ada <ada@example.com>"}},
		"Contact.Email must":    {Contact: esign.Contact{Email: "ada@example.com\r\nBcc: eve@example.com"}},
		"Contact.Phone":         {Contact: esign.Contact{Phone: "javascript:alert(1)"}},
		"Contact.Website":       {Contact: esign.Contact{Website: "http://example.com"}},
		"Contact.Website must":  {Contact: esign.Contact{Website: "https://user:password@example.com"}},
		"Contact.PostalAddress": {Contact: esign.Contact{PostalAddress: strings.Repeat("x", 301)}},
		"Logo must be a PNG":    {Logo: []byte("<svg onload=alert(1)>")},
		"Logo has":              {Logo: append(logo(t, 10, 10), make([]byte, esign.MaxLogo)...)},
		"1000 pixels":           {Logo: logo(t, 10, 1001)},
	} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	good := esign.Sender{LegalName: "Lakeshore Motors LLC", Logo: logo(t, 200, 80), Contact: esign.Contact{
		Email: "contracts@lakeshore.example", Phone: "+1 (555) 0100", Website: "https://lakeshore.example/help", PostalAddress: "1 Main Street\nMadison, WI 53703",
	}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

// TestSenderIsEvidence: the event of the creation has how signers were told to reach
// the sender, and the digest of the logo; what cannot be shown is left out.
func TestSenderIsEvidence(t *testing.T) {
	t.Parallel()
	sender := esign.Sender{LegalName: "Lakeshore Motors LLC", Logo: logo(t, 20, 20), Contact: esign.Contact{Email: "contracts@lakeshore.example"}}
	var fails error
	b := newBench(t, func(c *esign.Config) {
		c.Sender = func(_ context.Context, orgID string) (esign.Sender, error) {
			if orgID != org {
				t.Errorf("asked for %s", orgID)
			}
			return sender, fails
		}
	})
	created := func() event.EnvelopeCreatedDetail {
		t.Helper()
		detail, ok := event.DetailOf[event.EnvelopeCreatedDetail](b.chain(b.create().ID)[0])
		if !ok {
			t.Fatal("no detail")
		}
		return detail
	}
	if d := created(); d.SenderName != "Lakeshore Motors LLC" || d.SenderContact == nil || d.SenderContact.Email != "contracts@lakeshore.example" || d.SenderLogoSHA256 != storage.Sum(sender.Logo) {
		t.Errorf("got %+v", d)
	}
	b.tell()
	if got := b.inbox.notices[0].Sender; got.LegalName != sender.LegalName || got.Contact != sender.Contact || !bytes.Equal(got.Logo, sender.Logo) {
		t.Errorf("told %+v", got)
	}
	sender.Contact.Phone = "<script>"
	if d := created(); d.SenderName != "Lakeshore Motors LLC" || d.SenderContact != nil || d.SenderLogoSHA256 != "" {
		t.Errorf("got %+v", d)
	}
	fails = errors.New("directory is down")
	if _, err := b.Sender(t.Context(), org); !errors.Is(err, fails) {
		t.Errorf("got %v", err)
	}
}
