package compliance

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// evidence is what the checks compute from: records as they stand, bytes as they
// are stored now, and proofs made and verified now. Nothing in them is a result
// that somebody stored.
type evidence struct {
	at       time.Time
	regime   certificate.Regime
	basis    string
	envelope *esign.Envelope
	events   []event.Event
	byID     map[string]event.Event
	redacted int
	chainErr error // of event.Verify
	log      logEvidence
	issued   []provenEvent // by earlier certificates
	issueErr error         // an earlier certificate that does not verify

	// What the e-sign engine completed, or the paper as it was uploaded; once
	// vaulted, what was deposited.
	source       stored
	sourceReport *pades.Report // of the signatures in it
	sourceErr    error

	original   *custody.Original // nil: not vaulted
	versions   []versionEvidence
	statements []custody.VersionStatement           // detached seals
	sealErr    error                                // of vault.VerifyVersions
	rivals     []custody.Claim                      // of other envelopes on bytes of the copy
	claims     []custody.Claim                      // of the copy
	witnesses  []custody.Claim                      // of those claims
	prefixes   map[storage.Digest]custody.ClaimKind // revisions of the deposited bytes that are claimed, and as what
	prefixErr  error
	register   []copyEvidence
	custody    []custody.Entry
	chain      []custody.Statement // verified
	custodyErr error               // of custody.VerifyCustody
	acks       []custody.Acknowledgment
	release    *vault.Release
	offers     []custody.Offer
	spent      bool         // a release of the copy has begun
	keys       keyring.Keys // of statements and acknowledgments

	releaseStatement *custody.ReleaseStatement // verified, and named by the event of the release
	releaseErr       error

	mergeDelay   time.Duration
	integrityAge time.Duration
}

type versionEvidence struct {
	custody.Version
	stored
	report    *pades.Report // embedded seals
	reportErr error

	sealReport *pades.SignatureReport // detached seals
}

type copyEvidence struct {
	custody.RegisteredCopy
	stored
	markErr error // of copymark.CheckCopy
}

type logEvidence struct {
	checkpoint translog.Checkpoint
	key        translog.Key // that signed it
	err        error        // no checkpoint with a valid signature, or the database is behind it
	proofs     map[string]certificate.LogEntry
	missing    map[string]error // events that have an index but no proof that holds
}

// provenEvent is an event that an earlier certificate proved to be in the log.
type provenEvent struct {
	certificate string
	entry       certificate.LogEntry
}

// ofType returns the events of a type, in order.
func (ev *evidence) ofType(kind string) []event.Event {
	var list []event.Event
	for _, e := range ev.events {
		if e.Type == kind {
			list = append(list, e)
		}
	}
	return list
}

// about returns the events of a type whose data say so.
func about[T any](ev *evidence, kind string, so func(T) bool) []event.Event {
	var list []event.Event
	for _, e := range ev.ofType(kind) {
		if so(event.DataOf[T](e)) {
			list = append(list, e)
		}
	}
	return list
}

// copyIn is what an event says of a copy: its id, a version and that version's
// digest, or that of what was handed out.
func copyIn(e event.Event) (copyID string, version int, sum storage.Digest) {
	switch e.Type {
	case event.VaultStored:
		d := event.DataOf[event.StoredData](e)
		return d.CopyID, d.Version, d.SHA256
	case event.VaultReleased:
		d := event.DataOf[event.ReleasedData](e)
		return d.CopyID, d.Version, d.SHA256
	case event.CustodyAccepted:
		d := event.DataOf[event.CustodyAcceptedData](e)
		return d.CopyID, d.Version, d.SHA256
	case event.VaultInspected:
		d := event.DataOf[event.InspectedData](e)
		return d.CopyID, d.Version, d.SHA256
	}
	return "", 0, ""
}

// slack is by how much the time in a record may be before that of its event: the
// time that a transaction takes.
const slack = time.Minute

// at tells whether a record's time is that of its event.
func at(t *time.Time, e event.Event) bool {
	return t != nil && e.RecordedAt.Sub(*t).Abs() <= slack
}

