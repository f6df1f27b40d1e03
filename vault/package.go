package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/internal/releasepackage"
)

// PackageFile is a file that another engine adds to a release package:
// certificates and log proofs.
type PackageFile struct {
	Name    string // such as certificate.json; slashes make folders
	Content []byte
}

// BuildPackage builds the release package and stores it; a second call returns
// the same package. extra returns additional files; it is called outside any
// transaction. ErrNotReleased, ErrIntegrity, storage.ErrUnavailable.
func (v *Vault) BuildPackage(ctx context.Context, orgID, envelopeID string, extra func(ctx context.Context, r *Release) ([]PackageFile, error)) (*Release, error) {
	r, err := v.released(ctx, v.c.Store, standing.Control, orgID, envelopeID)
	if err != nil || r.Package != nil {
		return r, err
	}
	e, err := v.Evidence(ctx, r.EnvelopeID)
	if err != nil {
		return nil, fmt.Errorf("package of %s: %w", envelopeID, err)
	}
	contents, err := v.contents(ctx, r, e)
	if err != nil {
		return nil, fmt.Errorf("package of %s: %w", envelopeID, err)
	}
	if extra != nil {
		more, err := extra(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("package of %s: %w", envelopeID, err)
		}
		for _, f := range more {
			contents.More = append(contents.More, releasepackage.File(f))
		}
	}
	b, err := contents.Zip(v.c.Rand)
	if err != nil {
		return nil, fmt.Errorf("package of %s: %w", envelopeID, err)
	}
	o, err := v.keep(ctx, storage.KindPackage, r.ReleaseID+"-"+v.c.NewID("pkg"), storage.NewContent(b))
	if err != nil {
		return nil, fmt.Errorf("package of %s: %w", envelopeID, err)
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error {
		if r, err = v.released(ctx, s, standing.Control, orgID, envelopeID); err != nil || r.Package != nil {
			return err
		}
		r.Package = &o
		if err := s.LinkBlob(ctx, o.Name, v.now()); err != nil {
			return err
		}
		return s.UpdateRelease(ctx, r)
	})
	if err != nil {
		return nil, fmt.Errorf("package of %s: %w", envelopeID, err)
	}
	return r, nil
}

