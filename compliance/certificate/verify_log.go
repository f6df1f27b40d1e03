package certificate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/translog"
)

// eventSigned is the type of the event of a signature.
const eventSigned = event.EnvelopeSigned

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
			return fmt.Errorf("event %s: it has two entries", x.ID)
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
		return x, errors.New("its canonical bytes are another event")
	case x.EnvelopeID != envelopeID:
		return x, errors.New("it is of another envelope")
	case tlog.RecordHash(e.Canonical).String() != e.LeafHash:
		return x, errors.New("the leaf is not that of its canonical bytes")
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

// checkEvents holds what the certificate prints against the events that it proves.
func (c *Certificate) checkEvents(events map[string]event.Event) error {
	if e, ok := events[c.Cause.EventID]; !ok || e.Type != c.Cause.Type {
		return errors.New("the event that caused the certificate is not proved")
	}
	find := func(kind string, about map[string]string) (event.Event, bool) {
	next:
		for _, e := range events {
			if !strings.HasPrefix(e.Type, kind) {
				continue
			}
			for key, value := range about {
				if eventlog.Text(e, key) != value {
					continue next
				}
			}
			return e, true
		}
		return event.Event{}, false
	}
	held := c.AuthoritativeCopy
	deposit := map[string]string{
		"copy_id": held.CopyID, "deposited_sha256": string(held.DepositedSHA256),
		"regime": c.Regime, "regime_basis": c.RegimeBasis, "jurisdiction": c.Jurisdiction,
	}
	if held.Version == 1 {
		deposit["sha256"] = string(held.SHA256)
	}
	if e, ok := find(event.VaultStored, deposit); !ok || !sameTime(&c.AuthoritativeCopy.VaultedAt, e) {
		return errors.New("the deposit is not proved as the certificate tells it")
	}
	for _, x := range c.Custody {
		e, ok := events[x.EventID]
		if !ok || !strings.HasPrefix(e.Type, "custody.") || eventlog.Text(e, "custody_id") != x.CustodyID || eventlog.Text(e, "kind") != x.Kind ||
			eventlog.Text(e, "sha256") != string(x.SHA256) || eventlog.Text(e, "statement_sha256") != string(x.Statement) ||
			eventlog.Text(e, "consent") != x.Consent || eventlog.Number(e, "version") != int64(x.Version) {
			return fmt.Errorf("the custody entry %s is not proved as the certificate tells it", x.CustodyID)
		}
	}
	for _, a := range c.Acknowledgments {
		if _, ok := find(event.CustodyAcknowledged, map[string]string{"acknowledgment_id": a.ID, "acknowledgment_sha256": string(a.SHA256)}); !ok {
			return fmt.Errorf("the acknowledgment %s is not proved", a.ID)
		}
	}
	for _, s := range c.Signatures {
		if s.SignedAt == nil {
			continue
		}
		e, ok := find(eventSigned, map[string]string{
			"signer_id": s.SignerID, "disclosure_sha256": string(s.DisclosureSHA256), "presented_sha256": string(s.PresentedSHA256),
		})
		if !ok || !sameTime(s.SignedAt, e) {
			return fmt.Errorf("the signature of %s is not proved as the certificate tells it", s.SignerID)
		}
	}
	if held.HeldHere {
		return nil
	}
	e, ok := find(event.VaultReleased, map[string]string{"copy_id": held.CopyID, "sha256": string(held.SHA256)})
	if !ok || held.ReleasedAt != nil && !sameTime(held.ReleasedAt, e) {
		return errors.New("the release is not proved as the certificate tells it")
	}
	return nil
}

func sameTime(t *Time, e event.Event) bool {
	return environ.Format(t.Time) == environ.Format(e.RecordedAt)
}
