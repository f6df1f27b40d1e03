package esign_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/sqlstore"
)

func TestSignNeedsReadAndConsent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	s, err := b.Session(t.Context(), token, client)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.get(env.ID); got.Status != esign.StatusSent || got.Signers[0].ViewedAt != nil {
		t.Errorf("a session is a read: %s", got.Status)
	}
	r := typed(token, "Ada Byron", s)
	sign := func(want error) {
		t.Helper()
		if _, err := b.Sign(t.Context(), r); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	consent := func(sha storage.Digest) error {
		_, err := b.Consent(t.Context(), esign.ConsentRequest{Token: token, DisclosureSHA256: sha, Client: client})
		return err
	}
	sign(esign.ErrNotViewed)
	for _, wrong := range []storage.Digest{"", storage.Sum(nil), "x"} {
		if got := invalid(consent(wrong)); !slices.Equal(got, []string{"disclosure_sha256 disclosure"}) {
			t.Errorf("consent to %q: got %v", wrong, got)
		}
	}
	if err := consent(s.DisclosureSHA256); err != nil {
		t.Fatal(err)
	}
	sign(esign.ErrNotViewed)
	if _, err := b.Engine.Document(t.Context(), token, client); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WithdrawConsent(t.Context(), esign.WithdrawRequest{Token: token, Reason: "paper please"}); err != nil {
		t.Fatal(err)
	}
	sign(esign.ErrConsentRequired)
	if _, err := b.WithdrawConsent(t.Context(), esign.WithdrawRequest{Token: token}); !errors.Is(err, esign.ErrConsentRequired) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if got := b.get(env.ID).Status; got != esign.StatusViewed {
		t.Errorf("status %s: a withdrawal voids nothing", got)
	}
	for range 2 { // the second changes nothing
		if err := consent(s.DisclosureSHA256); err != nil {
			t.Fatal(err)
		}
	}
	sign(nil)
	if err := consent(s.DisclosureSHA256); !errors.Is(err, esign.ErrAlreadySigned) {
		t.Errorf("consent after the signature: %v", err)
	}
	if _, err := b.Decline(t.Context(), esign.DeclineRequest{Token: token, Reason: "late"}); !errors.Is(err, esign.ErrAlreadySigned) {
		t.Errorf("decline after the signature: %v", err)
	}
	if out, err := b.WithdrawConsent(t.Context(), esign.WithdrawRequest{Token: token}); err != nil || out.Status != esign.SignerSigned {
		t.Errorf("withdrawal after the signature: %+v, %v", out, err)
	}
	want := []string{
		"envelope.created", "envelope.sent", "envelope.links_disclosed", "envelope.consented", "envelope.copy_made",
		"envelope.viewed", "envelope.consent_withdrawn", "envelope.consented", "envelope.signed", "envelope.consent_withdrawn",
	}
	if got := types(b.chain(env.ID)); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	s := b.read(token)
	field := func(kind string) string {
		i := slices.IndexFunc(s.Fields, func(f esign.Field) bool { return f.Kind == kind })
		return s.Fields[i].ID
	}
	set := func(r *esign.SignRequest, kind, value string) {
		id := field(kind)
		r.Fields = slices.DeleteFunc(r.Fields, func(v esign.FieldValue) bool { return v.FieldID == id })
		r.Fields = append(r.Fields, esign.FieldValue{FieldID: id, Value: value})
	}
	at := func(kind, rule string) string { return "fields[" + field(kind) + "] " + rule }
	seller := b.get(env.ID).Fields
	foreign := seller[len(seller)-1].ID
	for _, tt := range []struct {
		name   string
		change func(*esign.SignRequest)
		want   string
	}{
		{"no kind", func(r *esign.SignRequest) { r.Signature.Kind = "" }, "signature.kind oneof"},
		{"unknown kind", func(r *esign.SignRequest) { r.Signature.Kind = "stamped" }, "signature.kind oneof"},
		{"nothing typed", func(r *esign.SignRequest) { r.Signature.Text = "" }, "signature.text required"},
		{"blank", func(r *esign.SignRequest) { r.Signature.Text = " " }, "signature.text required"},
		{"two lines", func(r *esign.SignRequest) { r.Signature.Text = "a\nb" }, "signature.text text"},
		{"long", func(r *esign.SignRequest) { r.Signature.Text = strings.Repeat("a", 201) }, "signature.text max"},
		{"no glyph", func(r *esign.SignRequest) { r.Signature.Text = "Ada 山" }, "signature.text glyph_missing"},
		{"nothing drawn", func(r *esign.SignRequest) { r.Signature = esign.Signature{Kind: esign.SignatureDrawn} }, "signature.png_base64 required"},
		{"drawn with text", func(r *esign.SignRequest) {
			r.Signature.Kind, r.Signature.PNG = esign.SignatureDrawn, drawing(9, 9, true)
		}, "signature.text drawn"},
		{"no PNG", func(r *esign.SignRequest) {
			r.Signature = esign.Signature{Kind: esign.SignatureDrawn, PNG: []byte("GIF89a")}
		}, "signature.png_base64 png"},
		{"blank PNG", func(r *esign.SignRequest) {
			r.Signature = esign.Signature{Kind: esign.SignatureDrawn, PNG: drawing(9, 9, false)}
		}, "signature.png_base64 png"},
		{"wide PNG", func(r *esign.SignRequest) {
			r.Signature = esign.Signature{Kind: esign.SignatureDrawn, PNG: drawing(2001, 9, true)}
		}, "signature.png_base64 png"},
		{"bomb", func(r *esign.SignRequest) {
			r.Signature = esign.Signature{Kind: esign.SignatureDrawn, PNG: bomb(1<<20, 1<<20)}
		}, "signature.png_base64 png"},
		{"truncated PNG", func(r *esign.SignRequest) {
			p := drawing(99, 99, true)
			r.Signature = esign.Signature{Kind: esign.SignatureDrawn, PNG: p[:len(p)/2]}
		}, "signature.png_base64 png"},
		{"large PNG", func(r *esign.SignRequest) {
			r.Signature = esign.Signature{Kind: esign.SignatureDrawn, PNG: append(drawing(9, 9, true), make([]byte, 512<<10)...)}
		}, "signature.png_base64 png"},
		{"bad PNG beside the text", func(r *esign.SignRequest) { r.Signature.PNG = []byte("x") }, "signature.png_base64 png"},
		{"required text missing", func(r *esign.SignRequest) { set(r, esign.FieldText, " ") }, at(esign.FieldText, "required")},
		{"text of two lines", func(r *esign.SignRequest) { set(r, esign.FieldText, "a\nb") }, at(esign.FieldText, "text")},
		{"long text", func(r *esign.SignRequest) { set(r, esign.FieldText, strings.Repeat("a", 501)) }, at(esign.FieldText, "text")},
		{"text without a glyph", func(r *esign.SignRequest) { set(r, esign.FieldText, "山") }, at(esign.FieldText, "glyph_missing")},
		{"initials without a glyph", func(r *esign.SignRequest) { set(r, esign.FieldInitials, "山") }, at(esign.FieldInitials, "glyph_missing")},
		{"checkbox", func(r *esign.SignRequest) { set(r, esign.FieldCheckbox, "yes") }, at(esign.FieldCheckbox, "oneof")},
		{"date", func(r *esign.SignRequest) { set(r, esign.FieldDate, "yesterday") }, at(esign.FieldDate, "date")},
		{"date long ago", func(r *esign.SignRequest) { set(r, esign.FieldDate, "2026-11-21") }, at(esign.FieldDate, "date")},
		{"date to come", func(r *esign.SignRequest) { set(r, esign.FieldDate, "2026-11-25") }, at(esign.FieldDate, "date")},
		{"another signer's field", func(r *esign.SignRequest) {
			r.Fields = append(r.Fields, esign.FieldValue{FieldID: foreign, Value: "x"})
		}, "fields[2].field_id field"},
		{"no field", func(r *esign.SignRequest) { r.Fields = append(r.Fields, esign.FieldValue{FieldID: "fld_ü"}) }, "fields[2].field_id field"},
		{"a field twice", func(r *esign.SignRequest) { r.Fields = append(r.Fields, r.Fields[0]) }, "fields[2].field_id unique"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := typed(token, "Ada Byron", s)
			r.Fields = slices.Clone(r.Fields)
			tt.change(&r)
			_, err := b.Sign(t.Context(), r)
			if got := invalid(err); !slices.Contains(got, tt.want) {
				t.Errorf("got %v (%v), want %q", got, err, tt.want)
			}
			if tt.name == "no glyph" && !strings.Contains(err.Error(), "山") {
				t.Errorf("the error does not name the character: %v", err)
			}
		})
	}
	if got := b.get(env.ID); len(got.Parts) != 1 || got.SignersSigned != 0 {
		t.Errorf("a refused signature left a part")
	}
}

