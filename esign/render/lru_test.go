package render_test

import (
	"testing"

	"github.com/evaultlib/evault/esign/render"
)

func TestLRU(t *testing.T) {
	t.Parallel()
	l := render.NewKept(10)
	l.Put(1, make([]byte, 4))
	l.Put(2, make([]byte, 4))
	l.Get(1)                   // now 2 is the oldest
	l.Put(3, make([]byte, 4))  // 2 goes
	l.Put(4, make([]byte, 11)) // never fits, and moves nothing
	for page, want := range map[int]int{1: 4, 2: 0, 3: 4, 4: 0} {
		if got := len(l.Get(page)); got != want {
			t.Errorf("page %d: %d bytes are kept, want %d", page, got, want)
		}
	}
	l.Put(5, make([]byte, 10)) // alone
	for page, want := range map[int]int{1: 0, 3: 0, 5: 10} {
		if got := len(l.Get(page)); got != want {
			t.Errorf("after a large one: page %d: %d bytes are kept, want %d", page, got, want)
		}
	}
	if none := render.NewKept(-1); func() int { none.Put(1, nil); none.Put(2, []byte{1}); return len(none.Get(2)) }() != 0 {
		t.Error("a cache without room keeps an image")
	}
}
