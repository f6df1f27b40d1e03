package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkStatus polls a status through the whole handler, without a network.
func BenchmarkStatus(b *testing.B) {
	h := newHouse(b)
	at := "/api/v2/partner/envelopes/" + h.create(b, paper) + "/status"
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, at, nil)
		r.Header.Set("X-API-Key", h.key)
		for pb.Next() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK && w.Code != http.StatusTooManyRequests {
				b.Fatal(w.Code)
			}
		}
	})
}
