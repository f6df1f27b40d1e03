package accept_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBodiesThatHurt: strangers and a partner send, all at once, what is dear to
// read: bodies of 4 MiB without a token, connections that announce megabytes and
// fall silent, and lists of empty fields. The server's memory stays within
// 256 MiB of what it takes idle, other requests are answered within a second,
// and whatever was sent is answered or cut within 30 s.
func TestBodiesThatHurt(t *testing.T) {
	s := start(t, t.TempDir(), "")
	host := strings.TrimPrefix(s.URL, "http://")
	probe := func() time.Duration {
		began := time.Now()
		if status := s.plain(t, "GET", "/partner/envelopes?limit=1", nil); status != http.StatusOK {
			t.Errorf("another request: got %d", status)
		}
		return time.Since(began)
	}
	probe()
	idle := s.memory(t, "VmRSS")
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Skip("no peak of memory to be read here: ", err)
	}

	fields := func(size int) []byte {
		const element = "{},"
		n := (size - len(`{"fields":[{}]}`)) / len(element)
		return []byte(`{"fields":[` + strings.Repeat(element, n) + `{}]}`)
	}
	const most = 30 * time.Second
	var attack sync.WaitGroup
	began := time.Now()
	send := func(what, path, key string, announced int, sent []byte) {
		attack.Go(func() {
			status, err := sendRaw(host, path, key, announced, sent, most)
			if err != nil {
				t.Errorf("%s: %v", what, err)
			} else if status != 0 && (status < 400 || status == 500) {
				t.Errorf("%s: got %d", what, status)
			}
		})
	}
	for range 20 {
		body := fields(4 << 20)
		send("4 MiB without a token", "/sign/nonsense/sign", "", len(body), body)
	}
	for range 600 {
		send("silence", "/sign/x/consent", "", 4_000_000, bytes.Repeat([]byte(" "), 70_000))
	}
	big := fields(8 << 20)
	send("8 MiB of empty fields", "/partner/envelopes", s.APIKey, len(big), big)
	for range 20 {
		send("silence with a key", "/partner/envelopes", s.APIKey, 26_000_000, bytes.Repeat([]byte(" "), 70_000))
	}
	over := make(chan struct{})
	go func() { attack.Wait(); close(over) }()
	var took []time.Duration
	for done := false; !done; {
		took = append(took, probe())
		select {
		case <-over:
			done = true
		case <-time.After(20 * time.Millisecond):
		}
	}
	lasted := time.Since(began)
	peak := s.memory(t, "VmHWM")
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("idle %d MiB, peak %d MiB; %d other requests, p99 %v, longest %v; all over in %v", idle>>10, peak>>10, len(took), p99, took[len(took)-1], lasted)
	if peak-idle > 256<<10 {
		t.Errorf("memory grew by %d MiB, want at most 256", (peak-idle)>>10)
	}
	if p99 > time.Second {
		t.Errorf("p99 of other requests is %v, want at most 1s", p99)
	}
	if lasted > most+5*time.Second {
		t.Errorf("over after %v", lasted)
	}
}

// sendRaw sends a request whose body may be shorter than announced, and waits for
// an answer (its status) or the end of the connection (0).
func sendRaw(host, path, key string, announced int, body []byte, most time.Duration) (int, error) {
	conn, err := net.DialTimeout("tcp", host, most)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(most)); err != nil {
		return 0, err
	}
	head := fmt.Sprintf("POST /api/v2%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, host, announced)
	if key != "" {
		head += "X-API-Key: " + key + "\r\n"
	}
	answered := make(chan int, 1)
	go func() {
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			answered <- -1
			return
		}
		if err != nil {
			answered <- 0
			return
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
		answered <- resp.StatusCode
	}()
	// Once it has answered, the server may close before all has been written.
	_, _ = conn.Write(append([]byte(head+"\r\n"), body...))
	if status := <-answered; status >= 0 {
		return status, nil
	}
	return 0, fmt.Errorf("neither answered nor cut in %v", most)
}

// plain asks without the validator and returns the status.
func (s *server) plain(t *testing.T, method, path string, body io.Reader) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v2"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", s.APIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// memory reads a figure of /proc/PID/status, in KiB.
func (s *server) memory(t *testing.T, name string) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Skip("no memory to be read here: ", err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s in /proc", name)
	return 0
}