// bomb is the head of a PNG that claims w × h pixels.
func bomb(w, h uint32) []byte {
	ihdr := []byte("IHDR")
	for _, v := range []uint32{w, h} {
		ihdr = append(ihdr, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	ihdr = append(ihdr, 8, 6, 0, 0, 0)
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	b.Write(ihdr)
	sum := crc32.ChecksumIEEE(ihdr)
	b.Write([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return b.Bytes()
}

// TestSignatures signs in every way that is accepted.
func TestSignatures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		signature esign.Signature
		values    map[string]string // kind → value to give
		want      map[string]string // kind → value kept
	}{
		{
			"typed",
			esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"},
			map[string]string{esign.FieldText: " VIN 1 ", esign.FieldCheckbox: "false", esign.FieldDate: "2026-11-24"},
			map[string]string{esign.FieldSignature: "Ada Byron", esign.FieldInitials: "AB", esign.FieldText: "VIN 1", esign.FieldCheckbox: "", esign.FieldDate: "2026-11-24"},
		},
		{
			"own initials",
			esign.Signature{Kind: esign.SignatureTyped, Text: "Ada Byron"},
			map[string]string{esign.FieldText: "x", esign.FieldInitials: "A.K.B.", esign.FieldCheckbox: "true"},
			map[string]string{esign.FieldInitials: "A.K.B.", esign.FieldCheckbox: "true", esign.FieldDate: "2026-11-23"},
		},
		{
			"drawn",
			esign.Signature{Kind: esign.SignatureDrawn, PNG: drawing(300, 90, true)},
			map[string]string{esign.FieldText: "x"},
			map[string]string{esign.FieldSignature: esign.SignatureDrawn, esign.FieldInitials: "AB"},
		},
		{
			"typed, with a picture of what no font here draws",
			esign.Signature{Kind: esign.SignatureTyped, Text: "山田", PNG: drawing(300, 90, true)},
			map[string]string{esign.FieldText: "x"},
			map[string]string{esign.FieldSignature: esign.SignatureTyped},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			env := b.create()
			token := b.link(env.ID, "ada@example.com")
			r := esign.SignRequest{Token: token, Signature: tt.signature, Client: client}
			for _, f := range b.read(token).Fields {
				if v, ok := tt.values[f.Kind]; ok {
					r.Fields = append(r.Fields, esign.FieldValue{FieldID: f.ID, Value: v})
				}
			}
			if _, err := b.Sign(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			s, err := b.Session(t.Context(), token, client)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range s.Fields {
				if want, ok := tt.want[f.Kind]; ok && f.Value != want {
					t.Errorf("%s is %q, want %q", f.Kind, f.Value, want)
				}
			}
			if got := b.get(env.ID); got.Signers[0].SignatureKind != tt.signature.Kind || got.Signers[0].Address != client.Addr {
				t.Errorf("signer %+v", got.Signers[0])
			}
		})
	}
}

// TestParallelSigners: all sign at once; each part follows the last, and the
// document is sealed once.
func TestParallelSigners(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		b := benchOn(t, db)
		const n = 6
		env := b.create(func(r *createRequest) {
			r.SigningOrder, r.Signers, r.Fields = esign.OrderParallel, nil, nil
			for i := range n {
				r.Signers = append(r.Signers, esign.SignerSpec{Email: fmt.Sprintf("s%d@example.com", i), Name: fmt.Sprintf("Signer %d", i)})
			}
		})
		var requests []esign.SignRequest
		for i := range n {
			token := b.link(env.ID, fmt.Sprintf("s%d@example.com", i))
			requests = append(requests, typed(token, fmt.Sprintf("Signer %d", i), b.read(token)))
		}
		var wg sync.WaitGroup
		for _, r := range requests {
			for range 2 { // a client that repeats
				wg.Go(func() {
					if _, err := b.Sign(t.Context(), r); err != nil {
						t.Errorf("sign: %v", err)
					}
				})
			}
		}
		wg.Wait()
		done := b.get(env.ID)
		if done.Status != esign.StatusCompleted || done.SignersSigned != n || len(done.Parts) != n+1 {
			t.Fatalf("%s, %d signed, %d parts", done.Status, done.SignersSigned, len(done.Parts))
		}
		events := b.chain(env.ID)
		signed, completed := 0, 0
		for _, e := range events {
			switch e.Type {
			case event.EnvelopeSigned:
				signed++
			case event.EnvelopeCompleted:
				completed++
			}
		}
		if signed != n || completed != 1 {
			t.Errorf("%d signed and %d completed events, want %d and 1", signed, completed, n)
		}
		c, err := b.Completion(t.Context(), org, env.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.prefixes(c, mustRead(t, b, c), request().Document)
	})
}

// TestSequence: equal orders sign in parallel, higher ones wait for all of them.
func TestSequence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) {
		r.SigningOrder, r.Fields = "", nil
		r.Signers = []esign.SignerSpec{
			{Email: "c@example.com", Name: "C", Order: 2}, {Email: "a@example.com", Name: "A", Order: 1}, {Email: "b@example.com", Name: "B", Order: 1},
		}
	})
	if env.SigningOrder != esign.OrderSequential {
		t.Errorf("order %s, want sequential where signers have orders", env.SigningOrder)
	}
	statuses := func() string {
		var s []string
		for _, sg := range b.get(env.ID).Signers {
			s = append(s, sg.Name+":"+string(sg.Status))
		}
		return strings.Join(s, " ")
	}
	if got := statuses(); got != "A:notified B:notified C:waiting" {
		t.Errorf("sent: %s", got)
	}
	b.sign(b.link(env.ID, "b@example.com"), "B")
	if got := statuses(); got != "A:notified B:signed C:waiting" {
		t.Errorf("B signed: %s", got)
	}
	b.sign(b.link(env.ID, "a@example.com"), "A")
	if got := statuses(); got != "A:signed B:signed C:notified" {
		t.Errorf("A signed: %s", got)
	}
	if out := b.sign(b.link(env.ID, "c@example.com"), "C"); out.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("C signed: %+v", out)
	}
	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil || c.Signers[0].Name != "B" || c.Signers[2].Name != "C" {
		t.Errorf("not in the order of signing: %+v, %v", c, err)
	}
}

