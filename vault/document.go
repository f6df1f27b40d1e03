package vault

import (
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/storage"
)

// document is a file that is deposited, hashed and parsed once for all that is made
// of it.
type document struct {
	*storage.Content
	opened    *pdf.Document // the file as it stands, encrypted or not; nil: it cannot be parsed
	openErr   error         // why
	readable  *pdf.Document // opened, or, of an encrypted file, the file decrypted; nil: it cannot be read
	unreadErr error         // why
}

func parseDocument(c *storage.Content) *document {
	d, limits := &document{Content: c}, pdf.Limits{Bytes: c.Size()}
	d.opened, d.openErr = pdf.Open(c.Bytes(), limits)
	if d.readable = d.opened; d.openErr != nil || d.opened.Encrypted() {
		d.readable, d.unreadErr = pdf.Read(c.Bytes(), limits)
	}
	return d
}
