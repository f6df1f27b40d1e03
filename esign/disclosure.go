package esign

import (
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
)

// Disclosure is the statement that a consumer must receive before consenting to electronic records,
// 15 USC 7001(c)(1)(B) and (C)(i): the right to paper, to withdraw and how, what the consent
// covers, how to update contact data, how to get paper copies, and the hardware and software that
// is needed.
type Disclosure struct {
	Version string
	Locale  string // BCP 47
	Title   string
	Text    string // paragraphs separated by empty lines
}

// SHA256 is the digest of the canonical encoding of all four fields.
func (d Disclosure) SHA256() storage.Digest {
	b, err := canonjson.Marshal(map[string]string{"locale": d.Locale, "text": d.Text, "title": d.Title, "version": d.Version})
	if err != nil {
		return ""
	}
	return storage.Sum(b)
}

// whole reports whether the disclosure is complete and canonical.
func (d Disclosure) whole() bool {
	for _, s := range []string{d.Version, d.Locale, d.Title, d.Text} {
		if s == "" || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// DefaultDisclosure is an English disclosure that names no sender: hosts whose
// signers are consumers should write their own, with their addresses and fees.
func DefaultDisclosure() Disclosure {
	return Disclosure{Version: "1", Locale: "en-US", Title: "Consent to electronic records and signatures", Text: defaultDisclosure}
}

const defaultDisclosure = `You are asked to read and sign a document electronically. Please read this first.

What you agree to. You agree to receive the document named on the signing page, and the notices that belong to it, as electronic records, and to sign it electronically. Your agreement covers this transaction only.

Paper. You may have the document on paper instead. To ask for it, or for a paper copy after you have signed, answer the message that brought you here. The sender tells you before making a copy if there is a charge for it.

Withdrawing. You may withdraw this consent at any time, by the button on the signing page or by answering the message that brought you here. There is no fee. Until you sign, withdrawing means that you cannot sign electronically. A signature that you gave before you withdrew stays valid.

Your contact data. Tell the sender of a new e-mail address by answering the message that brought you here.

What you need. A device with a current web browser, an e-mail account, a program that shows PDF files, and storage or a printer to keep them. If a change of these needs could keep you from reading your records, you will be told and asked again.

Keeping your copy. You can download a copy of the document from the signing page now, and of the completed document once all have signed.`
