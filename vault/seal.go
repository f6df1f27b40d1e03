package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// sealing is a version about to be sealed.
type sealing struct {
	file      *storage.Content
	parsed    *pdf.Document // of file; nil: it is read
	mode      custody.Sealing
	reason    string // embedded
	at        time.Time
	statement custody.VersionStatement // detached; SHA256 is set by seal
}

type sealed struct {
	file      *storage.Content // with what was appended
	seal      custody.Seal
	statement []byte
}

// seal appends the vault's seal to a version, or states it beside.
func (v *Vault) seal(ctx context.Context, s sealing) (*sealed, error) {
	if s.mode.Mode == custody.SealingDetached {
		return v.sealBeside(ctx, s)
	}
	r := pades.SealRequest{
		PDF: s.file.Bytes(), Hashed: s.file.State(), Reason: s.reason, At: s.at, Limits: pades.Limits{Bytes: s.file.Size()},
	}
	if s.parsed != nil {
		r.Parsed = s.parsed
	}
	seal, err := v.c.Sealer.Seal(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &sealed{
		file: s.file.Append(seal.Appended),
		seal: custody.Seal{Mode: custody.SealingEmbedded, Level: seal.Level, TimeSource: timeSource(seal.TimeSource), Field: seal.Field},
	}, nil
}

func (v *Vault) sealBeside(ctx context.Context, s sealing) (*sealed, error) {
	s.statement.SHA256, s.statement.V = s.file.SHA256(), custody.StatementVersion
	content, err := canonjson.Marshal(s.statement)
	if err != nil {
		return nil, fmt.Errorf("version statement: %w", err)
	}
	der, level, err := v.c.Sealer.Statement(ctx, content)
	if err != nil {
		return nil, fmt.Errorf("version statement: %w", err)
	}
	source := "clock"
	if level != pades.LevelBB {
		source = "time-stamp"
	}
	return &sealed{
		file: s.file, statement: der,
		seal: custody.Seal{Mode: custody.SealingDetached, Reason: s.mode.Reason, Level: level, TimeSource: timeSource(source), SHA256: storage.Sum(der)},
	}, nil
}

// TimeOfHost is the Seal.TimeSource of a seal without a time-stamp.
const TimeOfHost = "host clock and log"

// timeSource names where the time of a seal comes from, as certificates print it.
func timeSource(s string) string {
	if s == "clock" {
		return TimeOfHost
	}
	return s
}

func (v *Vault) depositReason(d *deposit) string {
	return fmt.Sprintf(copymark.VaultSeal+"%s; assignee %s; envelope %s, copy %s, version 1",
		d.custody.Custodian.Party.Name, d.custody.Assignee, d.EnvelopeID, d.copyID) + jurisdictionOf(d.Jurisdiction, "; ")
}

// jurisdictionOf is the sentence by which a seal and the custody statement of a deposit
// expressly provide a jurisdiction (UCC 9-306A(b)(1)); "" where none was named.
func jurisdictionOf(jurisdiction, before string) string {
	if jurisdiction == "" {
		return ""
	}
	return before + fmt.Sprintf(jurisdictionClause, jurisdiction)
}

// jurisdictionClause follows the words of UCC 9-306A(b)(1).
const jurisdictionClause = "%s is the jurisdiction of this record, and the chattel paper's jurisdiction where it is chattel paper, for " +
	"purposes of UCC 9-306A, of UCC Article 9 and of the UCC"

// equal compares two values by their canonical encoding.
func equal(a, b any) bool {
	x, err1 := canonjson.Marshal(a)
	y, err2 := canonjson.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
