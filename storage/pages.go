package storage

import "time"

// Page asks for one page of a list: by number (Number counts from 1) or, when
// Cursor is not "", by the cursor that an earlier page returned.
type Page struct {
	Number int
	Limit  int
	Cursor string
}

// List is one page of a list. Total is -1 when the page was asked by cursor;
// Next is "" on the last page.
type List[T any] struct {
	Items []T
	Total int
	Next  string
}

// Place is where an item stands in a list that is ordered by time and id, newest first.
type Place struct {
	At time.Time
	ID string
}
