package esign_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
)

// forge makes a link by the specification of its format, with the key of newBench.
func forge(version uint32, signerID string) string {
	b := append([]byte{1, 2}, "k1"...)
	b = binary.BigEndian.AppendUint32(b, version)
	b = append(b, signerID...)
	m := hmac.New(sha256.New, bytes.Repeat([]byte{7}, 32))
	m.Write(append([]byte("evault signing link v1\x00"), b...))
	return base64.RawURLEncoding.EncodeToString(m.Sum(b))
}

func TestLinkFormat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	if got, want := b.link(env.ID, "ada@example.com"), forge(1, env.Signers[0].ID); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestTamperedLinks changes each character of a link, and its spelling.
func TestTamperedLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	if _, err := b.Session(t.Context(), token, client); err != nil {
		t.Fatal(err)
	}
	bad := []string{"", "x", token + "A", token + "=", " " + token, token[1:], token[:len(token)-1], strings.ToUpper(token), strings.Repeat("A", 1<<16)}
	for i := range token {
		for _, c := range []byte{'A', 'B', '_', '!'} {
			if token[i] != c {
				bad = append(bad, token[:i]+string(c)+token[i+1:])
			}
		}
	}
	for _, forged := range bad {
		if _, err := b.Session(t.Context(), forged, client); !errors.Is(err, esign.ErrLink) {
			t.Fatalf("%q: got %v, want ErrLink", forged, err)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		flipped := bytes.Clone(raw)
		flipped[i] ^= 1
		if _, err := b.Session(t.Context(), base64.RawURLEncoding.EncodeToString(flipped), client); !errors.Is(err, esign.ErrLink) {
			t.Errorf("bit of byte %d flipped: got %v, want ErrLink", i, err)
		}
	}
}

func TestLinkKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	old := esign.LinkKey{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}
	other := esign.LinkKey{ID: "k2", Secret: bytes.Repeat([]byte{8}, 32)}
	engine := func(keys ...esign.LinkKey) *esign.Engine {
		e, err := esign.New(esign.Config{Store: b.DB.ESign(), Objects: b.Objects, Sealer: b.sealer, LinkKeys: keys, Env: storage.Env{Now: b.Clock.Now}})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if _, err := engine(other, old).Session(t.Context(), token, client); err != nil {
		t.Errorf("a retired key no longer opens its links: %v", err)
	}
	for name, e := range map[string]*esign.Engine{
		"without the key": engine(other), "key of the same id": engine(esign.LinkKey{ID: "k1", Secret: other.Secret}),
	} {
		if _, err := e.Session(t.Context(), token, client); !errors.Is(err, esign.ErrLink) {
			t.Errorf("%s: got %v, want ErrLink", name, err)
		}
	}
}

// TestLinkIsNowhere: neither database nor events hold a link.
func TestLinkIsNowhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	if n, err := b.NotifyDue(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("told %d, %v", n, err)
	}
	b.sign(token, "Ada Byron")
	mac := token[len(token)-40:]
	for _, e := range b.chain(env.ID) {
		if bytes.Contains(e.Canonical, []byte(mac)) || bytes.Contains(e.Detail, []byte(mac)) {
			t.Errorf("%s holds the link", e.Type)
		}
	}
	if !slices.ContainsFunc(b.inbox.notices, func(n esign.Notice) bool { return strings.HasSuffix(n.URL, token) }) {
		t.Error("the signer was not told the link")
	}
}

func TestLinksBeforeAndAfter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	links := func(id string) ([]esign.SigningLink, error) {
		return b.SigningLinks(t.Context(), esign.LinksRequest{OrgID: org, EnvelopeID: id, Actor: key})
	}
	draft := b.create(func(r *createRequest) { r.Send = false })
	if _, err := links(draft.ID); !errors.Is(err, esign.ErrState) {
		t.Errorf("before sent: got %v, want ErrState", err)
	}
	if _, err := b.SigningLinks(t.Context(), esign.LinksRequest{OrgID: "org_other", EnvelopeID: draft.ID}); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("another organization: got %v, want ErrNotFound", err)
	}
	env := b.create()
	b.complete(env.ID)
	if l, err := links(env.ID); err != nil || l[0].Token == "" || l[1].Token == "" || l[0].Status != esign.SignerSigned {
		t.Errorf("after completion: %+v, %v", l, err)
	}
	for _, s := range b.get(env.ID).Signers {
		if s.LinkDisclosedAt == nil {
			t.Errorf("signer %s: the disclosure left no trace", s.Role)
		}
	}
	c, err := b.Completion(t.Context(), org, env.ID)
	if err != nil || c.Signers[0].LinkDisclosedAt == nil {
		t.Errorf("evidence without the disclosure: %+v, %v", c, err)
	}
}

