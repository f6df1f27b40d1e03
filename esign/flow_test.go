package esign_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/storage"
)

// TestMainJob follows one contract from create to its Completion.
func TestMainJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	original := request().Document
	env := b.create()
	if env.Status != esign.StatusSent || env.SentAt == nil || env.Document.Object.SHA256 != storage.Sum(original) || env.Document.Pages != 3 {
		t.Fatalf("created: %+v", env.Summary)
	}
	if got := []esign.SignerStatus{env.Signers[0].Status, env.Signers[1].Status}; !slices.Equal(got, []esign.SignerStatus{"notified", "waiting"}) {
		t.Errorf("signers are %v", got)
	}
	if want := env.SentAt.AddDate(0, 0, 30); !env.ExpiresAt.Equal(want) {
		t.Errorf("expires %v, want %v", env.ExpiresAt, want)
	}

	ada := b.link(env.ID, "ada@example.com")
	if b.link(env.ID, "lz@example.com") != "" {
		t.Error("a link for a signer whose turn has not come")
	}
	first := b.sign(ada, "Ada Byron")
	if first.Status != esign.SignerSigned || first.EnvelopeStatus != esign.StatusViewed {
		t.Errorf("first signature: %+v", first)
	}
	last := b.sign(b.link(env.ID, "lz@example.com"), "Łukasz Żółć")
	if last.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("last signature: %+v", last)
	}

	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := b.Objects.Read(t.Context(), c.Object)
	if err != nil {
		t.Fatal(err)
	}
	b.prefixes(c, whole, original)
	report, err := pades.Verify(t.Context(), whole, pades.Options{Roots: b.PKI.Roots(), Now: start})
	if err != nil || !report.OK() || len(report.Signatures) != 1 || report.Signatures[0].Coverage != pades.CoverageWholeFile {
		t.Errorf("seal: %+v, %v", report, err)
	}
	if c.Level != "B-B" || c.Kind != esign.KindESign || c.Sealing.Mode != esign.SealingEmbedded || c.DocumentSHA256 != storage.Sum(original) {
		t.Errorf("completion: %+v", c)
	}

	events := b.chain(env.ID)
	want := []string{
		"envelope.created", "envelope.sent", "envelope.links_disclosed",
		"envelope.copy_made", "envelope.viewed", "envelope.consented", "envelope.signed", "envelope.links_disclosed",
		"envelope.copy_made", "envelope.viewed", "envelope.consented", "envelope.signed", "envelope.completed",
	}
	if d := cmp.Diff(want, types(events)); d != "" {
		t.Error(d)
	}
	if head := events[len(events)-1]; c.ChainHead.Hash != head.Hash || c.ChainHead.Seq != head.Seq || !c.CompletedAt.Equal(head.RecordedAt) {
		t.Errorf("chain head %+v, want %+v", c.ChainHead, head)
	}
	b.noPersonalData(events)
}

// prefixes sees that nothing that anyone was shown was rewritten.
func (b *bench) prefixes(c *esign.Completion, whole, original []byte) {
	b.T.Helper()
	if !bytes.HasPrefix(whole, original) {
		b.T.Error("the document as handed in is no prefix of the completion")
	}
	if len(c.PresentedSHA256) != len(c.Signers) || len(c.Signers) == 0 {
		b.T.Fatalf("%d digests for %d signers", len(c.PresentedSHA256), len(c.Signers))
	}
	env := b.get(c.EnvelopeID)
	sizes := map[storage.Digest]int64{}
	for _, p := range env.Parts {
		sizes[p.SHA256] = p.Size
	}
	for i, presented := range c.PresentedSHA256 {
		n, ok := sizes[presented]
		if !ok || storage.Sum(whole[:n]) != presented || c.Signers[i].PresentedSHA256 != presented {
			b.T.Errorf("what signer %d was shown is no prefix of the completion", i)
		}
	}
}

// noPersonalData searches what can never be erased.
func (b *bench) noPersonalData(events []esign.Event) {
	b.T.Helper()
	for _, e := range events {
		for _, personal := range []string{"Ada", "example.com", "192.0.2", "test/1", "Łukasz", "1FTFW", "buyer", "contract.pdf", "Truck"} {
			if strings.Contains(string(e.Canonical), personal) {
				b.T.Errorf("%s holds %q outside of its detail: %s", e.Type, personal, e.Canonical)
			}
		}
	}
}

func TestSignedEvent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.complete(env.ID)
	env = b.get(env.ID)
	for _, e := range b.chain(env.ID) {
		if e.Type != event.EnvelopeSigned {
			continue
		}
		var data struct {
			SignerID  string         `json:"signer_id"`
			Presented storage.Digest `json:"presented_sha256"`
			Document  storage.Digest `json:"document_sha256"`
			Disclosed bool           `json:"link_disclosed"`
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(env.Parts, func(p esign.Part) bool { return p.SignerID == data.SignerID })
		if i < 1 || data.Presented != env.Parts[i-1].SHA256 || data.Document != env.Parts[i].SHA256 || !data.Disclosed {
			t.Errorf("signed event %s for part %d", e.Data, i)
		}
		if e.Actor != (esign.Actor{Kind: "signer", ID: data.SignerID}) {
			t.Errorf("actor %+v", e.Actor)
		}
	}
}

