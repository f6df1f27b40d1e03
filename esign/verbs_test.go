package esign_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
)

// TestForeignAndAbsent: another organization's envelope is answered exactly like
// one that does not exist, by every verb of an organization.
func TestForeignAndAbsent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	completed := b.create()
	b.complete(completed.ID)
	for _, id := range []string{b.create().ID, b.create(func(r *createRequest) { r.Send = false }).ID, completed.ID, "env_absent"} {
		const other = "org_other"
		errs := map[string]error{}
		_, errs["envelope"] = b.Envelope(t.Context(), other, id)
		_, errs["status"] = b.Status(t.Context(), other, id)
		_, errs["completion"] = b.Completion(t.Context(), other, id)
		_, _, errs["events"] = b.Engine.Events(t.Context(), other, id, "", 10)
		_, errs["send"] = b.Send(t.Context(), esign.SendRequest{OrgID: other, EnvelopeID: id})
		_, errs["void"] = b.Void(t.Context(), esign.VoidRequest{OrgID: other, EnvelopeID: id, Reason: "r"})
		_, errs["remind"] = b.Remind(t.Context(), esign.RemindRequest{OrgID: other, EnvelopeID: id})
		_, errs["links"] = b.SigningLinks(t.Context(), esign.LinksRequest{OrgID: other, EnvelopeID: id})
		_, _, errs["upload"] = b.Upload(t.Context(), esign.UploadRequest{OrgID: other, EnvelopeID: id, Document: testpdf.Simple(1, "x")})
		for verb, err := range errs {
			if !errors.Is(err, esign.ErrNotFound) || err.Error() != esign.ErrNotFound.Error() {
				t.Errorf("%s of %s: got %v, want ErrNotFound and nothing more", verb, id, err)
			}
		}
	}
}

func TestVoid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	void := func(id, reason string) (*esign.Envelope, error) {
		return b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: id, Actor: key, Reason: reason})
	}
	env := b.create()
	for reason, rule := range map[string]string{"": "required", " ": "required", strings.Repeat("x", 2001): "max", "a\x00": "text"} {
		if _, err := void(env.ID, reason); !slices.Equal(invalid(err), []string{"reason " + rule}) {
			t.Errorf("reason %.10q: got %v", reason, err)
		}
	}
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: env.ID, Reason: "r", IfMatch: "stale"}); !errors.Is(err, esign.ErrPrecondition) {
		t.Errorf("If-Match: got %v", err)
	}
	voided, err := void(env.ID, "wrong price")
	if err != nil || voided.Status != esign.StatusVoided || voided.VoidReason != "wrong price" {
		t.Fatalf("got %+v, %v", voided, err)
	}
	again, err := void(env.ID, "another reason")
	if err != nil || again.VoidReason != "wrong price" || len(b.chain(env.ID)) != 3 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := b.NotifyDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if len(b.inbox.notices) != 1 || b.inbox.notices[0].Kind != esign.NoticeVoided || b.inbox.notices[0].URL != "" || b.inbox.notices[0].Email != "ada@example.com" {
		t.Errorf("told: %+v", b.inbox.notices)
	}
	for name, id := range map[string]string{
		"draft": b.create(func(r *createRequest) { r.Send = false }).ID, "paper": b.paper().ID,
	} {
		if v, err := void(id, "r"); err != nil || v.Status != esign.StatusVoided || b.get(id).Status != esign.StatusVoided {
			t.Errorf("%s: %v", name, err)
		}
	}
	expired := b.create()
	b.Clock.Advance(31 * 24 * time.Hour)
	if _, err := void(expired.ID, "r"); !errors.Is(err, esign.ErrState) {
		t.Errorf("expired: got %v, want ErrState", err)
	}
}

