package storage

import (
	"fmt"
	"hash"
	"slices"
)

// Content is bytes that were hashed, with the digests of their prefixes: the state of SHA-256 is
// kept at some lengths, and the digest of any prefix is computed from the nearest earlier state. So
// bytes are not hashed again when the content is cut or extended. The bytes must not be changed. A
// Content is not safe for concurrent use.
type Content struct {
	bytes  []byte
	states []hashState // ascending; the last is that of all bytes
}

// hashState is the state of SHA-256 after n bytes.
type hashState struct {
	n    int
	hash hash.Cloner
}

// NewContent hashes b once and keeps the states at the lengths in at; lengths
// greater than that of b are ignored.
func NewContent(b []byte, at ...int) *Content {
	c := &Content{bytes: b[:0:0], states: []hashState{{0, newHash()}}}
	return c.grow(b, at)
}

// grow is c with b, which begins with the bytes of c.
func (c *Content) grow(b []byte, at []int) *Content {
	old := len(c.bytes)
	next := &Content{bytes: b, states: slices.Clone(c.states)}
	at = append(slices.Clone(at), len(b))
	slices.Sort(at)
	for _, n := range slices.Compact(at) {
		if n >= old && n <= len(b) {
			next.state(n)
		}
	}
	return next
}

// Bytes returns the bytes, which must not be changed.
func (c *Content) Bytes() []byte { return c.bytes }

// Size is the number of bytes.
func (c *Content) Size() int64 { return int64(len(c.bytes)) }

// SHA256 returns the digest of all bytes.
func (c *Content) SHA256() Digest { return digest(c.state(len(c.bytes))) }

// Begin returns the digest of the first n bytes, or "" if there are fewer.
func (c *Content) Begin(n int64) Digest {
	if n < 0 || n > c.Size() {
		return ""
	}
	return digest(c.state(int(n)))
}

// Cut returns the first n bytes, or all if there are fewer, as a separate Content.
func (c *Content) Cut(n int64) *Content {
	n = min(max(n, 0), c.Size())
	c.state(int(n))
	i, _ := c.find(int(n))
	return &Content{bytes: c.bytes[:n:n], states: slices.Clone(c.states[:i+1])}
}

// Append returns the bytes of c followed by more, and hashes only more. It does not change c.
func (c *Content) Append(more []byte) *Content {
	return c.grow(slices.Concat(c.bytes, more), nil)
}

// State returns the state of SHA-256 after all bytes. The caller may change it.
func (c *Content) State() hash.Cloner { return clone(c.state(len(c.bytes))) }

// StateAt returns the state of SHA-256 after the first n bytes, or nil if there
// are fewer. The caller may change it.
func (c *Content) StateAt(n int64) hash.Cloner {
	if n < 0 || n > c.Size() {
		return nil
	}
	return clone(c.state(int(n)))
}

// state returns the state after n bytes and keeps it.
func (c *Content) state(n int) hash.Cloner {
	i, found := c.find(n)
	if found {
		return c.states[i].hash
	}
	before := c.states[i-1]
	h := clone(before.hash)
	h.Write(c.bytes[before.n:n])
	c.states = slices.Insert(c.states, i, hashState{n, h})
	return h
}

func (c *Content) find(n int) (int, bool) {
	return slices.BinarySearchFunc(c.states, n, func(s hashState, n int) int { return s.n - n })
}

func clone(h hash.Cloner) hash.Cloner {
	c, err := h.Clone()
	if err != nil { // not of the standard library's SHA-256
		panic(fmt.Sprintf("storage: SHA-256 state: %v", err))
	}
	return c
}
