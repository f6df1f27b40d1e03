package accept_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
)

// These figures are over HTTP against examples/server on SQLite, client and
// server on one machine. Each carries a limit measured in the same run.

// unlimited gives the benchmark a key that no rate limit slows.
func unlimited(b *testing.B, s *server) *client {
	return s.unchecked(b, s.createKey(b, s.OrgID, allScopes, "-rpm", "1000000"))
}

func tenPages() []byte { return testpdf.Sized(10, 1<<20) }

// written is how many files of the given content this disk takes per second:
// create, write, fsync, hash.
func written(b *testing.B, content []byte) float64 {
	b.Helper()
	dir := b.TempDir()
	const n = 50
	begin := time.Now()
	for i := range n {
		f, err := os.Create(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			b.Fatal(err)
		}
		sha256.Sum256(content)
		_, _ = f.Write(content)
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	return n / time.Since(begin).Seconds()
}

func BenchmarkCreate(b *testing.B) {
	s := start(b, b.TempDir(), "")
	c := unlimited(b, s)
	pdf := tenPages()
	limit := written(b, pdf)
	e := envelope(nil)
	b.SetParallelism(4) // 8 clients on 2 cores
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body, ct := form(b, jsonPart(b, "envelope", e), pdfPart("document", pdf))
			if a := c.do(http.MethodPost, "/partner/envelopes", body, ct); a.Status != http.StatusCreated {
				b.Errorf("create: %d %s", a.Status, tail(a.Body, 300))
				return
			}
		}
	})
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "creates/s")
	b.ReportMetric(limit, "limit_fsyncs/s")
	b.ReportMetric(rate/limit, "of_limit")
}

func BenchmarkStatus(b *testing.B) {
	s := start(b, b.TempDir(), "")
	c := unlimited(b, s)
	e := envelope(nil)
	e["document"] = document(testpdf.Contract(2))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	u := c.base + "/partner/envelopes/" + env + "/status"
	poll := func(url string) float64 {
		var n atomic.Int64
		begin := time.Now()
		done := make(chan struct{})
		for range 8 {
			go func() {
				defer func() { done <- struct{}{} }()
				for time.Since(begin) < 2*time.Second {
					req, _ := http.NewRequest(http.MethodGet, url, nil)
					req.Header.Set("X-API-Key", c.key)
					res, err := c.http.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					if res.StatusCode != http.StatusOK {
						b.Errorf("status %d", res.StatusCode)
						return
					}
					n.Add(1)
				}
			}()
		}
		for range 8 {
			<-done
		}
		return float64(n.Load()) / time.Since(begin).Seconds()
	}
	var rate, limit float64
	for b.Loop() {
		rate, limit = poll(u), poll(bareSelect(b, filepath.Join(s.dir, "evault.db"), env))
	}
	b.ReportMetric(rate, "polls/s")
	b.ReportMetric(limit, "limit_selects/s")
	b.ReportMetric(rate/limit, "of_limit")
}

func BenchmarkLastSignature(b *testing.B) {
	s := start(b, b.TempDir(), "")
	c := unlimited(b, s)
	e := envelope(nil)
	e["document"] = map[string]any{"filename": "c.pdf", "content_base64": base64.StdEncoding.EncodeToString(tenPages())}
	var total time.Duration
	for b.Loop() {
		env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
		c.sign(c.link(env, "ada@example.com"), "Ada Byron")
		l := c.link(env, "seller@example.com")
		ses := c.with("").get(l + "/session").want(http.StatusOK)
		c.with("").get(l + "/document.pdf").want(http.StatusOK)
		c.with("").post(l+"/consent", map[string]any{"disclosure_sha256": ses.str("data.consent.disclosure_sha256")}).want(http.StatusOK)
		begin := time.Now()
		c.with("").post(l+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "Seller"}, "fields": []any{}}).want(http.StatusOK).equal("data.envelope_status", "completed")
		total += time.Since(begin)
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N)/1000, "ms/seal")
	b.ReportMetric(1000/written(b, tenPages()), "limit_ms/fsync")
}

func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		s := start(b, b.TempDir(), "")
		c := unlimited(b, s)
		b.ReportMetric(resident(b, s), "idle_MB")
		pdf := tenPages()
		for range 1000 {
			body, ct := form(b, jsonPart(b, "envelope", envelope(nil)), pdfPart("document", pdf))
			c.do(http.MethodPost, "/partner/envelopes", body, ct).want(http.StatusCreated)
		}
		b.ReportMetric(resident(b, s), "after_1000_MB")
	}
}

// resident is the server's resident memory in MB.
func resident(b *testing.B, s *server) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Skip("no /proc on this system")
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	kb, err := strconv.Atoi(strings.Fields(string(rest))[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1000
}

func BenchmarkStartup(b *testing.B) {
	dir := b.TempDir()
	start(b, dir, "").stop(b) // keys and schema are made once
	var total time.Duration
	for b.Loop() {
		begin := time.Now()
		s := start(b, dir, "")
		total += time.Since(begin)
		s.stop(b)
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms/start")
}
