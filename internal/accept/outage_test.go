package accept_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"gocloud.dev/blob/s3blob"

	"github.com/evaultlib/evault/esign/pades/tsa"
	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
)

// wire is a TCP connection to a service that can be cut in several ways.
type wire struct {
	addr string
	to   string

	mu    sync.Mutex
	fault string
	conns []net.Conn
}

// Faults of a wire. In each, connections that were open are treated alike.
const (
	faultDown  = "down"  // connections are closed at once
	faultHang  = "hang"  // nothing comes through, nothing is closed
	faultReset = "reset" // the answer begins and the connection is reset
	faultHalf  = "half"  // the answer ends early, as if all were sent
)

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: l.Addr().String(), to: to}
	t.Cleanup(func() { l.Close(); w.set("") })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

// set makes a fault, "" for none; open connections end with it or hang on.
func (w *wire) set(fault string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
	if fault == faultHang {
		return
	}
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wire) now() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

func (w *wire) keep(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, c)
}

func (w *wire) carry(in net.Conn) {
	defer in.Close()
	w.keep(in)
	if w.now() == faultDown {
		return
	}
	out, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer out.Close()
	w.keep(out)
	go w.pipe(out, in, false)
	w.pipe(in, out, true)
}

// pipe copies bytes, and spoils answers as the fault of the moment says.
func (w *wire) pipe(dst, src net.Conn, answers bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := src.Read(b)
		for w.now() == faultHang {
			time.Sleep(10 * time.Millisecond)
		}
		fault := w.now()
		if fault == faultDown || err != nil {
			return
		}
		if answers && (fault == faultReset || fault == faultHalf) {
			_, _ = dst.Write(b[:n/2])
			if tcp, ok := dst.(*net.TCPConn); ok && fault == faultReset {
				_ = tcp.SetLinger(0)
			}
			dst.Close()
			return
		}
		if _, err := dst.Write(b[:n]); err != nil {
			return
		}
	}
}

// outage is an installation whose database, bucket and time-stamp authority are
// behind wires.
type outage struct {
	client *client
	wires  map[string]*wire
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// patience is what the installation has with its services.
const patience = 3 * time.Second

func newOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{wires: map[string]*wire{}, log: &lockedBuffer{}}
	dsn := postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	host := u.Host
	o.wires["database"] = newWire(t, host)
	db, err := sql.Open("pgx", strings.Replace(dsn, host, o.wires["database"].addr, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })

	o.wires["bucket"] = newWire(t, gateway(t, os.Getenv("EVAULT_S3")))
	store := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + o.wires["bucket"].addr), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("evault", "evault-secret", ""),
	})
	if _, err := store.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("documents")}); err != nil {
		t.Fatal(err)
	}
	bucket, err := s3blob.OpenBucket(t.Context(), store, "documents", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })

	pki, err := testpki.New(testpki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	authority := httptest.NewServer(pki.Timestamper())
	t.Cleanup(authority.Close)
	o.wires["authority"] = newWire(t, authority.Listener.Addr().String())
	stamper, err := tsa.New(tsa.Config{URLs: []string{"http://" + o.wires["authority"].addr}, HTTP: http.DefaultClient, Timeout: patience / 2})
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(o.log, nil))
	v, err := embedded.Open(t.Context(), embedded.Options{
		Dir: t.TempDir(), DB: bun.NewDB(db, pgdialect.New()), Bucket: bucket, BaseURL: "http://sign.test",
		Keys: embedded.Keys{Seal: pki.Seal.Key, SealChain: pki.Seal.Chain, Roots: pki.Roots()}, Timestamper: stamper, Env: storage.Env{Logger: logger},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	o.client = o.serve(t, v, logger)
	return o
}

func (o *outage) serve(t *testing.T, v *embedded.Embedded, logger *slog.Logger) *client {
	t.Helper()
	if _, err := v.Scopes.CreateOrganization(t.Context(), scopes.Organization{ID: "org_a", LegalName: "A", Capacity: scopes.Principal}); err != nil {
		t.Fatal(err)
	}
	_, key, err := v.Scopes.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All(), PerMinute: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	handler, err = httpapi.New(httpapi.Config{
		ESign: v.ESign, Templates: v.Templates, Vault: v.Vault, Approvals: v.Approvals, Pools: v.Pools, Compliance: v.Compliance, Handover: v.Handover, Log: v.Log, Scopes: v.Scopes,
		Idempotency: v.Idempotency, Tickets: v.Tickets, Counters: v.Counters, Outbox: v.Outbox, Leases: v.Leases,
		TokenKeys: v.TokenKeys, EmbedKey: v.EmbedKey, Keeper: v.Keeper, BaseURL: srv.URL, Timeout: patience, Env: storage.Env{Logger: logger},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = v.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return (&server{ready: ready{URL: srv.URL}}).client(t, key)
}

// TestOutages: with database, bucket or time-stamp authority gone in four ways a
// request that needs it is 503 in time, and with the same idempotency key it
// succeeds once the service is back, without a restart.
func TestOutages(t *testing.T) {
	t.Parallel()
	if os.Getenv("EVAULT_POSTGRES") == "" || os.Getenv("EVAULT_S3") == "" {
		t.Skip("EVAULT_POSTGRES and EVAULT_S3 are not set; .ci/run sets them")
	}
	o := newOutage(t)
	n := 0
	for _, service := range []string{"database", "bucket", "authority"} {
		for _, fault := range []string{faultDown, faultHang, faultReset, faultHalf} {
			n++
			t.Run(service+" "+fault, func(t *testing.T) { o.cut(t, service, fault, n) })
		}
	}
	if log := o.log.String(); strings.Contains(log, "panic") {
		t.Errorf("panics:\n%s", log)
	}
}

func (o *outage) cut(t *testing.T, service, fault string, n int) {
	c := o.client.on(t)
	create := envelope(nil)
	create["document"] = document(testpdf.Contract(2 + n))
	completed := c.signed(testpdf.Contract(20+n), nil)
	o.wires[service].set(fault)
	restore := sync.OnceFunc(func() { o.wires[service].set("") })
	defer restore()

	type request struct {
		path string
		body any
		want int
	}
	vaultIn := request{"/partner/envelopes/" + completed + "/vault-in-signed", map[string]any{}, http.StatusCreated}
	requests := []request{{"/partner/envelopes", create, http.StatusCreated}, vaultIn}
	if service == "authority" {
		requests = requests[1:]
	}
	key := func(i int) option { return idempotent(fmt.Sprintf("%s-%s-%d", service, fault, i)) }
	for i, r := range requests {
		begin := time.Now()
		a := c.post(r.path, r.body, key(i))
		if code := a.try("code"); a.Status != http.StatusServiceUnavailable || (code != "unavailable" && code != "timeout" && code != "timestamp_unavailable") {
			t.Errorf("%s: %d %s", r.path, a.Status, tail(a.Body, 300))
		}
		if took := time.Since(begin); took > 3*patience {
			t.Errorf("%s: answered after %v", r.path, took)
		}
	}
	restore()
	for i, r := range requests {
		var a *answer
		for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(200 * time.Millisecond) {
			if a = c.post(r.path, r.body, key(i)); a.Status == r.want || time.Now().After(deadline) {
				break
			}
		}
		if a.want(r.want); r.want == vaultIn.want && a.try("data.compliant") == false {
			t.Errorf("%s: %s", r.path, tail(a.Body, 300))
		}
	}
	if a := c.get("/partner/envelopes/" + completed + "/status").want(http.StatusOK); a.str("data.status") != "vaulted" {
		t.Errorf("%s", a.Body)
	}
}
