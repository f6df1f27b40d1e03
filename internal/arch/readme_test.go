package arch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestReadmeCompiles builds every Go snippet of README.md as the body of a
// function of a host.
func TestReadmeCompiles(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := goBlock.FindAllSubmatch(readme, -1)
	if len(blocks) == 0 {
		t.Fatal("README.md shows no Go")
	}
	dir := t.TempDir()
	for i, b := range blocks {
		source := fmt.Sprintf(`package main

import (
	"context"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage/embedded"
)

func main() { _ = host(context.Background()) }

func host(ctx context.Context) error {
	%s
	_ = env
	return err
}
`, b[1])
		file := filepath.Join(dir, fmt.Sprintf("block%d.go", i))
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", os.DevNull, file).CombinedOutput(); err != nil {
			t.Errorf("README snippet %d: %v\n%s", i+1, err, out)
		}
	}
}
