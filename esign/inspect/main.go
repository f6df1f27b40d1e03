package inspect

import (
	"context"
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/pdf"
)

// Main must be the first statement of the host's main function, and of TestMain in tests that use this package. In the
// host's process it returns at once. In a child it never returns: it confines itself, examines the files that its parent
// sends, and exits.
func Main() { mainWith(examine) }

// maxStack is far above what the parser needs at its deepest, and far below Config.Memory.
const maxStack = 16 << 20

// examiner does the work that a child is for.
type examiner func(ctx context.Context, raw []byte, l esign.Limits, roots *x509.CertPool) (*esign.Inspection, error)

func examine(ctx context.Context, raw []byte, l esign.Limits, roots *x509.CertPool) (*esign.Inspection, error) {
	return esign.InProcess(l, roots).Inspect(ctx, raw)
}

func mainWith(fn examiner) {
	called.Store(true)
	token := os.Getenv(marker)
	if token == "" {
		return
	}
	if fi, err := os.Stdin.Stat(); err != nil || fi.Mode()&os.ModeNamedPipe == 0 {
		return
	}
	renounce()
	os.Exit(serve(os.Stdin, os.Stdout, token, fn))
}

// serve is a child's life. Its result is the exit status.
func serve(in io.Reader, out io.Writer, token string, fn examiner) int {
	os.Clearenv()
	var h hello
	if err := readJSON(in, maxHello, &h); err != nil || subtle.ConstantTimeCompare([]byte(h.Token), []byte(token)) != 1 {
		return exitProtocol
	}
	var roots *x509.CertPool // nil when there are none: then nobody is called untrusted
	for _, der := range h.Roots {
		if roots == nil {
			roots = x509.NewCertPool()
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return exitProtocol
		}
		roots.AddCert(c)
	}
	idle, mapped := memory()
	debug.SetMemoryLimit(idle + h.Memory*3/4) // collect harder before the limits are met
	debug.SetMaxStack(maxStack)
	confined, err := confine(h.CPU, h.Memory)
	if err != nil {
		return exitProtocol
	}
	if err := writeJSON(out, ready{Confined: confined}); err != nil {
		return exitProtocol
	}
	for {
		raw, err := readFrame(in, h.Limits.Bytes)
		if errors.Is(err, io.EOF) {
			return 0
		}
		if err != nil {
			return exitProtocol
		}
		stop := watch(h.CPU, idle+h.Memory*7/8)
		var a answer
		a.Inspection, err = fn(context.Background(), raw, h.Limits, roots)
		stop()
		if err != nil && !errors.As(err, &a.Refusal) {
			a.Error = err.Error()
		}
		_, now := memory()
		a.Spent, a.Grown = processorTime(), now-mapped
		if err := reply(out, a); err != nil {
			return exitProtocol
		}
		if raw = nil; a.Grown > 32<<20 {
			debug.FreeOSMemory()
		}
	}
}

// reply sends a, or a refusal where a is longer than the parent would read.
func reply(out io.Writer, a answer) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if len(b) > maxAnswer {
		return writeJSON(out, answer{Spent: a.Spent, Refusal: &esign.Refusal{
			Reason: pdf.ReasonUnsupported, Detail: fmt.Sprintf("the inspection result has %d bytes", len(b)),
		}})
	}
	return writeFrame(out, b)
}

// watch ends the process with a telling status when one file uses too much, or most of what confine allows. Where the
// system can, confine bounds the same harder but cannot say why.
func watch(cpu time.Duration, most int64) (stop func()) {
	from, done := processorTime(), make(chan struct{})
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if processorTime()-from > cpu {
				os.Exit(exitCPU)
			}
			if held, _ := memory(); held > most {
				os.Exit(exitMemory)
			}
		}
	}()
	return func() { close(done) }
}

// memory tells how many bytes the Go runtime holds, and how many it has mapped, those included that it gave back.
func memory() (held, mapped int64) {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	mapped = int64(s[0].Value.Uint64())
	return mapped - int64(s[1].Value.Uint64()), mapped
}
