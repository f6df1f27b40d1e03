package peers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testheap"
	"github.com/evaultlib/evault/internal/testpdf"
)

func conf() *model.Configuration {
	api.DisableConfigDir()
	c := model.NewDefaultConfiguration()
	c.Offline, c.Optimize, c.OptimizeBeforeWriting = true, false, false
	return c
}

func watermark(raw []byte) error {
	wm, err := api.TextWatermark("Copy", "font:Helvetica, rot:45, opacity:0.1", true, false, types.POINTS)
	if err != nil {
		return err
	}
	return api.AddWatermarks(bytes.NewReader(raw), io.Discard, nil, wm, conf())
}

func validate(raw []byte) error { return api.Validate(bytes.NewReader(raw), conf()) }

func hash(raw []byte) error { sha256.Sum256(raw); return nil }

type verb func(raw []byte) error

func best(b *testing.B, n int, f verb, raw []byte) time.Duration {
	b.Helper()
	least := time.Duration(1<<63 - 1)
	for range n {
		start := time.Now()
		if err := f(raw); err != nil {
			b.Fatal(err)
		}
		least = min(least, time.Since(start))
	}
	return least
}

// beside is one of our verbs and what a peer does that comes nearest.
type beside struct {
	name     string
	ours     verb
	peerName string
	peer     verb
}

// BenchmarkPeers measures ours and the peer in one run. peak-MiB is heap over the file itself; files-held is that and
// the file, in files.
func BenchmarkPeers(b *testing.B) {
	for _, v := range verbs() {
		for _, f := range []struct {
			name string
			raw  []byte
		}{
			{"10_pages_1_MB", testpdf.Sized(10, 1<<20)},
			{"100_pages_20_MB", testpdf.Sized(100, 20<<20)},
			{"100_pages_text", testpdf.Contract(100)},
		} {
			b.Run(v.name+"/"+f.name, func(b *testing.B) { v.measure(b, f.raw) })
		}
	}
}

func verbs() []beside {
	ctx := context.Background()
	mark := overlay.Mark{
		Page: 1, X: 0.1, Y: 0.8, W: 0.4, H: 0.06, Kind: overlay.MarkSignature, Text: "Łukasz Żółć",
		Caption: "Signed by Łukasz Żółć",
	}
	copyMark := copymark.Mark{EnvelopeID: "env_1", CopyID: "cpy_1", Version: 1, SHA256: strings.Repeat("a", 64)}
	return []beside{
		{"MarkCopy", func(raw []byte) error {
			_, err := copymark.MarkCopy(ctx, raw, copyMark)
			return err
		}, "pdfcpu-watermark", watermark},
		{"MarkAndCheckCopy", func(raw []byte) error {
			marked, err := copymark.MarkCopy(ctx, raw, copyMark)
			if err != nil {
				return err
			}
			return copymark.CheckCopy(marked, copymark.DefaultText, "cpy_1")
		}, "pdfcpu-watermark", watermark},
		{"Place", func(raw []byte) error {
			_, err := overlay.Place(ctx, raw, []overlay.Mark{mark}, overlay.PlaceOptions{})
			return err
		}, "pdfcpu-watermark", watermark},
		{"Inspect", func(raw []byte) error {
			_, err := pdfinspect.Inspect(ctx, raw, pdf.Limits{})
			return err
		}, "pdfcpu-validate", validate},
	}
}

func (v beside) measure(b *testing.B, raw []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	least := time.Duration(1<<63 - 1)
	for b.Loop() {
		least = min(least, best(b, 1, v.ours, raw))
	}
	peer, floor := best(b, 15, v.peer, raw), best(b, 15, hash, raw)
	b.ReportMetric(float64(least.Microseconds())/1000, "best-ms")
	b.ReportMetric(float64(least)/float64(peer), "x-"+v.peerName)
	b.ReportMetric(float64(least)/float64(floor), "x-sha256")
	took := func(f verb) int64 { return testheap.Peak(10, func() { best(b, 1, f, raw) }) }
	held := took(v.ours)
	b.ReportMetric(float64(held)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(took(v.peer))/(1<<20), "peer-peak-MiB")
	b.ReportMetric(float64(held+int64(len(raw)))/float64(len(raw)), "files-held")
	if held > 2*int64(len(raw))+32<<20 {
		b.Errorf("%d MiB beside a file of %d", held>>20, len(raw)>>20)
	}
}