// PackagesDue returns releases without a package that are due at t, longest due
// first: since their release, or as PostponePackage said.
func (v *Vault) PackagesDue(ctx context.Context, t time.Time, limit int) ([]Release, error) {
	ids, err := v.c.Store.ReleasesToPack(ctx, t, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Release, 0, len(ids))
	for _, id := range ids {
		r, err := v.c.Store.Release(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	return out, nil
}

// PostponePackage makes a release without a package due at next, so that a
// package that cannot be built does not delay others.
func (v *Vault) PostponePackage(ctx context.Context, envelopeID string, next time.Time) error {
	return v.c.Store.PostponePackage(ctx, envelopeID, next)
}

// contents gathers what the vault itself puts into a package.
func (v *Vault) contents(ctx context.Context, r *Release, e *Evidence) (*releasepackage.Contents, error) {
	last := e.Versions[len(e.Versions)-1]
	if len(e.Custody) == 0 {
		return nil, fmt.Errorf("copy %s has no custody entry: %w", r.CopyID, ErrIntegrity)
	}
	if err := v.remark(ctx, r, last, e.Custody[len(e.Custody)-1]); err != nil {
		return nil, err
	}
	original, err := v.Examine(ctx, e.Original, last.Object)
	if err != nil {
		return nil, err
	}
	return &releasepackage.Contents{
		Release: r.terms(), Statement: r.Statement, Original: e.Original, Versions: e.Versions, Document: original.Bytes(),
		Custody: e.Custody, Acknowledgments: e.Acknowledgments, Events: e.Events,
	}, nil
}

// terms are the terms of a release, as printed in its page and package.
func (r *Release) terms() releasepackage.Release {
	return releasepackage.Release{
		ReleaseID: r.ReleaseID, Reason: r.Reason, Recipient: r.Recipient, At: r.ReleasedAt,
		Version: r.Version, SHA256: r.SHA256, EndsVersion: r.EndsVersion,
	}
}

// ReadPackage returns the release package and notes that it was fetched, in one transaction with
// Also. A package that was altered before anyone fetched it is discarded, with an event, and
// prepared again. ErrNotReleased, ErrPackagePending while it is being prepared, ErrPackageGone once
// acknowledged, ErrIntegrity, ErrRecordAltered, storage.ErrUnavailable, translog.ErrRewound, and
// what Also returns.
func (v *Vault) ReadPackage(ctx context.Context, r ReadRequest) (*File, error) {
	if err := v.c.Log.CheckRecent(ctx); err != nil {
		return nil, fmt.Errorf("package of %s: %w", r.EnvelopeID, err)
	}
	rel, err := v.fetchable(ctx, v.c.Store, r)
	if err != nil {
		return nil, err
	}
	if _, err := v.Proven(ctx, r.OrgID, r.EnvelopeID); err != nil {
		return nil, err
	}
	content, err := v.read(ctx, *rel.Package)
	if err != nil {
		return nil, err
	}
	if content.SHA256() != rel.Package.SHA256 {
		if err := v.giveUp(ctx, rel); err != nil {
			return nil, fmt.Errorf("package of %s: %w", r.EnvelopeID, err)
		}
		return nil, fmt.Errorf("package of %s: %w", r.EnvelopeID, ErrIntegrity)
	}
	f := &File{Name: r.EnvelopeID + "_release.zip", SHA256: content.SHA256(), Size: rel.Package.Size, Version: rel.Version, Content: content.Bytes()}
	err = v.update(ctx, func(ctx context.Context, s Store) error {
		// The event is first, as in inspected.
		events, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: r.EnvelopeID, Type: event.VaultDelivered, Actor: r.Actor, Data: event.DeliveredData{
			ReleaseID: rel.ReleaseID, CopyID: rel.CopyID,
		}})
		if err != nil {
			return err
		}
		rel, err := v.fetchable(ctx, s, r)
		if err != nil {
			return err
		}
		if rel.FetchedAt == nil {
			rel.FetchedAt = &events[0].RecordedAt
			if err := s.UpdateRelease(ctx, rel); err != nil {
				return err
			}
		}
		return also(ctx, s, r.Also, f)
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// giveUp makes an altered package one that is being prepared, unless somebody has
// it and may acknowledge it.
func (v *Vault) giveUp(ctx context.Context, rel *Release) error {
	err := v.update(ctx, func(ctx context.Context, s Store) error {
		now, err := s.Release(ctx, rel.EnvelopeID)
		if err != nil || now.Package == nil || now.Package.Name != rel.Package.Name || now.FetchedAt != nil {
			return err
		}
		_, err = v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: rel.EnvelopeID, Type: event.VaultTamperDetected, Actor: system, Data: event.TamperDetectedData{
			ReleaseID: rel.ReleaseID, CopyID: rel.CopyID, Object: event.TamperedPackage, Cause: event.CauseAltered,
		}})
		if err != nil {
			return err
		}
		if err := s.UnlinkBlob(ctx, now.Package.Name, v.now()); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		now.Package = nil
		return s.UpdateRelease(ctx, now)
	})
	if err != nil {
		return err
	}
	v.log.ErrorContext(ctx, "vault: a release package was altered", "envelope_id", rel.EnvelopeID, "object", rel.Package.Name)
	return nil
}

func (v *Vault) fetchable(ctx context.Context, s Store, r ReadRequest) (*Release, error) {
	rel, err := v.released(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
	switch {
	case err != nil:
		return nil, err
	case rel.AcknowledgedAt != nil:
		return nil, ErrPackageGone
	case rel.Package == nil:
		return nil, ErrPackagePending
	}
	return rel, nil
}

// AcknowledgeRequest acknowledges the receipt of a package.
type AcknowledgeRequest struct {
	OrgID, EnvelopeID string
	SHA256            storage.Digest // of the whole package as received
	Actor             Actor
	Also              func(ctx context.Context, tx storage.Tx, r *Release) error
}

// Acknowledge checks the digest of the package, which is known only to its holder, and sets the
// time after which the stored bytes may be deleted. Repeated with the same digest it changes
// nothing. ErrNotReleased, ErrNotFetched, ErrDigestMismatch, translog.ErrRewound.
func (v *Vault) Acknowledge(ctx context.Context, r AcknowledgeRequest) (*Release, error) {
	if _, err := storage.ParseDigest(string(r.SHA256)); err != nil {
		return nil, invalidDigest(err)
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, fmt.Errorf("acknowledge release of %s: %w", r.EnvelopeID, err)
	}
	var rel *Release
	err := v.update(ctx, func(ctx context.Context, s Store) (err error) {
		rel, err = v.released(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
		switch {
		case err != nil:
			return err
		case rel.FetchedAt == nil:
			return ErrNotFetched
		case rel.Package.SHA256 != r.SHA256:
			return ErrDigestMismatch
		case rel.AcknowledgedAt != nil:
			return nil
		}
		events, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: r.EnvelopeID, Type: event.VaultAcknowledged, Actor: r.Actor, Data: event.ReleaseAcknowledgedData{
			ReleaseID: rel.ReleaseID, CopyID: rel.CopyID, DeleteGraceSeconds: int64(v.c.ReleaseGrace / time.Second),
		}})
		if err != nil {
			return err
		}
		at := events[0].RecordedAt
		after := environ.Micro(at.Add(v.c.ReleaseGrace))
		rel.AcknowledgedAt, rel.DeleteAfter = &at, &after
		if err := s.UpdateRelease(ctx, rel); err != nil {
			return err
		}
		return also(ctx, s, r.Also, rel)
	})
	if err != nil {
		return nil, err
	}
	return rel, nil
}
