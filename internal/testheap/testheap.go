// Package testheap measures how much memory a function takes at once.
//
// Stability: for the tests of this module only; it may change with any version.
package testheap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Peak runs f and returns how many bytes of heap it took at most over what was
// there before. Garbage counts until it is collected, which is soon: when the heap
// has grown by percent. Nothing else should run beside.
func Peak(percent int, f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(percent))
	runtime.GC()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	idle := heap[0].Value.Uint64()
	most, done, stopped := idle, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(200 * time.Microsecond); ; {
			metrics.Read(heap)
			most = max(most, heap[0].Value.Uint64())
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return int64(most - idle)
}
