package arch_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var testName = regexp.MustCompile("`([a-z/]+)`|\\bTest[A-Z][A-Za-z0-9]+")

// TestThreatsNameTestsThatAreThere: each test that docs/threats.md names is in
// one of the packages named before it in its row.
func TestThreatsNameTestsThatAreThere(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for row := range strings.Lines(string(doc)) {
		if !strings.HasPrefix(row, "|") {
			continue
		}
		cells := strings.Split(row, "|")
		var packages []string
		for _, m := range testName.FindAllStringSubmatch(cells[2], -1) {
			if m[1] != "" {
				packages = append(packages, "../../"+m[1])
				continue
			}
			checked++
			args := append([]string{"-rlE", "--include=*_test.go", "func " + m[0] + `\(`}, packages...)
			if err := exec.Command("grep", args...).Run(); err != nil {
				t.Errorf("docs/threats.md names %s, which is not in %v", m[0], packages)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d tests are named", checked)
	}
}
