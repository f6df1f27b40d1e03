package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/evaultlib/evault/esign/mail"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/embedded"
	"github.com/evaultlib/evault/storage/sqlite"
)

// places says where data is kept; server and keys share these flags.
type places struct{ data, db, blobs, anchors string }

func (p *places) register(fs *flag.FlagSet) {
	fs.StringVar(&p.data, "data", "./data", "folder for keys, and by default for database and documents")
	fs.StringVar(&p.db, "db", "", "sqlite:PATH or postgres://… (default a SQLite file in -data)")
	fs.StringVar(&p.blobs, "blobs", "", "bucket URL: file:///folder or mem:// (default a folder in -data)")
	fs.StringVar(&p.anchors, "anchors", "", "bucket URL for the log's checkpoints, where no restore of the others reaches (default with the documents)")
}

// backends opens what the flags name; nil means embedded's default.
func (p places) backends() (db *bun.DB, bucket *blob.Bucket, err error) {
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, nil, err
	}
	if db, err = openDB(p.db); err != nil {
		return nil, nil, err
	}
	if bucket, err = openBucket(p.blobs); err != nil {
		return nil, nil, fmt.Errorf("-blobs: %w", err)
	}
	return db, bucket, nil
}

func openDB(dsn string) (*bun.DB, error) {
	switch scheme, rest, _ := strings.Cut(dsn, ":"); scheme {
	case "":
		return nil, nil
	case "sqlite":
		db, err := sqlite.Open(rest)
		if err != nil {
			return nil, err
		}
		return bun.NewDB(db, sqlitedialect.New()), nil
	case "postgres", "postgresql":
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(32)
		db.SetMaxIdleConns(32)
		return bun.NewDB(db, pgdialect.New()), nil
	default:
		return nil, fmt.Errorf("-db %q: want sqlite:PATH or postgres://…", scheme)
	}
}

func openBucket(address string) (*blob.Bucket, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "file":
		return blobstore.OpenFolder(filepath.FromSlash(u.Path))
	case "mem":
		return memblob.OpenBucket(nil), nil
	}
	return nil, fmt.Errorf("%q: this server links file:// and mem://", u.Scheme)
}

// open wires the engines; the schema is brought up to date.
func open(ctx context.Context, o options, logger *slog.Logger) (*embedded.Embedded, error) {
	db, bucket, err := o.backends()
	if err != nil {
		return nil, err
	}
	anchors, err := openBucket(o.anchors)
	if err != nil {
		return nil, fmt.Errorf("-anchors: %w", err)
	}
	opts := embedded.Options{Dir: o.data, DB: db, Bucket: bucket, Anchors: anchors, BaseURL: o.baseURL, Custodian: custodian(), Remarks: remarks(), Renderer: o.renderer, Env: storage.Env{Logger: logger}}
	if o.smtp != "" {
		from, err := netmail.ParseAddress(o.smtpFrom)
		if err != nil {
			return nil, fmt.Errorf("-smtp-from: %w", err)
		}
		if opts.Notifier, err = mail.New(mail.Config{Addr: o.smtp, From: *from}); err != nil {
			return nil, fmt.Errorf("-smtp: %w", err)
		}
	}
	return embedded.Open(ctx, opts)
}
