package vault_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// TestDetailsKeepTheirBytes: the structs of details read what was written before
// there were any, and write the same bytes.
func TestDetailsKeepTheirBytes(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../storage/event/testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	samples := map[string]any{
		event.VaultStored: custody.StoredDetail{}, event.VaultAttested: custody.AttestedDetail{}, event.VaultReleased: custody.ReleasedDetail{},
		event.CustodyOffered: custody.OfferedDetail{}, event.CustodyRejected: custody.RejectedDetail{},
	}
	seen := map[string]int{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var line struct {
			Type   string
			Detail json.RawMessage
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		sample, ours := samples[line.Type]
		if !ours {
			continue
		}
		seen[line.Type]++
		v := reflect.New(reflect.TypeOf(sample))
		if err := canonjson.Unmarshal(line.Detail, v.Interface()); err != nil {
			t.Errorf("%s: %v", line.Type, err)
		}
		if got, err := canonjson.Marshal(v.Interface()); err != nil || !bytes.Equal(got, line.Detail) {
			t.Errorf("%s: %v\ngot  %s\nwant %s", line.Type, err, got, line.Detail)
		}
	}
	if err := s.Err(); err != nil || len(seen) != len(samples) {
		t.Errorf("got details of %v, %v", seen, err)
	}
}
