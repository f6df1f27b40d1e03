// Command server is a small host of evault: SQLite or PostgreSQL, a folder or
// any linked bucket, the partner routes on one address. It is a demonstration;
// a product mounts httpapi in a server of its own in the same way.
//
//	go run ./examples/server
//	go run ./examples/server keys create -data ./data -org org_acme -scopes envelopes:read,vault:read
//	go run ./examples/server origins set -data ./data -org org_acme https://app.acme.example
//
// When it is ready it prints one JSON line on standard output; logs go to
// standard error. SIGTERM drains and exits 0.
//
// Stability: an example to read and copy; flags and output may change with any version.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/inspect"
	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/storage"
)

func main() {
	inspect.Main() // documents are examined in limited children of this program
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// options are the flags of contract §8.
type options struct {
	addr, baseURL  string
	smtp, smtpFrom string
	webhookPrivate bool
	pages          bool
	renderer       esign.Renderer
	places
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "keys":
			return keys(ctx, args[1:], stdout, stderr)
		case "origins":
			return origins(ctx, args[1:], stdout, stderr)
		}
	}
	var o options
	fs := flag.NewFlagSet("server", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	fs.StringVar(&o.baseURL, "base-url", "", "where clients reach this server (default http:// and the address)")
	fs.StringVar(&o.smtp, "smtp", "", "host:port of a mail relay for signers' notices, with STARTTLS unless it is on this machine (default: none is sent)")
	fs.StringVar(&o.smtpFrom, "smtp-from", "evault demo <evault@localhost>", "address that signers' notices come from")
	fs.BoolVar(&o.webhookPrivate, "webhook-allow-private", false, "let webhooks go to private addresses and to http")
	fs.BoolVar(&o.pages, "pages", true, "show signers the pages as pictures; false: the PDF alone")
	o.places.register(fs)
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", fs.Arg(0))
	}
	return serve(ctx, o, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
}

func serve(ctx context.Context, o options, stdout io.Writer, logger *slog.Logger) error {
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.baseURL == "" {
		o.baseURL = "http://" + listener.Addr().String()
	}
	o.baseURL = strings.TrimSuffix(o.baseURL, "/")

	pages := &pictures{dir: renderDir(o.data)}
	defer pages.close()
	if o.pages {
		o.renderer = pages
	}
	v, err := open(ctx, o, logger)
	if err != nil {
		return err
	}
	defer v.Close()
	first, err := firstKey(ctx, v)
	if err != nil {
		return err
	}
	api, err := httpapi.New(httpapi.Config{
		ESign: v.ESign, Templates: v.Templates, Vault: v.Vault, Approvals: v.Approvals, Pools: v.Pools, Compliance: v.Compliance, Handover: v.Handover, Log: v.Log, Scopes: v.Scopes,
		Idempotency: v.Idempotency, Tickets: v.Tickets, Counters: v.Counters, Outbox: v.Outbox, Leases: v.Leases,
		TokenKeys: v.TokenKeys, EmbedKey: v.EmbedKey, Keeper: v.Keeper, BaseURL: o.baseURL,
		WebhookAllowPrivate: o.webhookPrivate, WebhookAllowHTTP: o.webhookPrivate, Env: storage.Env{Now: v.Now, Logger: logger},
	})
	if err != nil {
		return err
	}
	server := &http.Server{ // the API bounds bodies and work by itself; these bound what comes before and after
		Handler: api, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Minute, WriteTimeout: 15 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return untilDone(ctx, v.Run) })
	g.Go(func() error { return untilDone(ctx, api.Run) })
	if o.pages {
		g.Go(func() error { return untilDone(ctx, pages.warm) })
	}
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		return server.Shutdown(drain)
	})
	line := struct {
		Msg    string `json:"msg"`
		URL    string `json:"url"`
		OrgID  string `json:"org_id"`
		APIKey string `json:"api_key,omitempty"`
	}{"ready", o.baseURL, first.org, first.secret}
	if err := json.NewEncoder(stdout).Encode(line); err != nil {
		return err
	}
	return g.Wait()
}

// untilDone runs a blocking loop; that its context ended is no error.
func untilDone(ctx context.Context, loop func(context.Context) error) error {
	if err := loop(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}