// sameJSON compares two values by their canonical encoding.
func sameJSON(a, b any) bool {
	x, err1 := canonjson.Marshal(a)
	y, err2 := canonjson.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func digestOf(v any) storage.Digest {
	b, err := canonjson.Marshal(v)
	if err != nil {
		return ""
	}
	return storage.Sum(b)
}

// current returns the evidence of the newest version. A copy has one: the vault gives no
// evidence without.
func (ev *evidence) current() *versionEvidence {
	return &ev.versions[len(ev.versions)-1]
}

// released reports whether the chain tells of a release, or a record does.
func (ev *evidence) released() bool {
	return len(ev.ofType(event.VaultReleased)) > 0 || ev.original != nil && ev.original.Status == custody.StatusReleased
}

// disposed reports whether the bytes of a released copy were deleted as the rules
// allow: after the recipient's acknowledgment, which the log proves, and its grace.
// They are then rightly gone.
func (ev *evidence) disposed() bool {
	r, s, acknowledged := ev.release, ev.releaseStatement, only(ev.proven(event.VaultAcknowledged))
	if r == nil || r.DeletedAt == nil || s == nil || acknowledged == nil {
		return false
	}
	d := event.DataOf[event.ReleaseAcknowledgedData](*acknowledged)
	if d.ReleaseID != s.ReleaseID {
		return false
	}
	after := acknowledged.RecordedAt.Add(time.Duration(d.DeleteGraceSeconds) * time.Second)
	return !r.DeletedAt.Before(after) && !ev.at.Before(after)
}

// deletedAway is why a check of a copy that was disposed of has nothing to compute
// from.
const deletedAway = "The copy was released, its receipt was acknowledged, and its bytes here were deleted after that: they can no longer be examined."

// logged returns an event's index in the log, nil while it is pending, and an
// error where it should be there and is not proved to be.
func (ev *evidence) logged(e event.Event) (*int64, error) {
	if ev.log.err != nil {
		return nil, ev.log.err
	}
	if p, ok := ev.log.proofs[e.ID]; ok {
		return &p.Index, nil
	}
	if err := ev.log.missing[e.ID]; err != nil {
		return nil, err
	}
	if ev.at.Sub(e.RecordedAt) > ev.mergeDelay {
		return nil, errors.New("it is not in the log")
	}
	return nil, nil
}

// holding is the index of the last entry of the verified custody chain in which
// somebody holds the copy here, -1 when there is none.
func (ev *evidence) holding() int {
	for i := len(ev.chain) - 1; i >= 0; i-- {
		if ev.chain[i].To != nil {
			return i
		}
	}
	return -1
}

// seal returns what the seal of a version says, and why it does not hold.
func (ev *evidence) seal(i int) (content sealContent, err error) {
	if i < 0 {
		return content, errors.New("there is no version")
	}
	v := ev.versions[i]
	if v.Seal.Mode == custody.SealingDetached {
		if ev.sealErr != nil {
			return content, ev.sealErr
		}
		if i >= len(ev.statements) {
			return content, errors.New("it has no statement")
		}
		s := ev.statements[i]
		content = sealContent{mode: custody.SealingDetached, sha256: storage.Sum(v.Statement), assignee: &s.Assignee}
		if v.sealReport == nil {
			return content, errors.New("its statement does not verify")
		}
		if content.level, content.timeSource = levelOf(v.sealReport); content.level != v.Seal.Level {
			return content, fmt.Errorf("its statement has level %s, not %s", content.level, v.Seal.Level)
		}
		return content, nil
	}
	if v.err != nil {
		return content, v.err
	}
	if v.reportErr != nil {
		return content, v.reportErr
	}
	s := lastSignature(v.report)
	switch {
	case v.report.Problem != "":
		return content, errors.New(v.report.Problem)
	case s == nil || s.Field != v.Seal.Field:
		return content, fmt.Errorf("its last signature is not in the field %q", v.Seal.Field)
	case !s.OK():
		return content, fmt.Errorf("signature field %s: %s", s.Field, signatureProblem(*s))
	}
	content = sealContent{mode: custody.SealingEmbedded, reason: s.Reason}
	if content.level, content.timeSource = levelOf(s); content.level != v.Seal.Level || content.timeSource != v.Seal.TimeSource {
		return content, fmt.Errorf("signature field %s has level %s and time from %s, not %s and %s", s.Field, content.level, content.timeSource, v.Seal.Level, v.Seal.TimeSource)
	}
	return content, nil
}

// levelOf reads a seal's level and what its time rests on from the signature.
func levelOf(s *pades.SignatureReport) (level, timeSource string) {
	if s.TimestampTime == nil {
		return s.Level, vault.TimeOfHost
	}
	return s.Level, s.TimestampAuthority
}

// lastSignature returns the newest signature of a file that is no document
// time-stamp, nil when there is none. If it is OK, nothing follows it but
// validation material and time-stamps (ISO 32000-2 12.8.5).
func lastSignature(r *pades.Report) *pades.SignatureReport {
	for i := len(r.Signatures) - 1; i >= 0; i-- {
		if s := &r.Signatures[i]; s.SubFilter != "ETSI.RFC3161" {
			return s
		}
	}
	return nil
}

// sealFacts is what a valid seal says.
type sealContent struct {
	mode       custody.SealingMode
	reason     string         // embedded
	assignee   *custody.Party // detached
	sha256     storage.Digest // of the statement, detached
	level      string
	timeSource string
}

// names reports whether the seal names p.
func (c sealContent) names(p custody.Party) bool {
	if c.assignee != nil {
		return *c.assignee == p
	}
	return p.Name != "" && strings.Contains(c.reason, p.Name) && strings.Contains(c.reason, p.Identifier)
}

// firstChanges names the first few changes after a signature.
func firstChanges(all []string) string {
	const most = 3
	text := strings.Join(all[:min(len(all), most)], "; ")
	if len(all) > most {
		text += fmt.Sprintf("; and %d more", len(all)-most)
	}
	return text
}

// signatureProblem says why a signature is not OK: if it has no problem of its own, a
// form was filled in after it.
func signatureProblem(s pades.SignatureReport) string {
	return cmp.Or(s.Problem, "the form was filled in afterwards: "+firstChanges(s.Changes))
}

// timePtr is a time as certificates keep it, nil for none.
func timePtr(t *time.Time) *certificate.Time {
	if t == nil {
		return nil
	}
	at := certificate.At(*t)
	return &at
}
