package render

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"sync"
)

type key struct {
	pdf         [sha256.Size]byte
	page, width int
}

// lru keeps the images last asked for, bounded by their bytes.
type lru struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *entry, newest first
	at    map[key]*list.Element
}

type entry struct {
	key   key
	image []byte
}

func newLRU(limit int64) *lru {
	return &lru{limit: limit, order: list.New(), at: map[key]*list.Element{}}
}

// get returns a copy of the image, or nil.
func (l *lru) get(k key) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.at[k]
	if !ok {
		return nil
	}
	l.order.MoveToFront(e)
	return bytes.Clone(e.Value.(*entry).image)
}

// put keeps a copy of image, unless it alone is more than all may be.
func (l *lru) put(k key, image []byte) {
	size := int64(len(image))
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.at[k]; ok || size > l.limit {
		return
	}
	for l.bytes+size > l.limit {
		last := l.order.Back()
		gone := l.order.Remove(last).(*entry)
		delete(l.at, gone.key)
		l.bytes -= int64(len(gone.image))
	}
	l.at[k] = l.order.PushFront(&entry{k, bytes.Clone(image)})
	l.bytes += size
}
