package handover_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/vault"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	whole := handover.Config{
		Store: testdb.Open(t).Handover(), ESign: &esign.Engine{}, Vault: &vault.Vault{}, Compliance: &compliance.Engine{},
	}
	for name, edit := range map[string]func(*handover.Config){
		"Store":      func(c *handover.Config) { c.Store = nil },
		"ESign":      func(c *handover.Config) { c.ESign = nil },
		"Vault":      func(c *handover.Config) { c.Vault = nil },
		"Compliance": func(c *handover.Config) { c.Compliance = nil },
	} {
		c := whole
		edit(&c)
		if _, err := handover.New(c); err == nil || !strings.Contains(err.Error(), "handover: Config."+name+" is required") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := handover.New(whole); err != nil {
		t.Error(err)
	}
}
