package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
)

type originLine struct {
	OrgID   string   `json:"org_id"`
	Origins []string `json:"origins"`
}

// origins runs origins list and origins set.
func origins(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	const usage = "usage: server origins list|set [flags] [ORIGIN ...]"
	if len(args) == 0 {
		return errors.New(usage)
	}
	var o options
	var org string
	fs := flag.NewFlagSet("origins "+args[0], flag.ContinueOnError)
	fs.SetOutput(stderr)
	o.places.register(fs)
	fs.StringVar(&org, "org", demoOrg, "organization")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	if args[0] != "list" && args[0] != "set" || args[0] == "list" && fs.NArg() > 0 {
		return fmt.Errorf("unknown command %q; %s", args[0], usage)
	}
	o.baseURL = "http://localhost"
	v, err := open(ctx, o, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer v.Close()
	if args[0] == "set" {
		if _, err := v.Scopes.SetOrigins(ctx, org, fs.Args()); err != nil {
			return err
		}
	}
	now, err := v.Scopes.Organization(ctx, org)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(originLine{now.ID, append([]string{}, now.Origins...)})
}
