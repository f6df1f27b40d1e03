package certificate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/translog"
)

// checkLog verifies the checkpoint and every entry, and holds the certificate
// against what the events say.
func (c *Certificate) checkLog(keys []translog.Key) error {
	events := map[string]event.Event{}
	var newest time.Time
	for _, e := range c.Log.Entries {
		x, err := e.event(c.Subject.EnvelopeID)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.EventID, err)
		}
		if _, again := events[x.ID]; again {
			return fmt.Errorf("event %s: duplicate entry", x.ID)
		}
		if events[x.ID] = x; x.RecordedAt.After(newest) {
			newest = x.RecordedAt
		}
	}
	if newest.After(c.AsOf.Time) {
		return errors.New("an event is later than the evaluation")
	}
	if err := c.checkTree(keys, newest); err != nil {
		return err
	}
	return c.checkEvents(events)
}

// event reads an entry's canonical bytes, and refuses an entry that says otherwise.
func (e LogEntry) event(envelopeID string) (event.Event, error) {
	x, err := event.Parse(e.Canonical)
	switch {
	case err != nil:
		return x, err
	case x.ID != e.EventID || x.Type != e.Type:
		return x, errors.New("its canonical bytes are those of another event")
	case x.EnvelopeID != envelopeID:
		return x, errors.New("it belongs to another envelope")
	case tlog.RecordHash(e.Canonical).String() != e.LeafHash:
		return x, errors.New("the leaf does not match its canonical bytes")
	}
	return x, nil
}

// checkTree verifies the checkpoint, by a key that was in use after the newest event
// in it and before the evaluation, and every inclusion proof.
func (c *Certificate) checkTree(keys []translog.Key, newest time.Time) error {
	var fit []translog.Key
	for _, k := range keys {
		if !c.AsOf.Before(k.From) && (k.Until == nil || newest.Before(*k.Until)) {
			fit = append(fit, k)
		}
	}
	cp, _, err := translog.OpenCheckpoint(c.Log.Checkpoint, fit)
	if err != nil {
		return err
	}
	if cp.Origin != c.Log.Origin || cp.Size != c.Log.TreeSize || cp.Root.String() != c.Log.RootHash {
		return errors.New("checkpoint and fields differ")
	}
	for _, e := range c.Log.Entries {
		proof := make(tlog.RecordProof, len(e.InclusionProof))
		for i, h := range e.InclusionProof {
			if proof[i], err = tlog.ParseHash(h); err != nil {
				return fmt.Errorf("event %s: %w", e.EventID, err)
			}
		}
		if err := tlog.CheckRecord(proof, cp.Size, cp.Root, e.Index, tlog.RecordHash(e.Canonical)); err != nil {
			return fmt.Errorf("event %s: %w", e.EventID, err)
		}
	}
	return nil
}

// proved returns the proved event of a type whose data say so.
func proved[T any](events map[string]event.Event, kind string, so func(T) bool) (event.Event, bool) {
	for _, e := range events {
		if e.Type == kind && so(event.DataOf[T](e)) {
			return e, true
		}
	}
	return event.Event{}, false
}

// checkEvents holds what the certificate prints against the events that it proves.
func (c *Certificate) checkEvents(events map[string]event.Event) error {
	if e, ok := events[c.Cause.EventID]; !ok || e.Type != c.Cause.Type {
		return errors.New("the event that caused the certificate is not proved")
	}
	held := c.AuthoritativeCopy
	if e, ok := proved(events, event.VaultStored, func(d event.StoredData) bool {
		return d.CopyID == held.CopyID && d.DepositedSHA256 == held.DepositedSHA256 && d.Regime == c.Regime && d.RegimeBasis == c.RegimeBasis &&
			d.Jurisdiction == c.Jurisdiction && (held.Version != 1 || d.SHA256 == held.SHA256)
	}); !ok || !sameTime(&held.VaultedAt, e) {
		return errors.New("the deposit is not proved as the certificate tells it")
	}
	if err := c.checkAssignments(events); err != nil {
		return err
	}
	for _, x := range c.Custody {
		e, ok := events[x.EventID]
		d := event.DataOf[event.CustodyAssignedData](e)
		if !ok || !strings.HasPrefix(e.Type, event.CustodyPrefix) || d.CustodyID != x.CustodyID || d.Kind != x.Kind || d.SHA256 != x.SHA256 ||
			d.StatementSHA256 != x.Statement || d.Consent != x.Consent || d.Version != x.Version {
			return fmt.Errorf("the custody entry %s is not proved as the certificate tells it", x.CustodyID)
		}
	}
	for _, a := range c.Acknowledgments {
		if _, ok := proved(events, event.CustodyAcknowledged, func(d event.CustodyAcknowledgedData) bool {
			return d.AcknowledgmentID == a.ID && d.AcknowledgmentSHA256 == a.SHA256
		}); !ok {
			return fmt.Errorf("the acknowledgment %s is not proved", a.ID)
		}
	}
	for _, s := range c.Signatures {
		if s.SignedAt == nil {
			continue
		}
		e, ok := proved(events, event.EnvelopeSigned, func(d event.SignedData) bool {
			return d.SignerID == s.SignerID && d.DisclosureSHA256 == s.DisclosureSHA256 && d.PresentedSHA256 == s.PresentedSHA256
		})
		if !ok || !sameTime(s.SignedAt, e) {
			return fmt.Errorf("the signature of %s is not proved as the certificate tells it", s.SignerID)
		}
	}
	if held.HeldHere {
		return nil
	}
	e, ok := proved(events, event.VaultReleased, func(d event.ReleasedData) bool {
		return d.CopyID == held.CopyID && d.SHA256 == held.SHA256
	})
	if !ok || held.ReleasedAt != nil && !sameTime(held.ReleasedAt, e) {
		return errors.New("the release is not proved as the certificate tells it")
	}
	return nil
}

// checkAssignments holds each assignment against the events of its offer and its
// acceptance, and the version that is here against the last of them.
func (c *Certificate) checkAssignments(events map[string]event.Event) error {
	var last *CustodyEntry
	for i := range c.Custody {
		x := &c.Custody[i]
		a := x.Assignment
		if a == nil {
			continue
		}
		last = x
		offered, ok := proved(events, event.CustodyOffered, func(d event.CustodyOfferedData) bool {
			return d.AssignmentID == a.AssignmentID && d.Purpose == a.Purpose && d.Consent == x.Consent && d.RequestSHA256 == x.RequestSHA256
		})
		accepted, also := proved(events, event.CustodyAccepted, func(d event.CustodyAcceptedData) bool {
			return d.AssignmentID == a.AssignmentID && d.CustodyID == x.CustodyID && d.Purpose == a.Purpose && d.SHA256 == x.SHA256
		})
		if !ok || !also || By(offered.Actor) != x.Actor || By(accepted.Actor) != a.AcceptedBy {
			return fmt.Errorf("the assignment %s is not proved as the certificate tells it", a.AssignmentID)
		}
	}
	if (last == nil) != (c.Interest == nil) || last != nil && c.AuthoritativeCopy.HeldHere &&
		(c.AuthoritativeCopy.Version != last.Version || c.AuthoritativeCopy.SHA256 != last.SHA256) {
		return errors.New("the last assignment and the current version differ")
	}
	return nil
}

func sameTime(t *Time, e event.Event) bool {
	return environ.Format(t.Time) == environ.Format(e.RecordedAt)
}
