// Package testsmtp is an SMTP server for tests (RFC 5321): it keeps what it is
// given, and refuses, stalls or hangs up where a test asks for it.
//
// Stability: for the tests of this module only; it may change with any version.
package testsmtp

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// Message is one that the server took.
type Message struct {
	From, To  string // of the envelope
	User      string // who authenticated
	Encrypted bool
	UTF8      bool // MAIL FROM asked for SMTPUTF8
	Raw       []byte
}

// Options say how the server behaves.
type Options struct {
	TLS      *tls.Config // offered by STARTTLS
	Implicit bool        // TLS from the first byte instead
	UTF8     bool        // offers SMTPUTF8
	Password string      // of user "evault", required with AUTH PLAIN; "" for no authentication
	// Answer replaces the answer to a command, the first word of a line, or to the end
	// of the data, ".": "" leaves it, "hangup" ends the connection without an answer,
	// "stall" never answers, "lost" keeps the data and then ends the connection.
	// It is called once at a time.
	Answer func(verb, line string) string
}

// Server is a server that listens on a loopback port until the test ends.
type Server struct {
	Addr string

	options  Options
	mu       sync.Mutex
	messages []Message
	open     int
}

// Start starts a server.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: l.Addr().String(), options: o}
	done := make(chan struct{})
	var sessions sync.WaitGroup
	t.Cleanup(func() {
		close(done)
		_ = l.Close()
		sessions.Wait()
	})
	sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() {
				gone := make(chan struct{})
				defer close(gone)
				go func() {
					select {
					case <-done:
					case <-gone:
					}
					_ = conn.Close()
				}()
				s.serve(conn, done)
			})
		}
	})
	return s
}

// Messages returns what the server took, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Open returns how many connections there are now.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// session is the state of one connection.
type session struct {
	*Server
	conn net.Conn
	text *textproto.Conn
	now  Message
	done <-chan struct{}
}

func (s *Server) serve(conn net.Conn, done <-chan struct{}) {
	s.count(1)
	defer s.count(-1)
	c := &session{Server: s, conn: conn, done: done}
	if s.options.Implicit {
		c.encrypt()
	}
	c.text = textproto.NewConn(c.conn)
	if !c.answer("CONNECT", "", "220 test ESMTP") {
		return
	}
	for {
		line, err := c.text.ReadLine()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if !c.command(verb, line) {
			return
		}
	}
}

func (s *Server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
}

func (c *session) encrypt() {
	c.conn = tls.Server(c.conn, c.options.TLS)
	c.text = textproto.NewConn(c.conn)
	c.now = Message{Encrypted: true}
}

// answer writes a reply, or what Options.Answer has instead, and reports whether
// the session goes on.
func (c *session) answer(verb, line, reply string) bool {
	return c.reply(c.instead(verb, line, reply))
}

func (c *session) reply(reply string) bool {
	switch reply {
	case "hangup", "lost":
		return false
	case "stall":
		<-c.done
		return false
	}
	return c.text.PrintfLine("%s", reply) == nil
}

func (c *session) instead(verb, line, reply string) string {
	if c.options.Answer != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if other := c.options.Answer(verb, line); other != "" {
			return other
		}
	}
	return reply
}

func (c *session) command(verb, line string) bool {
	switch verb {
	case "EHLO", "HELO":
		return c.answer(verb, line, c.greeting())
	case "STARTTLS":
		if !c.answer(verb, line, "220 go ahead") {
			return false
		}
		c.encrypt()
		return true
	case "AUTH":
		return c.answer(verb, line, c.authenticate(line))
	case "MAIL":
		if c.options.Password != "" && c.now.User == "" {
			return c.answer(verb, line, "530 5.7.0 authenticate first")
		}
		c.now.From, c.now.UTF8 = address(line), strings.Contains(line, "SMTPUTF8")
		return c.answer(verb, line, "250 2.1.0 ok")
	case "RCPT":
		c.now.To = address(line)
		return c.answer(verb, line, "250 2.1.5 ok")
	case "DATA":
		return c.answer(verb, line, "354 go ahead") && c.data()
	case "QUIT":
		c.answer(verb, line, "221 2.0.0 bye")
		return false
	default:
		return c.answer(verb, line, "250 2.0.0 ok")
	}
}

func (c *session) greeting() string {
	offers := []string{"test", "8BITMIME", "ENHANCEDSTATUSCODES"}
	if c.options.TLS != nil && !c.now.Encrypted {
		offers = append(offers, "STARTTLS")
	}
	if c.options.UTF8 {
		offers = append(offers, "SMTPUTF8")
	}
	if c.options.Password != "" {
		offers = append(offers, "AUTH PLAIN")
	}
	for i := range offers {
		offers[i] = "250-" + offers[i]
	}
	offers[len(offers)-1] = strings.Replace(offers[len(offers)-1], "-", " ", 1)
	return strings.Join(offers, "\r\n")
}

func (c *session) authenticate(line string) string {
	fields := strings.Fields(line)
	given, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || string(given) != "\x00evault\x00"+c.options.Password {
		echo := string(bytes.ReplaceAll(given, []byte{0}, []byte{' '})) // as rude as a server can be
		return "535 5.7.8 " + echo + " is refused"
	}
	c.now.User = "evault"
	return "235 2.7.0 ok"
}

// data keeps the message where its end is not answered with a refusal; "lost" is a
// message that is kept and whose answer is lost.
func (c *session) data() bool {
	raw, err := io.ReadAll(c.text.DotReader())
	if err != nil {
		return false
	}
	message := c.now
	message.Raw = raw
	reply := c.instead(".", "", "250 2.0.0 queued")
	if reply == "lost" || strings.HasPrefix(reply, "2") {
		c.mu.Lock()
		c.messages = append(c.messages, message)
		c.mu.Unlock()
	}
	return c.reply(reply)
}

func address(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	found, _, _ := strings.Cut(rest, ">")
	return found
}
