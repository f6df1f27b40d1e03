package accept_test

import (
	"bytes"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testsmtp"
)

var signingLink = regexp.MustCompile(`(?m)^http://127\.0\.0\.1:\d+/api/v2/sign/[A-Za-z0-9_-]+$`)

// letter is a mail as its reader sees it.
type letter struct{ to, subject, text, link string }

// letters are the mails that have come, oldest first.
func letters(t *testing.T, s *testsmtp.Server) []letter {
	t.Helper()
	var all []letter
	for _, m := range s.Messages() {
		read, err := netmail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		_, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		first, err := multipart.NewReader(read.Body, params["boundary"]).NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(string(text), "\r\n", "\n")
		all = append(all, letter{m.To, subject, plain, signingLink.FindString(plain)})
	}
	return all
}

// letterTo waits for a mail to somebody with some words in its subject.
func letterTo(t *testing.T, s *testsmtp.Server, to, subject string) letter {
	t.Helper()
	var all []letter
	for range 300 {
		all = letters(t, s)
		for _, l := range all {
			if l.to == to && strings.Contains(l.subject, subject) {
				return l
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no mail to %s with %q in %+v", to, subject, all)
	return letter{}
}

// TestMail: people are invited by mail, sign by the link in it, and the link of the
// mail at the end opens their copy; who has nothing to do any more is told. No link
// is in a log, in the database, beside the documents or in what the sender reads.
func TestMail(t *testing.T) {
	t.Parallel()
	post := testsmtp.Start(t, testsmtp.Options{Answer: func(verb, line string) string {
		if verb == "RCPT" && strings.Contains(line, "nobody@") {
			return "550 5.1.1 <nobody@example.com> is unknown"
		}
		return ""
	}})
	s := start(t, t.TempDir(), "", "-smtp", post.Addr, "-smtp-from", "Demo Signing <sign@demo.example>")
	c := s.client(t, s.APIKey)

	e := envelope(nil)
	e["document"] = document(testpdf.Contract(2))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	invitation := letterTo(t, post, "ada@example.com", "Demo Organization asks you to sign “Truck 42”")
	c.sign(strings.TrimPrefix(invitation.link, s.URL+"/api/v2"), "Ada Byron")
	second := letterTo(t, post, "seller@example.com", "Demo Organization asks you to sign “Truck 42”")
	c.sign(strings.TrimPrefix(second.link, s.URL+"/api/v2"), "Łukasz Żółć").equal("data.envelope_status", "completed")
	for _, to := range []string{"ada@example.com", "seller@example.com"} {
		done := letterTo(t, post, to, "“Truck 42” of Demo Organization is signed by everybody")
		read := c.with("").get(strings.TrimPrefix(done.link, s.URL+"/api/v2") + "/document.pdf").want(http.StatusOK)
		if !bytes.HasPrefix(read.Body, []byte("%PDF-")) {
			t.Errorf("the link to %s opens %.20q", to, read.Body)
		}
		c.with("").get("/verify/"+sum(read.Body)).want(http.StatusOK).equal("data.state", "copy")
	}

	e["envelope_name"], e["signing_order"], e["time_zone"] = "Truck 43", "parallel", "America/Chicago"
	other := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	letterTo(t, post, "ada@example.com", "“Truck 43”")
	c.post("/partner/envelopes/"+other+"/remind", map[string]any{"message": "It is almost due."}).want(http.StatusOK)
	if l := letterTo(t, post, "seller@example.com", "Reminder"); !strings.Contains(l.text, "> It is almost due.") || l.link == "" || !strings.Contains(l.text, "(Chicago time)") {
		t.Errorf("reminder:\n%s", l.text)
	}
	c.post("/partner/envelopes/"+other+"/void", map[string]any{"reason": "The price was wrong."}).want(http.StatusOK)
	if l := letterTo(t, post, "ada@example.com", "withdrew"); !strings.Contains(l.text, "> The price was wrong.") || l.link != "" {
		t.Errorf("withdrawal:\n%s", l.text)
	}

	e["envelope_name"], e["signers"] = "Truck 44", []any{map[string]any{"email": "nobody@example.com", "name": "Ada Byron", "role": "buyer"}}
	lost := c.post("/partner/envelopes", e).want(http.StatusCreated).equal("data.signers.0.undeliverable", nil).str("data.envelope_id")
	c.undeliverable(lost).equal("data.signers.0.undeliverable.status", "5.1.1")
	if feed := c.get("/partner/envelopes/" + lost + "/events").want(http.StatusOK); !bytes.Contains(feed.Body, []byte(`"envelope.undeliverable"`)) {
		t.Errorf("events: %s", feed.Body)
	}

	var told [][]byte
	for _, path := range []string{"/partner/envelopes/" + env, "/partner/envelopes/" + other, "/partner/envelopes/" + lost, "/partner/events"} {
		told = append(told, c.get(path).want(http.StatusOK).Body)
	}
	s.stop(t)
	noLink(t, letters(t, post), append(told, s.log.Bytes(), tree(t, s.dir))...)
}

// undeliverable waits until the first signer of an envelope is known not to be
// reached.
func (c *client) undeliverable(env string) *answer {
	c.t.Helper()
	for range 300 {
		if a := c.get("/partner/envelopes/" + env).want(http.StatusOK); a.try("data.signers.0.undeliverable") != nil {
			return a
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatal("nobody says that the mail was refused")
	return nil
}

// noLink fails where the token of a mail's link is in one of places.
func noLink(t *testing.T, mails []letter, places ...[]byte) {
	t.Helper()
	var tokens []string
	for _, l := range mails {
		if l.link != "" {
			tokens = append(tokens, l.link[strings.LastIndexByte(l.link, '/')+1:])
		}
	}
	slices.Sort(tokens)
	if tokens = slices.Compact(tokens); len(tokens) < 4 {
		t.Fatalf("%d links in %d mails", len(tokens), len(mails))
	}
	for _, token := range tokens {
		for i, place := range places {
			if bytes.Contains(place, []byte(token)) {
				t.Errorf("place %d holds a signing link", i)
			}
		}
	}
}

// tree is every byte of every file under dir.
func tree(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d bytes under %s, %v", len(all), dir, err)
	}
	return all
}
