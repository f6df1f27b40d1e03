package event_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage/event"
)

// written are events as they were written before their data had structs, one of each
// shape that the tests of all engines made, and those of types that came later, as
// they were first written.
func written(t *testing.T) (lines []line) {
	t.Helper()
	f, err := os.Open("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

type line struct {
	Type         string
	Data, Detail json.RawMessage
}

// again reads canonical JSON as the type of sample, refusing members that it does
// not have, and writes it again.
func again(t *testing.T, b []byte, sample any) []byte {
	t.Helper()
	v := reflect.New(reflect.TypeOf(sample))
	if err := canonjson.Unmarshal(b, v.Interface()); err != nil {
		t.Errorf("%T: %v: %s", sample, err, b)
		return nil
	}
	out, err := canonjson.Marshal(v.Interface())
	if err != nil {
		t.Errorf("%T: %v", sample, err)
	}
	return out
}

// TestSchemasKeepTheirBytes: the structs read whatever was written before there
// were any, and write the same bytes.
func TestSchemasKeepTheirBytes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, l := range written(t) {
		s, ok := event.SchemaOf(l.Type)
		if !ok {
			t.Errorf("%s has no schema", l.Type)
			continue
		}
		seen[l.Type] = true
		if s.Data == nil {
			s.Data = struct{}{}
		}
		if got := again(t, l.Data, s.Data); !bytes.Equal(got, l.Data) {
			t.Errorf("%s data:\ngot  %s\nwant %s", l.Type, got, l.Data)
		}
		if s.Detail == nil { // none, or that of package vault, whose test it is
			continue
		}
		if string(l.Detail) == "null" {
			if l.Type != event.VaultInspected {
				t.Errorf("%s has no detail", l.Type)
			}
			continue
		}
		if got := again(t, l.Detail, s.Detail); !bytes.Equal(got, l.Detail) {
			t.Errorf("%s detail:\ngot  %s\nwant %s", l.Type, got, l.Detail)
		}
	}
	for s := range event.Schemas() {
		if hasBytes := s.Data != nil || s.Detail != nil; hasBytes != seen[s.Type] {
			t.Errorf("%s: written before: %v, has a schema: %v", s.Type, seen[s.Type], hasBytes)
		}
	}
}

// TestSchemasAreDistinct: each type stands once.
func TestSchemasAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for s := range event.Schemas() {
		if seen[s.Type] || s.Type == "" {
			t.Errorf("%q stands twice", s.Type)
		}
		seen[s.Type] = true
	}
	if _, ok := event.SchemaOf("envelope.imagined"); ok || seen[event.KeysChanged] {
		t.Error("a type that no envelope's chain has is known")
	}
}

func TestDataOf(t *testing.T) {
	t.Parallel()
	e := event.Event{Type: event.VaultReleased, Data: json.RawMessage(`{"copy_id":"cpy_1","version":2}`)}
	if got := event.DataOf[event.ReleasedData](e); got.CopyID != "cpy_1" || got.Version != 2 {
		t.Errorf("got %+v", got)
	}
	e.Data = json.RawMessage(`{"copy_id":"cpy_1","version":"2"}`)
	if got := event.DataOf[event.ReleasedData](e); got != (event.ReleasedData{}) {
		t.Errorf("data of another type: got %+v, want the zero value", got)
	}
	if _, ok := event.DetailOf[event.VoidedDetail](e); ok {
		t.Error("an event without a detail has one")
	}
	e.Detail = json.RawMessage(`{"reason":"late"}`)
	if got, ok := event.DetailOf[event.VoidedDetail](e); !ok || got.Reason != "late" {
		t.Errorf("got %+v, %v", got, ok)
	}
	e.Detail = json.RawMessage(`[]`)
	if _, ok := event.DetailOf[event.VoidedDetail](e); ok {
		t.Error("a list is read as a detail")
	}
}