func TestDecline(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.SigningOrder = esign.OrderParallel })
	token := b.link(env.ID, "ada@example.com")
	if _, err := b.Decline(t.Context(), esign.DeclineRequest{Token: token}); !slices.Equal(invalid(err), []string{"reason required"}) {
		t.Errorf("without a reason: %v", err)
	}
	out, err := b.Decline(t.Context(), esign.DeclineRequest{Token: token, Reason: "price", Client: client})
	if err != nil || out.Status != esign.SignerDeclined || out.EnvelopeStatus != esign.StatusDeclined {
		t.Fatalf("got %+v, %v", out, err)
	}
	got := b.get(env.ID)
	if got.Status != esign.StatusDeclined || got.Signers[0].DeclineReason != "price" || got.Signers[0].DeclinedAt == nil {
		t.Errorf("got %+v", got.Signers[0])
	}
	if _, err := b.NotifyDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if len(b.inbox.notices) != 1 || b.inbox.notices[0].Kind != esign.NoticeDeclined || b.inbox.notices[0].Email != "lz@example.com" {
		t.Errorf("told: %+v", b.inbox.notices)
	}
}

func TestRemind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	remind := func(id, signer, message string) (*esign.Reminders, error) {
		return b.Remind(t.Context(), esign.RemindRequest{OrgID: org, EnvelopeID: id, Actor: key, SignerID: signer, Message: message})
	}
	env := b.create()
	summary := func(r *esign.Reminders) string {
		var s []string
		for _, x := range r.Reminded {
			s = append(s, x.Email+" reminded")
		}
		for _, x := range r.Skipped {
			s = append(s, x.Email+" "+x.Reason)
		}
		return strings.Join(s, ", ")
	}
	for _, c := range []struct{ after, signer, want string }{
		{"0s", "", "ada@example.com reminded, lz@example.com not_your_turn"},
		{"59m", "", "ada@example.com too_soon, lz@example.com not_your_turn"},
		{"2m", env.Signers[0].ID, "ada@example.com reminded"},
		{"0s", env.Signers[1].ID, "lz@example.com not_your_turn"},
	} {
		d, err := time.ParseDuration(c.after)
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Advance(d)
		r, err := remind(env.ID, c.signer, "Please")
		if err != nil || summary(r) != c.want {
			t.Errorf("after %s: got %v, %v, want %s", c.after, r, err, c.want)
		}
	}
	if _, err := remind(env.ID, "sgn_nobody", ""); !errors.Is(err, esign.ErrSignerNotFound) {
		t.Errorf("nobody: got %v", err)
	}
	if _, err := remind(env.ID, "", strings.Repeat("x", 2001)); !slices.Equal(invalid(err), []string{"message max"}) {
		t.Errorf("long message: got %v", err)
	}
	draft := b.create(func(r *createRequest) { r.Send = false })
	if _, err := remind(draft.ID, "", ""); !errors.Is(err, esign.ErrState) {
		t.Errorf("draft: got %v", err)
	}
	b.sign(b.link(env.ID, "ada@example.com"), "Ada Byron")
	if r, err := remind(env.ID, "", ""); err != nil || summary(r) != "lz@example.com reminded, ada@example.com already_signed" {
		t.Errorf("after a signature: %v, %v", r, err)
	}
	if got := types(b.chain(env.ID)); !slices.Contains(got, event.EnvelopeReminded) {
		t.Errorf("no event: %v", got)
	}
}