// TestDeadLinks: what opens nothing, by every verb of a signer.
func TestDeadLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	verbs := func(token string) map[string]error {
		out := map[string]error{}
		_, out["session"] = b.Session(t.Context(), token, client)
		_, out["document"] = b.Engine.Document(t.Context(), token, client)
		_, out["disclosure"] = b.DisclosurePDF(t.Context(), token, nil)
		_, out["consent"] = b.Consent(t.Context(), esign.ConsentRequest{Token: token, DisclosureSHA256: esign.DefaultDisclosure().SHA256()})
		_, out["withdraw"] = b.WithdrawConsent(t.Context(), esign.WithdrawRequest{Token: token})
		_, out["sign"] = b.Sign(t.Context(), esign.SignRequest{Token: token, Signature: esign.Signature{Kind: esign.SignatureTyped, Text: "A"}})
		_, out["decline"] = b.Decline(t.Context(), esign.DeclineRequest{Token: token, Reason: "r"})
		return out
	}
	expect := func(name, token string, want error) {
		t.Helper()
		for verb, err := range verbs(token) {
			if !errors.Is(err, want) {
				t.Errorf("%s, %s: got %v, want %v", name, verb, err, want)
			}
		}
	}
	void := b.create()
	voided := b.link(void.ID, "ada@example.com")
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: void.ID, Actor: key, Reason: "wrong price"}); err != nil {
		t.Fatal(err)
	}
	expect("voided", voided, esign.ErrLinkGone)

	parallel := b.create(func(r *createRequest) { r.SigningOrder = esign.OrderParallel })
	ada, lz := b.link(parallel.ID, "ada@example.com"), b.link(parallel.ID, "lz@example.com")
	if out, err := b.Decline(t.Context(), esign.DeclineRequest{Token: ada, Reason: "no", Client: client}); err != nil || out.EnvelopeStatus != esign.StatusDeclined {
		t.Fatalf("decline: %+v, %v", out, err)
	}
	expect("declined by oneself", ada, esign.ErrLinkGone)
	expect("declined by another", lz, esign.ErrLinkGone)

	waiting := b.create()
	expect("not yet due", forge(1, waiting.Signers[1].ID), esign.ErrNotYourTurn)
	expect("revoked", forge(2, waiting.Signers[0].ID), esign.ErrLinkGone)
	expect("of nobody", forge(1, "sgn_nobody"), esign.ErrLink)
	draft := b.create(func(r *createRequest) { r.Send = false })
	expect("not sent", forge(1, draft.Signers[0].ID), esign.ErrNotYourTurn)

	late := b.create()
	expired := b.link(late.ID, "ada@example.com")
	b.Clock.Advance(30*24*time.Hour - time.Minute)
	if _, err := b.Session(t.Context(), expired, client); err != nil {
		t.Errorf("a minute before the expiry: %v", err)
	}
	b.Clock.Advance(time.Minute)
	expect("expired", expired, esign.ErrLinkGone)
	if got := b.get(late.ID).Status; got != esign.StatusExpired {
		t.Errorf("status %s, want expired at the read", got)
	}
}

// TestCopyAfterCompletion: the link opens the completed document for 30 days
// longer than it could sign.
func TestCopyAfterCompletion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token := b.link(env.ID, "ada@example.com")
	b.complete(env.ID)
	before := len(b.chain(env.ID))
	file, err := b.Engine.Document(t.Context(), token, client)
	if err != nil || file.Name != env.ID+"_copy.pdf" || len(file.Content) == 0 {
		t.Fatalf("got %+v, %v", file, err)
	}
	if c, err := b.Completion(t.Context(), org, env.ID); err != nil || file.SHA256 == c.Object.SHA256 {
		t.Errorf("the signer got the sealed bytes (%v)", err)
	}
	again, err := b.Engine.Document(t.Context(), token, client)
	if err != nil || !bytes.Equal(again.Content, file.Content) {
		t.Errorf("the copy read again has other bytes (%v)", err)
	}
	if got := types(b.chain(env.ID))[before:]; !slices.Equal(got, []string{event.EnvelopeCopyMade}) {
		t.Errorf("got events %v, want that the copy was made, once", got)
	}
	for verb, call := range map[string]func() error{
		"consent": func() error {
			_, err := b.Consent(t.Context(), esign.ConsentRequest{Token: token, DisclosureSHA256: esign.DefaultDisclosure().SHA256()})
			return err
		},
		"decline": func() error {
			_, err := b.Decline(t.Context(), esign.DeclineRequest{Token: token, Reason: "late"})
			return err
		},
	} {
		if err := call(); !errors.Is(err, esign.ErrState) && !errors.Is(err, esign.ErrAlreadySigned) {
			t.Errorf("%s after completion: got %v", verb, err)
		}
	}
	b.Clock.Advance(59 * 24 * time.Hour)
	if _, err := b.Engine.Document(t.Context(), token, client); err != nil {
		t.Errorf("29 days after the expiry: %v", err)
	}
	b.Clock.Advance(2 * 24 * time.Hour)
	if _, err := b.Engine.Document(t.Context(), token, client); !errors.Is(err, esign.ErrLinkGone) {
		t.Errorf("31 days after the expiry: got %v, want ErrLinkGone", err)
	}
}

func TestLinksRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *esign.Config) { c.DisclosedLinks = esign.LinksRefuse })
	env := b.create()
	links, err := b.SigningLinks(t.Context(), esign.LinksRequest{OrgID: org, EnvelopeID: env.ID, Actor: key})
	if !errors.Is(err, esign.ErrLinksRefused) || links != nil {
		t.Errorf("got %v, %v", links, err)
	}
	for _, s := range b.get(env.ID).Signers {
		if s.LinkDisclosedAt != nil {
			t.Errorf("the link of %s is marked as disclosed", s.Email)
		}
	}
	if _, err := b.SigningLinks(t.Context(), esign.LinksRequest{OrgID: "org_other", EnvelopeID: env.ID}); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("another organization: got %v", err)
	}
}
