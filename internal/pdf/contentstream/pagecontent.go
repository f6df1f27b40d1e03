package contentstream

import (
	"bytes"
	"io"

	"github.com/evaultlib/evault/internal/pdf"
)

// Content returns the decoded content streams of a page, joined by line feeds (§7.8.2).
func Content(d *pdf.Document, p pdf.Page) ([]byte, error) {
	var b bytes.Buffer
	err := AppendContent(d, &b, p)
	return b.Bytes(), err
}

// AppendContent appends the decoded content of p to b, as [Content] returns it.
func AppendContent(d *pdf.Document, b *bytes.Buffer, p pdf.Page) error {
	parts, err := contents(d, p)
	if err != nil {
		return err
	}
	for _, part := range parts {
		s, err := d.Stream(part)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		if err := d.AppendDecoded(b, s); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return nil
}

// contents returns the streams of which a page's content is made, as they are named.
func contents(d *pdf.Document, p pdf.Page) (pdf.Array, error) {
	o, err := d.Resolve(p.Dict["Contents"])
	if parts, ok := o.(pdf.Array); ok || err != nil {
		return parts, err
	}
	return pdf.Array{p.Dict["Contents"]}, nil
}

// PageContent returns the decoded content of a page, in buf.
func PageContent(d *pdf.Document, buf *bytes.Buffer, p pdf.Page) ([]byte, error) {
	buf.Reset()
	parts, err := contents(d, p)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		s, err := d.Stream(part)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		r, err := d.Reader(s)
		if err != nil {
			return nil, err
		}
		_, err = buf.ReadFrom(io.LimitReader(r, MaxScan+1-int64(buf.Len())))
		r.Close()
		if err != nil {
			return nil, err
		}
		if buf.Len() > MaxScan {
			return nil, &pdf.Refusal{Reason: pdf.ReasonUnsupported, Detail: "page content of more than 16 MiB"}
		}
		buf.WriteByte('\n')
	}
	return buf.Bytes(), nil
}
