package event_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// rows is a chain in memory, as a transaction would see it.
type rows []event.Event

func (r *rows) ChainHead(context.Context, string) (event.Head, error) {
	if len(*r) == 0 {
		return event.Head{}, nil
	}
	e := (*r)[len(*r)-1]
	return event.Head{Seq: e.Seq, Hash: e.Hash, RecordedAt: e.RecordedAt}, nil
}

func (r *rows) AppendEvents(_ context.Context, events ...event.Event) error {
	*r = append(*r, events...)
	return nil
}

func writer(now func() time.Time) eventlog.Writer {
	n := 0
	return eventlog.Writer{Env: storage.Env{
		Now:   now,
		NewID: func(p string) string { n++; return fmt.Sprintf("%s_%04d", p, n) },
		Rand:  bytes.NewReader(bytes.Repeat([]byte{7}, 32*64)),
	}}
}

func build(t *testing.T) rows {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	var r rows
	st := writer(func() time.Time { at = at.Add(-time.Hour); return at }) // a clock that runs backwards
	for i := range 4 {
		d := eventlog.Draft{EnvelopeID: "env_a", Type: "envelope.signed", Actor: event.Actor{Kind: "signer", ID: "sgn_1"}, Data: map[string]any{"n": i}}
		if i%2 == 1 {
			d.Detail = map[string]string{"name": "Łukasz"}
		}
		if _, err := st.Append(t.Context(), &r, d); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestFormatNeverChanges(t *testing.T) {
	t.Parallel()
	r := build(t)
	const want = `{"actor":{"id":"sgn_1","kind":"signer"},"data":{"n":1},"detail_sha256":"2d16d45bb8eedcbbed1ae7880545dc82a5269f78c48680e17231cd30060e6741","envelope_id":"env_a","event_id":"evt_0002","prev_hash":"5ae8902e1cdc07fb3658e1f1b1dd70f96d625cb611b8bcb95815bd91c6a019ec","recorded_at":"2026-01-02T02:04:05.000007Z","seq":2,"type":"envelope.signed","v":1}`
	if got := string(r[1].Canonical); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	const hash = "3d75be97be7172155a01939f2b02dcc4a063a6df98042758bfcfd98b560ff17b"
	if r[1].Hash != hash {
		t.Errorf("got hash %s, want %s", r[1].Hash, hash)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	r := build(t)
	if n, err := event.Verify("env_a", r); err != nil || n != 0 {
		t.Fatalf("got %d, %v", n, err)
	}
	r[1].Detail, r[1].Salt = nil, nil
	if n, err := event.Verify("env_a", r); err != nil || n != 1 {
		t.Errorf("after erasing one detail: got %d redacted, %v; want 1, nil", n, err)
	}
}

func TestVerifyFindsEveryEdit(t *testing.T) {
	t.Parallel()
	edits := map[string]func(rows) rows{
		"gap":           func(r rows) rows { return append(r[:1:1], r[2:]...) },
		"order":         func(r rows) rows { r[1], r[2] = r[2], r[1]; return r },
		"first removed": func(r rows) rows { return r[1:] },
		"type":          func(r rows) rows { r[2].Type = "x"; return r },
		"time":          func(r rows) rows { r[2].RecordedAt = r[2].RecordedAt.Add(1000); return r },
		"actor":         func(r rows) rows { r[2].Actor.ID = "sgn_2"; return r },
		"data":          func(r rows) rows { r[2].Data = []byte(`{"n":9}`); return r },
		"detail":        func(r rows) rows { r[1].Detail = []byte(`{"name":"Eve"}`); return r },
		"salt":          func(r rows) rows { r[1].Salt = make([]byte, 32); return r },
		"extra detail":  func(r rows) rows { r[0].Detail = []byte(`{}`); return r },
		"rehashed": func(r rows) rows {
			e := r[1]
			e.Canonical = bytes.Replace(e.Canonical, []byte(`"n":1`), []byte(`"n":2`), 1)
			e.Data, e.Hash = []byte(`{"n":2}`), storage.Sum(e.Canonical)
			r[1] = e
			return r
		},
	}
	for name, edit := range edits {
		if _, err := event.Verify("env_a", edit(build(t))); !errors.Is(err, event.ErrBroken) {
			t.Errorf("%s: got %v, want ErrBroken", name, err)
		}
	}
	if _, err := event.Verify("env_b", build(t)); !errors.Is(err, event.ErrBroken) {
		t.Errorf("another envelope: got %v, want ErrBroken", err)
	}
}

func TestParseRefusesOtherSpellings(t *testing.T) {
	t.Parallel()
	good := string(build(t)[0].Canonical)
	for _, bad := range []string{
		"", "{}", good + " ", "[" + good + "]",
		strings.Replace(good, `"actor"`, `"Actor"`, 1),
		strings.Replace(good, `"v":1`, `"v":2`, 1),
		strings.Replace(good, `"prev_hash":"",`, "", 1),
		strings.Replace(good, `.000006Z`, `Z`, 1),
	} {
		if _, err := event.Parse([]byte(bad)); err == nil {
			t.Errorf("Parse(%s) accepted", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"actor":{"id":"","kind":"system"},"data":{},"detail_sha256":"","envelope_id":"env_a","event_id":"evt_1","prev_hash":"","recorded_at":"2026-01-02T03:04:05.000006Z","seq":1,"type":"t","v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := event.Parse(b)
		if err != nil {
			return
		}
		if e.Hash != storage.Sum(b) {
			t.Error("hash is not that of the bytes")
		}
	})
}
