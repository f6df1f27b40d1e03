package inspect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/internal/pdf/copymark"
)

// copyOrder before a file has a child make a marked copy of it and read that for its mark, within the bounds of inspection.
const copyOrder = "copy "

func copied(ctx context.Context, raw []byte) (*esign.Inspection, error) {
	marked, err := copymark.MarkCopy(ctx, raw, copymark.Mark{CopyID: "cpy_1"})
	if err != nil {
		return nil, err
	}
	if err := copymark.CheckCopy(marked, copymark.DefaultText, "cpy_1"); err != nil {
		return nil, fmt.Errorf("its copy is none: %w", err)
	}
	return &esign.Inspection{Pages: 1}, nil
}

// TestSweep inspects every PDF of the module cache, of /usr/share and of the fuzz corpora, and makes a marked copy of each
// that is accepted, in children with the default bounds: 2 s of processor time, 256 MiB. EVAULT_SWEEP asks for it; it may
// name more folders.
func TestSweep(t *testing.T) {
	asked := os.Getenv("EVAULT_SWEEP")
	if asked == "" {
		t.Skip("EVAULT_SWEEP is not set")
	}
	i := open(t, inspect.Config{Children: 2, Deadline: time.Hour})
	folders := append([]string{goEnv(t, "GOMODCACHE"), "/usr/share", filepath.Join(goEnv(t, "GOCACHE"), "fuzz"), "../.."}, filepath.SplitList(asked)...)
	counts := map[string]int{}
	var mu sync.Mutex
	count := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		counts[what]++
	}
	files := make(chan found)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for f := range files {
				outcome := sweep(t, i, f.name, f.raw)
				count(f.kind + ": " + outcome)
			}
		})
	}
	seen := map[string]bool{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return nil // what cannot be read is not swept
			}
			for _, f := range pdfs(path) {
				if !seen[string(f.raw)] {
					seen[string(f.raw)] = true
					files <- f
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	close(files)
	wg.Wait()
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d %s", counts[what], what)
	}
	if len(seen) < 100 {
		t.Errorf("only %d files were found", len(seen))
	}
}

// sweep says what became of one file.
func sweep(t *testing.T, i *inspect.Inspector, name string, raw []byte) string {
	reason, err := refusal(i, t.Context(), raw)
	if bounds(reason) || err != nil {
		t.Errorf("%s: inspection: %s %v", name, reason, err)
	}
	if reason != "" {
		return "refused, " + reason
	}
	reason, err = refusal(i, t.Context(), append([]byte(copyOrder), raw...))
	if bounds(reason) || err != nil {
		t.Errorf("%s: copy: %s %v", name, reason, err)
	}
	if reason != "" {
		return "accepted, no copy, " + reason
	}
	return "accepted, copied"
}

func bounds(reason string) bool {
	return reason == inspect.ReasonCrashed || reason == inspect.ReasonTime || reason == inspect.ReasonMemory || strings.Contains(reason, "runtime error")
}

// refusal is why a child refuses a file, "" if it does not; a panic that was caught is told.
func refusal(i *inspect.Inspector, ctx context.Context, raw []byte) (string, error) {
	_, err := i.Inspect(ctx, raw)
	var r *esign.Refusal
	switch {
	case errors.As(err, &r) && strings.Contains(r.Detail, "parser: "):
		return "runtime error: " + r.Detail, nil
	case errors.As(err, &r):
		return r.Reason, nil
	}
	return "", err
}

type found struct {
	name, kind string
	raw        []byte
}

// pdfs returns the PDF at path, or the inputs of a fuzz corpus that stand there.
func pdfs(path string) (out []found) {
	const fuzzed = "go test fuzz v1\n"
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 1024)
	n, _ := f.Read(head)
	head = head[:n]
	isPDF := bytes.HasPrefix(head, []byte("%PDF-")) || strings.EqualFold(filepath.Ext(path), ".pdf")
	if !isPDF && !bytes.HasPrefix(head, []byte(fuzzed)) {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	if isPDF {
		return []found{{path, "PDF", raw}}
	}
	for line := range strings.Lines(string(raw[len(fuzzed):])) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "[]byte(")
		if s, err := strconv.Unquote(strings.TrimSuffix(line, ")")); ok && err == nil {
			out = append(out, found{path, "fuzz corpus", []byte(s)})
		}
	}
	return out
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