// TestReadsAreKept: what was shown last counts, and the same read twice is one event.
func TestReadsAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.SigningOrder = esign.OrderParallel })
	ada, lz := b.link(env.ID, "ada@example.com"), b.link(env.ID, "lz@example.com")
	for range 2 {
		b.read(ada)
	}
	if got := len(b.chain(env.ID)); got != 6 { // created, sent, links, copy made, viewed, consented
		t.Errorf("%d events: %v", got, types(b.chain(env.ID)))
	}
	b.sign(lz, "Łukasz Żółć")
	env = b.get(env.ID)
	if env.Signers[0].PresentedSHA256 != env.Parts[0].SHA256 {
		t.Error("what Ada read changed when another signed")
	}
	first := *env.Signers[0].ViewedAt
	b.read(ada)
	env = b.get(env.ID)
	if env.Signers[0].PresentedSHA256 != env.Parts[1].SHA256 || !env.Signers[0].ViewedAt.Equal(first) {
		t.Error("a later read of a grown document was not kept")
	}
}

// TestExpiryAndSignature: a signature after the expiry is refused though no job
// has recorded it.
func TestExpiryAndSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.ExpiresInDays = 1 })
	token := b.link(env.ID, "ada@example.com")
	r := typed(token, "Ada Byron", b.read(token))
	b.Clock.Advance(24 * time.Hour)
	if _, err := b.Sign(t.Context(), r); !errors.Is(err, esign.ErrLinkGone) {
		t.Errorf("got %v, want ErrLinkGone", err)
	}
	for want := 1; want >= 0; want-- {
		if n, err := b.ExpireDue(t.Context(), 10); n != want || err != nil {
			t.Errorf("recorded %d, %v, want %d", n, err, want)
		}
	}
	events := b.chain(env.ID)
	if last := events[len(events)-1]; last.Type != event.EnvelopeExpired || last.Actor.Kind != "system" {
		t.Errorf("last event %+v", last)
	}
}
