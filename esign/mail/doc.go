// Package mail notifies signers by e-mail: it has an [esign.Notifier] that
// passes each notice to an SMTP server (RFC 5321), as text and HTML, in the
// signer's language.
//
//	notices, err := mail.New(mail.Config{
//		Addr: "smtp.example.com:587", Username: "evault", Password: password,
//		From: netmail.Address{Name: "Example Signing", Address: "signing@example.com"},
//	})
//	… embedded.Options{Notifier: notices}
//
// The engine queues notices and tries again ([esign.Engine.NotifyDue]); this
// package makes one attempt and reports its failure. A permanent refusal by the
// server is an [*esign.UndeliverableError], and the signer is then marked
// undeliverable; every other error is temporary.
//
// A message is made for mail servers that sign it (DKIM, RFC 6376): it has Date, From, To, Subject
// and a Message-ID, which is the same at every attempt of a notice and names its signer, for
// [SignerOf]. Auto-Submitted (RFC 3834) keeps vacation responders silent. The host handles messages
// that bounce later: [ReadReport] reads the notification sent to Config.ReturnPath, and
// [esign.Engine.MarkUndeliverable] records it.
//
// The links and codes in messages are secrets. No error of this package
// contains one, or an address; of a server's reply only the codes are kept.
//
// The words come from package texts. A host changes the wording there, and the
// layout with Config.HTML and Config.Text.
//
// Stability: a Message-ID keeps its form, so that reports on older messages are read.
// Layouts and wording may change with any version, the Go API until v1.
package mail
