package pdf

import "sync/atomic"

var watcher atomic.Pointer[func(raw []byte)]

// Watch calls seen with each file that [Open] parses, until stop is called. Tests count by it how often a document is
// parsed; one watches at a time.
func Watch(seen func(raw []byte)) (stop func()) {
	watcher.Store(&seen)
	return func() { watcher.Store(nil) }
}

func tellWatcher(raw []byte) {
	if seen := watcher.Load(); seen != nil {
		(*seen)(raw)
	}
}
