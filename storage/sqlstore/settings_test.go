package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// setting runs a statement on each new connection, as a database's own default
// would.
type setting struct {
	driver.Connector
	statement string
}

func (s setting) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.(driver.ExecerContext).ExecContext(ctx, s.statement, nil); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// TestSettingsThatBreakQuotingAreRefused: a session in which a backslash hides a
// quote, or text is not UTF-8, is refused before anything is read or made.
func TestSettingsThatBreakQuotingAreRefused(t *testing.T) {
	t.Parallel()
	testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
		for _, tt := range []struct{ statement, refused string }{
			{"SET standard_conforming_strings = on", ""},
			{"SET standard_conforming_strings = off", "standard_conforming_strings"},
			{"SET client_encoding = 'SJIS'", "client_encoding"},
		} {
			if strings.HasSuffix(t.Name(), "sqlite") { // has no such settings
				tt.statement, tt.refused = "SELECT 1", ""
			}
			db := open(t, func(c driver.Connector) driver.Connector { return setting{c, tt.statement} })
			s, err := sqlstore.New(db)
			if err != nil {
				t.Fatal(err)
			}
			for verb, err := range map[string]error{"migrate": s.Migrate(t.Context()), "check": s.Check(t.Context())} {
				if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
					t.Errorf("%s, %s: got %v", tt.statement, verb, err)
				}
			}
		}
	})
}

// TestValuesStayValues: whatever text a filter holds, it finds what has that text
// and nothing else.
func TestValuesStayValues(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		insert := `INSERT INTO evault_envelopes (envelope_id, org_id, name, kind, status, customer_id, customer_email, customer_name,
			created_at, updated_at, void_reason, sealing_error, signers_total, signers_signed, document_hash, revision, seal_attempts,
			signing_order, consent, expires_in_days, auto_vault, redirect_url, message, metadata, time_zone)
			VALUES ($1, $2, '', 'e_sign', 'sent', 'c', '', '', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', '', '', 0, 0, '', 1, 0, '', '', 0, FALSE, '', '', '{}', '')`
		for i, org := range []string{"org_a", "org_b"} {
			if _, err := db.Bun().DB.ExecContext(t.Context(), insert, fmt.Sprint("env_", i), org); err != nil {
				t.Fatal(err)
			}
		}
		for _, text := range []string{
			`\') OR (org_id=$$org_b$$) -- `, `') OR ('1'='1`, `\`, `'`, `''`, `\''; --`, `?`, `?0`, `$1`, `E'\\'`, "\u00a5'", `/*`, `c\`,
		} {
			for name, f := range map[string]esign.Filter{"customer": {CustomerID: text}, "external": {ExternalID: text}, "kind": {Kind: text}, "status": {Status: esign.Status(text)}} {
				list, err := db.ESign().Envelopes(t.Context(), "org_a", f, 0, 10)
				if err != nil || len(list) != 0 {
					t.Errorf("%s %q on %s: found %d, %v", name, text, db.Bun().Dialect().Name(), len(list), err)
				}
			}
		}
		if list, err := db.ESign().Envelopes(t.Context(), "org_a", esign.Filter{CustomerID: "c"}, 0, 10); err != nil || len(list) != 1 {
			t.Errorf("found %d, %v; want 1", len(list), err)
		}
	})
}