// TestNotices: each is told once, a failing Notifier again later, and not what is
// no longer true.
func TestNotices(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create(func(r *createRequest) { r.Message = "Please sign" })
	void := b.create()
	if _, err := b.Void(t.Context(), esign.VoidRequest{OrgID: org, EnvelopeID: void.ID, Actor: key, Reason: "r"}); err != nil {
		t.Fatal(err)
	}
	b.inbox.fail = true
	if _, err := b.NotifyDue(t.Context(), 100); err != nil || len(b.inbox.notices) != 0 {
		t.Fatalf("failing: %v, %v", b.inbox.notices, err)
	}
	b.inbox.fail = false
	if n, err := b.NotifyDue(t.Context(), 100); n != 0 || err != nil {
		t.Errorf("before its time: %d, %v", n, err)
	}
	b.Clock.Advance(2 * time.Minute)
	if _, err := b.NotifyDue(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range b.inbox.notices {
		got = append(got, n.EnvelopeID+" "+n.Kind+" "+n.Message)
	}
	slices.Sort(got)
	want := []string{env.ID + " sign Please sign", void.ID + " voided r"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if n, err := b.NotifyDue(t.Context(), 100); n != 0 || err != nil {
		t.Errorf("told twice: %d, %v", n, err)
	}
	b.complete(env.ID)
	if _, err := b.NotifyDue(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	completed := 0
	for _, n := range b.inbox.notices {
		if n.Kind == esign.NoticeCompleted && n.URL != "" {
			completed++
		}
	}
	if completed != 2 {
		t.Errorf("%d were told of the completion, want 2", completed)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var ids []string
	for range 5 {
		ids = append(ids, b.paper().ID)
	}
	slices.Reverse(ids)
	list := func(f esign.Filter, p storage.Page) storage.List[esign.Summary] {
		t.Helper()
		l, err := b.Envelopes(t.Context(), org, f, p)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	var walked []string
	for p := (storage.Page{Limit: 2}); ; {
		l := list(esign.Filter{}, p)
		for _, s := range l.Items {
			walked = append(walked, s.ID)
		}
		if p.Cursor == "" && l.Total != 5 || p.Cursor != "" && l.Total != -1 {
			t.Errorf("total %d", l.Total)
		}
		if p.Cursor = l.Next; p.Cursor == "" {
			break
		}
	}
	if !slices.Equal(walked, ids) {
		t.Errorf("by cursor: got %v, want %v", walked, ids)
	}
	if l := list(esign.Filter{}, storage.Page{Number: 3, Limit: 2}); len(l.Items) != 1 || l.Items[0].ID != ids[4] || l.Next != "" {
		t.Errorf("last page: %+v", l)
	}
	if l := list(esign.Filter{Status: esign.StatusVoided}, storage.Page{}); len(l.Items) != 0 || l.Total != 0 {
		t.Errorf("none: %+v", l)
	}
	for want, c := range map[string]struct {
		f esign.Filter
		p storage.Page
	}{
		"status oneof":        {esign.Filter{Status: "odd"}, storage.Page{}},
		"envelope_kind oneof": {esign.Filter{Kind: "odd"}, storage.Page{}},
		"page min":            {esign.Filter{}, storage.Page{Number: -1}},
		"limit max":           {esign.Filter{}, storage.Page{Limit: 101}},
		"cursor cursor":       {esign.Filter{}, storage.Page{Cursor: "!"}},
	} {
		if _, err := b.Envelopes(t.Context(), org, c.f, c.p); !slices.Equal(invalid(err), []string{want}) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	b.complete(env.ID)
	want := b.chain(env.ID)
	var got []string
	for cursor := ""; ; {
		page, next, err := b.Engine.Events(t.Context(), org, env.ID, cursor, 5)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, types(page)...)
		if cursor = next; cursor == "" {
			break
		}
	}
	if !slices.Equal(got, types(want)) {
		t.Errorf("got %v, want %v", got, types(want))
	}
	for _, bad := range []string{"!", "MA", "LTE"} { // not base64, 0, -1
		if _, _, err := b.Engine.Events(t.Context(), org, env.ID, bad, 5); !slices.Equal(invalid(err), []string{"cursor cursor"}) {
			t.Errorf("cursor %q: got %v", bad, err)
		}
	}
}

// TestETag changes with what a reader can see, an expiry included.
func TestETag(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	seen := map[string]bool{b.get(env.ID).ETag(): true}
	if !seen[env.ETag()] || !seen[b.get(env.ID).ETag()] {
		t.Error("two reads of one state differ")
	}
	token := b.link(env.ID, "ada@example.com")
	for _, step := range []func(){
		func() { b.read(token) },
		func() { b.Clock.Advance(31 * 24 * time.Hour) },
	} {
		step()
		tag := b.get(env.ID).ETag()
		if seen[tag] {
			t.Errorf("%s again after a change", tag)
		}
		seen[tag] = true
	}
}
