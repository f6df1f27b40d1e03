package pdf

import (
	"iter"
	"maps"
	"math"
	"slices"
	"sort"
)

// EntryKind says how an object is stored.
type EntryKind uint8

// The kinds.
const (
	KindFree       EntryKind = iota // not at all
	KindPlain                       // at a place in the file
	KindCompressed                  // in an object stream
)

// Entry is one cross-reference entry (ISO 32000-2 §7.5.4, §7.5.8.3).
type Entry struct {
	Kind   EntryKind
	Gen    int   // of a plain or free object
	Offset int64 // of a plain object
	Stream int   // number of the object stream of a compressed object
	index  int   // place in it
}

// Generation is the generation number of the object: 0 for a compressed one.
func (e Entry) Generation() int {
	if e.Kind == KindCompressed {
		return 0
	}
	return e.Gen
}

// row is an entry as it is kept: a file may have half a million.
type row struct {
	at   int64 // offset, or number of the object stream
	n    int32 // generation, or place in the object stream
	kind EntryKind
}

func newRow(kind EntryKind, at int64, n int) row {
	return row{kind: kind, at: at, n: int32(min(n, math.MaxInt32))}
}

func (r row) entry() Entry {
	switch r.kind {
	case KindPlain:
		return Entry{Kind: KindPlain, Gen: int(r.n), Offset: r.at}
	case KindCompressed:
		return Entry{Kind: KindCompressed, Stream: int(r.at), index: int(r.n)}
	}
	return Entry{Gen: int(r.n)}
}

// run holds the rows of consecutive object numbers.
type run struct {
	first int
	rows  []row
}

func (r run) end() int { return r.first + len(r.rows) }

// table maps object numbers to entries: runs in ascending order that do not overlap.
type table []run

// at returns the entry of object num; false when the table does not name it.
func (t table) at(num int) (Entry, bool) {
	r := t.row(num)
	if r == nil {
		return Entry{}, false
	}
	return r.entry(), true
}

func (t table) row(num int) *row {
	i := sort.Search(len(t), func(i int) bool { return t[i].end() > num })
	if i == len(t) || num < t[i].first {
		return nil
	}
	return &t[i].rows[num-t[i].first]
}

// all yields every number with its entry, ascending.
func (t table) all() iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		for _, r := range t {
			for i, x := range r.rows {
				if !yield(r.first+i, x.entry()) {
					return
				}
			}
		}
	}
}

func (t table) count() int {
	n := 0
	for _, r := range t {
		n += len(r.rows)
	}
	return n
}

// inUse returns the numbers of all objects that are not free, ascending.
func (t table) inUse() []int {
	n := 0
	for _, r := range t {
		for _, x := range r.rows {
			if x.kind != KindFree {
				n++
			}
		}
	}
	nums := make([]int, 0, n)
	for _, r := range t {
		for i, x := range r.rows {
			if x.kind != KindFree {
				nums = append(nums, r.first+i)
			}
		}
	}
	return nums
}

// over returns t with the entries of older for the numbers that t does not name. It keeps the rows of both.
func (t table) over(older table) table {
	switch {
	case len(t) == 0:
		return older
	case len(older) == 0:
		return t
	}
	out := make(table, 0, len(t)+len(older))
	i, from := 0, 0 // older names are taken from number from on
	for _, r := range older {
		for ; i < len(t) && t[i].first < r.end(); i++ {
			out = out.with(r, from, t[i].first)
			out = append(out, t[i])
			from = t[i].end()
		}
		out = out.with(r, from, r.end())
	}
	return append(out, t[i:]...)
}

// with appends the part of r that lies within [from, to).
func (t table) with(r run, from, to int) table {
	from, to = max(from, r.first), min(to, r.end())
	if from >= to {
		return t
	}
	return append(t, run{from, r.rows[from-r.first : to-r.first]})
}

// tableOf makes a table of runs as a section lists them; where it names a number twice the last one counts.
func tableOf(runs []run) (t table, twice bool) {
	ordered := slices.IsSortedFunc(runs, func(a, b run) int { return a.first - b.first })
	for i := 1; i < len(runs) && ordered; i++ {
		ordered = runs[i-1].end() <= runs[i].first
	}
	if ordered {
		return runs, false
	}
	found := map[int]row{}
	for _, r := range runs {
		for i, x := range r.rows {
			_, known := found[r.first+i]
			twice = twice || known
			found[r.first+i] = x
		}
	}
	return tableOfRows(found), twice
}

func tableOfRows(found map[int]row) (t table) {
	for _, n := range slices.Sorted(maps.Keys(found)) {
		if last := len(t) - 1; last >= 0 && t[last].end() == n {
			t[last].rows = append(t[last].rows, found[n])
			continue
		}
		t = append(t, run{n, []row{found[n]}})
	}
	return t
}
