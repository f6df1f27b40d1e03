package pdftest

import (
	"fmt"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/typeset"
)

const digest = "9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015"

// CopyMark is the mark of a copy.
func CopyMark() copymark.Mark {
	return copymark.Mark{
		EnvelopeID: "env_4k2j9x7q", CopyID: "cpy_8d7f6s5a", Version: 3, SHA256: strings.Repeat("0123456789abcdef", 4),
		At: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
	}
}

// SignerMarks are a typed and a drawn signature, a text, a check mark and an image on a page.
func SignerMarks(page int) []overlay.Mark {
	return []overlay.Mark{
		{
			Page: page, X: 0.1, Y: 0.3, W: 0.35, H: 0.08, Kind: overlay.MarkSignature, Text: "Łukasz Żółć",
			Caption: "Signed by Łukasz Żółć, 2026-11-23 10:00 UTC",
		},
		{
			Page: page, X: 0.55, Y: 0.3, W: 0.35, H: 0.08, Kind: overlay.MarkSignature, PNG: Drawn(),
			Caption: "Signed by Ελένη, 2026-11-23 10:05 UTC",
		},
		{Page: page, X: 0.1, Y: 0.5, W: 0.4, H: 0.04, Kind: overlay.MarkText, Text: "Nguyễn Thị Hồng"},
		{Page: page, X: 0.6, Y: 0.5, W: 0.05, H: 0.04, Kind: overlay.MarkCheck},
		{Page: page, X: 0.7, Y: 0.5, W: 0.2, H: 0.05, Kind: overlay.MarkImage, PNG: Drawn()},
	}
}

// Legend is the line that every page of a prepared file bears.
const Legend = "The authoritative copy is the one in its vault of record; every other file or print is a copy."

// Signatories are n lines of a signature page.
func Signatories(n int) (out []overlay.Signatory) {
	for i := range n {
		out = append(out, overlay.Signatory{Role: fmt.Sprintf("Buyer %d", i+1), Name: "Łukasz Żółć"})
	}
	return out
}

// Certificate is a certificate of completion of 2026-11-23 10:00:05 UTC.
func Certificate(signers, events int) typeset.Report {
	reportAt := time.Date(2026, 11, 23, 10, 0, 5, 0, time.UTC)
	r := typeset.Report{
		Title: "Certificate of completion", Subtitle: "Retail installment sale contract 2026-0417",
		VerifyURL: "https://vault.example.com/api/v2/verify/" + digest,
		Facts: []typeset.Fact{
			{Label: "Envelope", Value: "env_4k2j9x7q8d7f6s5a"}, {Label: "Sender", Value: "Lakeshore Motors LLC"},
		},
		Digests: []typeset.Digest{
			{Label: "Document as uploaded", Hex: digest}, {Label: "SHA-512 of it", Hex: digest + digest},
		},
		Notice: "It is evidence, not a legal opinion.", Footer: "Envelope env_4k2j9x7q8d7f6s5a", At: reportAt,
	}
	for i := range signers {
		r.Signers = append(r.Signers, typeset.Signer{
			Name: fmt.Sprintf("Łukasz Żółć %d", i+1), Role: "Buyer", Email: "lukasz@example.com",
			Authentication: "Signing link sent by e-mail",
			Consent:        "Agreed to do business electronically", Address: "203.0.113.7", Viewed: reportAt,
			Signed: reportAt.Add(time.Minute),
		})
	}
	for i := range events {
		r.Events = append(r.Events, typeset.Event{
			Seq: i + 1, At: reportAt.Add(time.Duration(i) * time.Second), Type: "envelope.viewed", Actor: "sgn_1",
			Detail: fmt.Sprintf("detail-%d.", i+1), Hash: digest,
		})
	}
	return r
}
