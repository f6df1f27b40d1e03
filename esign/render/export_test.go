package render

// Kept is the LRU cache alone.
type Kept = lru

// NewKept makes one.
func NewKept(limit int64) *Kept { return newLRU(limit) }

// Put keeps an image for a page.
func (l *lru) Put(page int, image []byte) { l.put(key{page: page}, image) }

// Get returns the image of a page.
func (l *lru) Get(page int) []byte { return l.get(key{page: page}) }
