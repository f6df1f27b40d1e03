package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

// ReadRequest asks for bytes of an envelope.
type ReadRequest struct {
	OrgID, EnvelopeID string
	Version           int // that the caller expects to be current; 0: any
	Actor             Actor
	RemoteAddr        string // kept as the event's detail

	// Also runs in the transaction that registers the read, before the bytes are
	// returned: a single-use ticket is taken here.
	Also func(ctx context.Context, tx storage.Tx, f *File) error
}

// File is what a read returns: bytes that were hashed after they were read.
type File struct {
	Name    string // for Content-Disposition
	SHA256  storage.Digest
	Size    int64
	Version int
	Content []byte
}

// ReadAuthoritative returns the bytes of the current version and registers the download as a copy
// of kind inspection, in one transaction with Also. The bytes are read and hashed before that; if
// the digest differs in two reads, it is tampering: an event is recorded, the copy is quarantined,
// and ErrIntegrity is returned without bytes. A failed or short read is storage.ErrUnavailable and
// does not use up a ticket. Before that, the copy's record is compared with its event chain and the
// log, as by Proven.
//
// ErrNotVaulted, ErrReleased, ErrRecordAltered, ErrSuperseded, ErrInspectionOff, translog.ErrRewound,
// and what Also returns.
func (v *Vault) ReadAuthoritative(ctx context.Context, r ReadRequest) (*File, error) {
	c, err := v.live(ctx, v.c.Store, standing.ReadAuthoritative, r.OrgID, r.EnvelopeID)
	if err == nil {
		c, err = v.authoritative(ctx, c)
	}
	err = v.denied(ctx, r.Actor, "inspect", r.EnvelopeID, err)
	switch {
	case err != nil:
		return nil, err
	case v.c.Inspection == InspectionOff:
		return nil, ErrInspectionOff
	case c.Status == custody.StatusReleased:
		return nil, ErrReleased
	case r.Version != 0 && r.Version != c.Version:
		return nil, ErrSuperseded
	}
	f, err := v.inspection(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := v.update(ctx, func(ctx context.Context, s Store) error { return v.inspected(ctx, s, c, r, f) }); err != nil {
		return nil, err
	}
	return f, nil
}

// inspection returns what a download of the authoritative copy contains.
func (v *Vault) inspection(ctx context.Context, c *custody.Original) (*File, error) {
	o, name := storage.Object{}, "authoritative"
	switch {
	case v.c.Inspection == InspectionExact:
		version, err := v.version(ctx, c, c.Version)
		if err != nil {
			return nil, err
		}
		o = version.Object
	case c.Marked == nil:
		return nil, ErrCopyUnavailable
	default:
		o, name = c.Marked.Object, "copy"
	}
	return v.file(ctx, c, o, name, c.Version)
}

func (v *Vault) version(ctx context.Context, c *custody.Original, n int) (custody.Version, error) {
	versions, err := v.c.Store.Versions(ctx, c.CopyID)
	if err != nil {
		return custody.Version{}, err
	}
	for _, x := range versions {
		if x.Version == n {
			return x, nil
		}
	}
	return custody.Version{}, fmt.Errorf("copy %s has no version %d: %w", c.CopyID, n, ErrIntegrity)
}

// inspected registers a download, in a transaction.
func (v *Vault) inspected(ctx context.Context, s Store, c *custody.Original, r ReadRequest, f *File) error {
	reg := custody.RegisteredCopy{
		ID: v.c.NewID("cpy"), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.CopyInspection, Version: c.Version,
		SHA256: f.SHA256, Size: f.Size, GivenTo: r.Actor,
	}
	d := eventlog.Draft{EnvelopeID: c.EnvelopeID, Type: event.VaultInspected, Actor: r.Actor, Data: event.InspectedData{
		CopyID: c.CopyID, InspectionID: reg.ID, Version: c.Version, SHA256: f.SHA256,
	}}
	if r.RemoteAddr != "" {
		d.Detail = event.InspectedDetail{Address: r.RemoteAddr}
	}
	// The event is first: whoever holds the end of the chain is alone, so that no
	// release comes between the next look and the commit.
	events, err := v.chain.Append(ctx, s, d)
	if err != nil {
		return err
	}
	now, err := v.live(ctx, s, standing.ReadAuthoritative, r.OrgID, r.EnvelopeID)
	if err != nil {
		return err
	}
	if now.Version != c.Version {
		return ErrSuperseded
	}
	reg.MadeAt, reg.EventID = events[0].RecordedAt, events[0].ID
	if err := s.AddRegistered(ctx, reg); err != nil {
		return err
	}
	if err := v.touched(ctx, s, c.EnvelopeID); err != nil {
		return err
	}
	return also(ctx, s, r.Also, f)
}

func also[T any](ctx context.Context, s Store, fn func(context.Context, storage.Tx, *T) error, result *T) error {
	if fn == nil {
		return nil
	}
	return fn(ctx, s.Tx(), result)
}

// ReadCopy returns the newest marked copy of a live or released envelope to its controller, to a
// former controller and to an organization that control is offered to. The copy was registered when
// it was made. ErrNotVaulted, ErrCopyUnavailable, ErrIntegrity, storage.ErrUnavailable.
func (v *Vault) ReadCopy(ctx context.Context, r ReadRequest) (*File, error) {
	c, err := v.find(ctx, v.c.Store, standing.SeeMarked, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, err
	}
	if c.Marked == nil {
		return nil, ErrCopyUnavailable
	}
	f, err := v.file(ctx, c, c.Marked.Object, "copy", c.Marked.Version)
	if err != nil || r.Also == nil {
		return f, err
	}
	if err := v.update(ctx, func(ctx context.Context, s Store) error { return r.Also(ctx, s.Tx(), f) }); err != nil {
		return nil, err
	}
	return f, nil
}

// Examine returns the bytes of an object that the copy names, hashed, without registering a read:
// for package compliance, which recomputes its checks from them and does not pass them on. at are
// the lengths of prefixes whose digests are needed: the bytes are hashed once for all of them.
func (v *Vault) Examine(ctx context.Context, c *custody.Original, o storage.Object, at ...int) (*storage.Content, error) {
	content, err := v.read(ctx, o, at...)
	if err != nil {
		return nil, err
	}
	if found := content.SHA256(); found != o.SHA256 {
		if err := v.tampered(ctx, c, o, found); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("copy %s: %w", c.CopyID, ErrIntegrity)
	}
	return content, nil
}

func (v *Vault) file(ctx context.Context, c *custody.Original, o storage.Object, name string, version int) (*File, error) {
	content, err := v.Examine(ctx, c, o)
	if err != nil {
		return nil, err
	}
	return &File{
		Name: c.EnvelopeID + "_" + name + ".pdf", SHA256: o.SHA256, Size: o.Size, Version: version, Content: content.Bytes(),
	}, nil
}

// read returns what is stored of an object, whose digest is another than o's
// only after two full reads. A failed or short read is storage.ErrUnavailable.
func (v *Vault) read(ctx context.Context, o storage.Object, at ...int) (content *storage.Content, err error) {
	for range 2 {
		b, err := v.readOnce(ctx, o)
		if err != nil {
			return nil, err
		}
		if content = storage.NewContent(b, at...); content.SHA256() == o.SHA256 {
			break
		}
	}
	return content, nil
}

func (v *Vault) readOnce(ctx context.Context, o storage.Object) ([]byte, error) {
	r, err := v.c.Objects.Blobs.Open(ctx, o.Name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Name, errors.Join(storage.ErrUnavailable, err))
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, o.Size+bytes.MinRead+1))
	n, err := b.ReadFrom(io.LimitReader(r, o.Size+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", o.Name, errors.Join(storage.ErrUnavailable, err))
	case n < o.Size:
		return nil, fmt.Errorf("read %s: %w: %w: %d of %d bytes", o.Name, storage.ErrUnavailable, errShort, n, o.Size)
	}
	return b.Bytes(), nil
}

var errShort = errors.New("vault: object is short")
