package testpdf_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

func files() map[string][]byte {
	all := map[string][]byte{
		"form":         testpdf.Form(),
		"encrypted":    testpdf.Encrypted(),
		"shared":       testpdf.Shared(3),
		"simple":       testpdf.Simple(3, "Hello"),
		"contract":     testpdf.Contract(10),
		"contract1":    testpdf.Contract(1),
		"sized":        testpdf.Sized(10, 1<<20),
		"xrefstream":   testpdf.XRefStream(3),
		"objectstream": testpdf.ObjectStream(150),
		"hybrid":       testpdf.Hybrid(3),
	}
	for name, raw := range testpdf.Odd() {
		all[name] = raw
	}
	for name, raw := range testpdf.Active() {
		if name != "ambiguous_structure" {
			all[name] = raw
		}
	}
	return all
}

func TestDeterministic(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	again := files()
	hostile := testpdf.Hostile()
	for name, raw := range testpdf.Hostile() {
		if !bytes.Equal(raw, hostile[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
	for name, raw := range files() {
		if !bytes.Equal(raw, again[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

func TestSizedMeetsItsSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pages, size int }{{10, 1 << 20}, {100, 20 << 20}, {1, 100_000}, {100, 1 << 20}} {
		got := len(testpdf.Sized(c.pages, c.size))
		if math.Abs(float64(got-c.size)) > 0.02*float64(c.size) {
			t.Errorf("Sized(%d, %d) is %d bytes", c.pages, c.size, got)
		}
	}
}

// TestToolsReadThem asks qpdf, where EVAULT_TOOLS is set, whether each file is sound.
func TestToolsReadThem(t *testing.T) {
	t.Parallel()
	testenv.Tools(t)
	dir := t.TempDir()
	for name, raw := range files() {
		p := filepath.Join(dir, name+".pdf")
		if err := os.WriteFile(p, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("qpdf", "--check", p).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
