package pades_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/pades"
)

// TestReleasedFormats verifies what earlier releases made: seals and statements stay readable for ever. The files are
// never made anew; a later release adds a folder of its own.
func TestReleasedFormats(t *testing.T) {
	t.Parallel()
	for folder, made := range map[string]time.Time{"v1": time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)} {
		root, err := x509.ParseCertificate(read(t, folder, "root.der"))
		if err != nil {
			t.Fatal(err)
		}
		o := pades.Options{Roots: x509.NewCertPool(), Now: made}
		o.Roots.AddCert(root)
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.pdf"))
		if err != nil || len(files) < 5 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for _, path := range files {
			name := filepath.Base(path)
			r, err := pades.Verify(context.Background(), read(t, folder, name), o)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if want := strings.Split(name, "_")[1]; !r.OK() || r.Signatures[0].Level != want {
				t.Errorf("%s: got level %s, want %s: %s", name, r.Signatures[0].Level, want, problems(r))
			}
		}
		for _, level := range []string{pades.LevelBB, pades.LevelBT} {
			content, r, err := pades.VerifyStatement(context.Background(), read(t, folder, "statement_"+level+".der"), o)
			if err != nil || !r.OK() || r.Level != level || !bytes.Equal(content, []byte("a statement of version 1\n")) {
				t.Errorf("statement %s: got %q, %+v, %v", level, content, r, err)
			}
		}
	}
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
