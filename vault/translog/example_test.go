package translog_test

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/vault/translog"
)

// What an auditor does with an event, its proof and a checkpoint, knowing only
// the log's public key.
func ExampleVerifyInclusion() {
	verifier, err := translog.NewVerifier("vault.test/log+a05e09ce+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c")
	if err != nil {
		fmt.Println(err)
		return
	}
	checkpoint, err := translog.ParseCheckpoint("vault.test/log\n3\nWIf2JLzWCf8WV7cQQ1GCTRJz4qwoF8fvYpBlxu1mAYk=\n\n— vault.test/log oF4Jzsc0ZSv7hV6O5u/G3Hyl0NKVNy6bttZ7bdiCQ/rxdvWML7DJCMtgfpe3z9yXfSoQ5TAhhWbonrVBoLubyOU8JgI=\n", verifier)
	if err != nil {
		fmt.Println(err)
		return
	}

	event := []byte(`{"actor":{"id":"test","kind":"system"},"data":{"n":1},"detail_sha256":"","envelope_id":"env_golden1","event_id":"evt_golden000002","prev_hash":"","recorded_at":"2026-03-04T05:06:09.000000Z","seq":1,"type":"envelope.viewed","v":1}`)
	var proof []translog.Hash
	for _, s := range []string{"usRBF/Q38g90gO5Au/CXURABwR8ZdR+fX3YUGdBYt+4=", "+DSrE1i4Ez0tDh0WGAGyV+miyXyBs0nATn7HdFVHcDo="} {
		h, err := tlog.ParseHash(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		proof = append(proof, h)
	}

	fmt.Println("as logged:", translog.VerifyInclusion(event, 1, checkpoint.Size, checkpoint.Root, proof))
	event[0] = '['
	fmt.Println("altered:", translog.VerifyInclusion(event, 1, checkpoint.Size, checkpoint.Root, proof) != nil)
	// Output:
	// as logged: <nil>
	// altered: true
}
