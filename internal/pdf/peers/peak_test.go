package peers_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// peak runs f and returns how many bytes of heap it took at most over what was there before, the file it works on
// among that. Garbage counts until it is collected, which is soon.
func peak(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
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
