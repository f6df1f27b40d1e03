// Package testcount counts how often a function hashes and parses documents.
//
// Hash passes are counted without any help of the code under test: while a count runs, package crypto's registry hands out
// SHA-256 states that count. The product takes its states for documents from there (crypto.SHA256.New); a test of package
// arch names the few files that may call package sha256 themselves. Parses are told by [pdf.Watch].
//
// Stability: for the tests of this module only; it may change with any version.
package testcount

import (
	"crypto"
	"crypto/sha256"
	"hash"
	"sync"

	"github.com/evaultlib/evault/internal/pdf"
)

// Tally is what a function did.
type Tally struct {
	Hashed []Pass // one for each SHA-256 state; a clone has the bytes that it took in itself
	Parsed []Pass // one for each file that was parsed
}

// Pass is one reading of bytes.
type Pass struct {
	Size int64
	head []byte // the first bytes
}

// headSize is how much of the beginning of what is read is kept.
const headSize = 16

// Of runs f and counts what it and everything beside it does. It must not be called by tests that run in parallel.
func Of(f func()) Tally {
	c := &counter{}
	crypto.RegisterHash(crypto.SHA256, c.newHash)
	defer crypto.RegisterHash(crypto.SHA256, sha256.New)
	defer pdf.Watch(c.parsed)()
	f()
	return c.tally()
}

// Passes returns how many SHA-256 states took in at least size bytes of something that begins with head, and how many
// such files were parsed.
func (t Tally) Passes(head string, size int64) (hashed, parsed int) {
	return count(t.Hashed, head, size), count(t.Parsed, head, size)
}

func count(list []Pass, head string, size int64) (n int) {
	head = head[:min(len(head), headSize)]
	for _, p := range list {
		if p.Size >= size && len(p.head) >= len(head) && string(p.head[:len(head)]) == head {
			n++
		}
	}
	return n
}

type counter struct {
	mu     sync.Mutex
	hashed []*Pass
	files  []Pass
}

func (c *counter) tally() Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := Tally{Parsed: c.files}
	for _, p := range c.hashed {
		t.Hashed = append(t.Hashed, *p)
	}
	return t
}

func (c *counter) parsed(raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = append(c.files, Pass{int64(len(raw)), raw[:min(len(raw), headSize)]})
}

func (c *counter) newHash() hash.Hash { return c.counting(sha256.New().(hash.Cloner), nil) }

func (c *counter) counting(h hash.Cloner, head []byte) *counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &Pass{head: head}
	c.hashed = append(c.hashed, p)
	return &counted{Cloner: h, counter: c, pass: p}
}

// counted is a SHA-256 state that counts what it takes in.
type counted struct {
	hash.Cloner
	counter *counter
	pass    *Pass
}

func (h *counted) Write(b []byte) (int, error) {
	h.counter.mu.Lock()
	h.pass.Size += int64(len(b))
	if missing := headSize - len(h.pass.head); missing > 0 {
		h.pass.head = append(h.pass.head[:len(h.pass.head):len(h.pass.head)], b[:min(len(b), missing)]...)
	}
	h.counter.mu.Unlock()
	return h.Cloner.Write(b)
}

func (h *counted) Clone() (hash.Cloner, error) {
	c, err := h.Cloner.Clone()
	if err != nil {
		return nil, err
	}
	return h.counter.counting(c, h.pass.head), nil
}
