package inspect_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"math"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
)

// The children of this test binary do what the file says, or a real inspection.
func TestMain(m *testing.M) {
	inspect.MainWith(misbehave)
	os.Exit(m.Run())
}

var (
	sink [][]byte
	spun int
)

func misbehave(ctx context.Context, raw []byte, l esign.Limits, roots *x509.CertPool) (*esign.Inspection, error) {
	if file, ok := bytes.CutPrefix(raw, []byte(copyOrder)); ok {
		return copied(ctx, file)
	}
	order, arg, _ := strings.Cut(string(raw[:min(len(raw), 64)]), " ")
	in := &esign.Inspection{Pages: 1}
	switch order {
	case "good":
	case "spin":
		for ; ; spun++ {
		}
	case "hang":
		time.Sleep(time.Hour)
	case "slow":
		time.Sleep(300 * time.Millisecond)
	case "suicide":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		time.Sleep(time.Hour)
	case "grow":
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			sink = append(sink, b)
		}
	case "leap":
		b := make([]byte, 4<<30)
		for i := range b {
			b[i] = 1
		}
		sink = append(sink, b)
	case "panic":
		panic("so it is")
	case "deep":
		in.Pages = deep(1)
	case "quit":
		os.Exit(0)
	case "babble":
		_, _ = os.Stdout.WriteString(strings.Repeat("~", 64))
		time.Sleep(time.Hour)
	case "talk":
		in.Warnings = []string{strings.Repeat("w", 16<<20)}
	case "refuse":
		return nil, &esign.Refusal{Reason: "damaged", Detail: "so it is"}
	case "open":
		_, err := os.Open("/dev/null")
		in.Warnings = []string{errText(err)}
	case "write":
		in.Warnings = []string{errText(os.WriteFile(arg, []byte("x"), 0o600))}
	case "dial":
		_, err := net.DialTimeout("tcp", arg, time.Second)
		in.Warnings = []string{errText(err)}
	case "run":
		in.Warnings = []string{errText(exec.Command("/bin/sh", "-c", "true").Run())}
	case "env":
		in.Warnings = os.Environ()
		dir, _ := os.Getwd()
		in.Warnings = append(in.Warnings, dir)
	default:
		return inspect.Examine(ctx, raw, l, roots)
	}
	return in, nil
}

func deep(n int) int {
	var room [1024]byte
	room[n%1024] = 1
	if n == math.MaxInt {
		return 0
	}
	return deep(n+1) + int(room[(n+1)%1024])
}

func errText(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}
