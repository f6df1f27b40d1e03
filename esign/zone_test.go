package esign_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
)

// TestTheDayIsTheSigners: a date is filled in by the zone of the signer, as the
// signer says, else as the sender says of signer or envelope, else by UTC.
func TestTheDayIsTheSigners(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Clock.Advance(15*time.Hour + 30*time.Minute) // 2026-11-24T03:30Z
	for name, c := range map[string]struct{ envelope, signer, request, day, zone string }{
		"none":             {"", "", "", "2026-11-24", "UTC"},
		"the envelope's":   {"America/Los_Angeles", "", "", "2026-11-23", "America/Los_Angeles"},
		"the signer's":     {"America/Los_Angeles", "Asia/Tokyo", "", "2026-11-24", "Asia/Tokyo"},
		"the signer's own": {"America/Los_Angeles", "Asia/Tokyo", "America/New_York", "2026-11-23", "America/New_York"},
	} {
		env := b.create(func(r *esign.CreateRequest) {
			r.Signers, r.TimeZone = r.Signers[:1], c.envelope
			r.Signers[0].TimeZone = c.signer
		})
		token := b.link(env.ID, "ada@example.com")
		r := typed(token, "Ada Byron", b.read(token))
		r.TimeZone = c.request
		if _, err := b.Sign(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		got := b.get(env.ID)
		day := slices.IndexFunc(got.Fields, func(f esign.Field) bool { return f.Kind == esign.FieldDate })
		if got.Fields[day].Value != c.day {
			t.Errorf("%s: the day is %s, want %s", name, got.Fields[day].Value, c.day)
		}
		for _, e := range b.chain(env.ID) {
			var detail struct {
				Zone string `json:"time_zone"`
			}
			if e.Type == event.EnvelopeSigned && (json.Unmarshal(e.Detail, &detail) != nil || detail.Zone != c.zone) {
				t.Errorf("%s: the event says %s", name, e.Detail)
			}
		}
	}
}

func TestTimeZonesAreReal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, bad := range []string{"Local", "EST5", "America", "America/Nowhere", "../etc/localtime", "/etc/localtime", "UTC+1", " UTC", strings.Repeat("A", 1000)} {
		r := request()
		r.TimeZone, r.Signers[1].TimeZone = bad, bad
		if _, err := b.Create(t.Context(), r); !slices.Equal(invalid(err), []string{"time_zone time_zone", "signers[1].time_zone time_zone"}) {
			t.Errorf("%.20q: got %v", bad, err)
		}
	}
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	r := typed(token, "Ada Byron", b.read(token))
	r.TimeZone = "Mars/Olympus_Mons"
	if _, err := b.Sign(t.Context(), r); !slices.Equal(invalid(err), []string{"time_zone time_zone"}) {
		t.Errorf("got %v", err)
	}
}

// TestADateMustExist: a day that is today nowhere on earth is refused.
func TestADateMustExist(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Clock.Advance(15*time.Hour + 30*time.Minute) // 2026-11-24T03:30Z
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	s := b.read(token)
	day := slices.IndexFunc(s.Fields, func(f esign.Field) bool { return f.Kind == esign.FieldDate })
	for _, bad := range []string{"2026-11-22", "2026-11-25"} {
		r := typed(token, "Ada Byron", s)
		r.Fields = append(r.Fields, esign.FieldValue{FieldID: s.Fields[day].ID, Value: bad})
		if _, err := b.Sign(t.Context(), r); !slices.Equal(invalid(err), []string{"fields[" + s.Fields[day].ID + "] date"}) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

// TestInitialsAreNotTheSignature: initials are as drawn or typed, whatever the
// signature is.
func TestInitialsAreNotTheSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sign := func(png []byte, value string, s esign.Signature) (string, error) {
		t.Helper()
		env := b.create()
		token := b.link(env.ID, "ada@example.com")
		r := typed(token, "Ada Byron", b.read(token))
		own := b.get(env.ID).Fields
		i := slices.IndexFunc(own, func(f esign.Field) bool { return f.Kind == esign.FieldInitials })
		r.Signature = s
		r.Fields = append(r.Fields, esign.FieldValue{FieldID: own[i].ID, Value: value, PNG: png})
		_, err := b.Sign(t.Context(), r)
		return b.get(env.ID).Fields[i].Value, err
	}
	drawn := esign.Signature{Kind: esign.SignatureDrawn, PNG: drawing(300, 100, true)}
	typed := esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"}
	for name, c := range map[string]struct {
		png   []byte
		value string
		of    esign.Signature
		want  string
	}{
		"typed beside a drawing": {nil, "A.B.", drawn, "A.B."},
		"none beside a drawing":  {nil, "", drawn, "AB"},
		"drawn beside a drawing": {drawing(50, 20, true), "", drawn, "drawn"},
		"drawn beside a name":    {drawing(50, 20, true), "", typed, "drawn"},
		"none beside a name":     {nil, "", typed, "AB"},
	} {
		if got, err := sign(c.png, c.value, c.of); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
	if _, err := sign(drawing(50, 20, false), "", typed); len(invalid(err)) != 1 || !strings.HasSuffix(invalid(err)[0], " png") {
		t.Errorf("blank initials: %v", err)
	}
}