// TestLostSeal: the sealer fails once after the last signature. That the
// document is signed is durable, and the seal is made later.
func TestLostSeal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	token := b.link(env.ID, "lz@example.com")
	r := typed(token, "Łukasz Żółć", b.read(token))
	b.sealer.fail = []error{pades.ErrTimestampUnavailable, errors.New("no power"), pades.ErrCertificateInvalid}
	var told []esign.Status
	r.Also = func(_ context.Context, _ storage.Tx, out *esign.SignerResult) error {
		told = append(told, out.EnvelopeStatus)
		return nil
	}
	out, err := b.Sign(t.Context(), r)
	if err != nil || out.EnvelopeStatus != esign.StatusSigned || out.Status != esign.SignerSigned {
		t.Fatalf("got %+v, %v, want signed", out, err)
	}
	env = b.get(env.ID)
	if env.Status != esign.StatusSigned || env.SealingError != esign.SealingTimestamp || env.SealAfter == nil {
		t.Errorf("got %s, %q", env.Status, env.SealingError)
	}
	if _, err := b.Completion(t.Context(), org, env.ID); !errors.Is(err, esign.ErrState) {
		t.Errorf("completion of what is not sealed: %v", err)
	}
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Actor: key, Reason: "r"}); !errors.Is(err, esign.ErrAlreadySigned) {
		t.Errorf("void: got %v, want ErrAlreadySigned", err)
	}
	if n, err := b.SealDue(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("before its time: sealed %d, %v", n, err)
	}
	b.Clock.Advance(time.Minute)
	if n, err := b.SealDue(t.Context(), 10); n != 0 || err != nil || b.get(env.ID).SealingError != esign.SealingFailed {
		t.Errorf("second failure: sealed %d, %v", n, err)
	}
	if _, err := b.Seal(t.Context(), env.ID); !errors.Is(err, esign.ErrSealWaits) || !strings.Contains(err.Error(), esign.SealingCertificate) {
		t.Errorf("third failure: got %v, want ErrSealWaits and why", err)
	}
	b.Clock.Advance(time.Hour)
	if n, err := b.SealDue(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("sealed %d, %v", n, err)
	}
	env = b.get(env.ID)
	if env.Status != esign.StatusCompleted || env.SealingError != "" {
		t.Errorf("got %s, %q", env.Status, env.SealingError)
	}
	again, err := b.Sign(t.Context(), r)
	if err != nil || again.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("the same request again: %+v, %v", again, err)
	}
	if !slices.Equal(told, []esign.Status{esign.StatusSigned, esign.StatusCompleted}) {
		t.Errorf("Also was told %v", told)
	}
	first, err1 := b.Seal(t.Context(), env.ID)
	second, err2 := b.Completion(t.Context(), org, env.ID)
	if err1 != nil || err2 != nil || cmp.Diff(first, second) != "" {
		t.Errorf("a second seal differs: %v, %v, %s", err1, err2, cmp.Diff(first, second))
	}
}

// TestTimestamp: with a time-stamp authority nothing is sealed below B-T.
func TestTimestamp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sealer, err := pades.New(pades.Config{Signer: b.PKI.Seal.Key, Chain: b.PKI.Seal.Chain, Timestamper: b.PKI.Timestamper(), Now: b.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	b.sealer.Sealer = sealer
	env := b.create()
	b.complete(env.ID)
	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil || c.Level != pades.LevelBT || !strings.Contains(c.TimeSource, "CN=") {
		t.Fatalf("got %+v, %v", c, err)
	}
	report, err := pades.Verify(t.Context(), mustRead(t, b, c), pades.Options{Roots: b.PKI.Roots(), Now: start})
	if err != nil || !report.OK() || report.Signatures[0].TimestampTime == nil {
		t.Errorf("got %+v, %v", report, err)
	}
}

// TestCrashBetweenSignedAndSealed: the process dies after the last signature is
// committed; another one seals.
func TestCrashBetweenSignedAndSealed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	token := b.link(env.ID, "lz@example.com")
	r := typed(token, "Łukasz Żółć", b.read(token))
	died := errors.New("died")
	b.sealer.fail = []error{nil, nil, nil}
	r.Also = func(context.Context, storage.Tx, *esign.SignerResult) error { return died }
	if _, err := b.Sign(t.Context(), r); !errors.Is(err, died) {
		t.Fatalf("got %v", err)
	}
	if got := b.get(env.ID); got.Status != esign.StatusSigned || got.Sealed != nil {
		t.Fatalf("got %s, want signed", got.Status)
	}
	if n, err := b.SealDue(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("sealed %d, %v", n, err)
	}
	r.Also = nil
	if out, err := b.Sign(t.Context(), r); err != nil || out.EnvelopeStatus != esign.StatusCompleted {
		t.Errorf("repeat after the crash: %+v, %v", out, err)
	}
	other := r
	other.Signature.Text = "Another"
	if _, err := b.Sign(t.Context(), other); !errors.Is(err, esign.ErrAlreadySigned) {
		t.Errorf("another signature: got %v, want ErrAlreadySigned", err)
	}
}

func TestCertificateIsTheSealers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.complete(env.ID)
	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := b.Objects.Read(t.Context(), c.Object)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(request().Document)/2] ^= 1
	report, err := pades.Verify(t.Context(), whole, pades.Options{Roots: b.PKI.Roots(), Now: start})
	if err == nil && report.OK() {
		t.Error("an altered completion verifies")
	}
	if report, err := pades.Verify(t.Context(), mustRead(t, b, c), pades.Options{Roots: x509.NewCertPool(), Now: start}); err != nil || report.OK() {
		t.Errorf("trusted without roots: %v, %v", report, err)
	}
}

func mustRead(t testing.TB, b *bench, c *esign.Completion) []byte {
	t.Helper()
	raw, err := b.Objects.Read(t.Context(), c.Object)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
