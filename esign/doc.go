// Package esign runs envelopes: a PDF on its way to the signatures of one or
// more signers, or a paper contract on its way to the vault.
//
//	           create            send       a read     last signature      seal
//	e-sign ──▶ preparing ───────▶ sent ───▶ viewed ───▶ signed ─────────▶ completed ─▶ vaulted ─▶ released
//	                                └──────────┴──▶ declined, expired
//	           create      upload
//	paper  ──▶ pending ───▶ uploaded ─────────────────────────────────────────────▶ vaulted ─▶ released
//
// Before the last signature, paper until it is vaulted, void leads to voided.
// [Status.After] is the one table that decides.
//
// # Which bytes
//
// An e-sign document is prepared once, before anyone sees it: each page gets a legend, and signers
// without a signature field get a signature page. Each signature appends an incremental update,
// followed by the certificate of completion and the PAdES seal. Nothing is ever rewritten, so the
// document shown to each signer (presented_sha256 in the signed event) is a byte prefix of the
// completion. A paper PDF is inspected and never changed.
//
// # Reading
//
// A signer reads the PDF ([Engine.Document], every page marked as a copy) or, with a [Renderer],
// pictures of its pages ([Engine.PageImage]), drawn from the bytes to be signed. Either satisfies
// the requirement to read before signing. esign/render has a Renderer; it is optional because of
// its size.
//
// # Names in many scripts
//
// Names, dates and fields are drawn with DejaVu, joined and in reading order: Latin with
// Vietnamese, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic. Chinese, Japanese, Korean, Thai
// and the Indic scripts need a font supplied by the host ([Config].Fonts); without one the request
// is refused, and the error names the character (rule glyph_missing). docs/scripts.md has the
// table.
//
// # Signed and sealed
//
// The last signature and the seal are two durable states. If the seal fails,
// for example because a time-stamp authority is unavailable, the envelope stays
// signed, SealingError says why, and [Engine.SealDue] tries again.
//
// # Events
//
// Every change appends an event to the envelope's hash chain in the same transaction. Notices to
// signers are queued in the same transaction; [Engine.NotifyDue] passes them to the host's
// [Notifier].
//
// # Use
//
// An [Engine] is safe for concurrent use, starts no goroutine and holds no state. Periodic work is
// [Engine.SealDue], [Engine.ExpireDue], [Engine.RemindDue] and [Engine.NotifyDue], which any number
// of replicas may call. [Engine.With] provides the verbs that execute only SQL inside a host's
// transaction. The Store interface is unstable until v1.
//
// Stability: what an envelope's events, documents and certificates of completion say
// stays readable for ever, and the text of a disclosure never changes under its
// version. The Go API may change until v1, and the Store interface may grow until then.
package esign
