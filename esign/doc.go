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
// An e-sign document is prepared once, before anyone sees it: a legend on each
// page and, for who has no signature field, a signature page. Each signature
// appends an incremental update; then come the certificate of completion and the
// PAdES seal. Nothing is ever rewritten, so what each signer was shown
// (presented_sha256 in the signed event) is a byte prefix of the completion.
// A paper PDF is inspected and never changed.
//
// # Reading
//
// A signer reads the PDF ([Engine.Document], every page marked as a copy) or, with
// a [Renderer], pictures of its pages ([Engine.PageImage]), drawn from the very
// bytes that the signature will be about. Either is the read that a signature
// needs. esign/render has a Renderer; a host that does not want its weight goes
// without.
//
// # Names in many scripts
//
// Names, dates and fields are drawn with DejaVu, joined and in reading order:
// Latin with Vietnamese, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic.
// Chinese, Japanese, Korean, Thai and the Indic scripts want a font of the host's
// ([Config].Fonts); without one the request is refused and the character named
// (rule glyph_missing). docs/scripts.md has the table.
//
// # Signed and sealed
//
// The last signature and the seal are two durable states. When the seal fails,
// because a time-stamp authority does not answer for instance, the envelope stays
// signed, says why (SealingError), and [Engine.SealDue] tries again.
//
// # Events
//
// Every change appends an event to the envelope's hash chain in the same
// transaction. Notices to signers are rows of that transaction too;
// [Engine.NotifyDue] hands them to the host's [Notifier].
//
// # Use
//
// An [Engine] is safe for concurrent use, starts no goroutine and holds no state.
// Periodic work is [Engine.SealDue], [Engine.ExpireDue], [Engine.RemindDue] and
// [Engine.NotifyDue], which any number of replicas may call. [Engine.With] gives the
// verbs that are SQL alone inside a host's transaction. The Store interface is
// unstable until v1.
//
// Stability: what an envelope's events, documents and certificates of completion say
// stays readable for ever, and the text of a disclosure never changes under its
// version. The Go API may change until v1, and the Store interface may grow until then.
package esign
