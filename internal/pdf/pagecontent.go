package pdf

import (
	"bytes"
	"io"
)

// Content returns the decoded content streams of a page, joined by line feeds (§7.8.2).
func (d *Document) Content(p Page) ([]byte, error) {
	var b bytes.Buffer
	err := d.appendContent(&b, p)
	return b.Bytes(), err
}

func (d *Document) appendContent(b *bytes.Buffer, p Page) error {
	parts, err := d.contents(p)
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
		if err := d.appendDecoded(b, s); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return nil
}

// contents returns the streams of which a page's content is made, as they are named.
func (d *Document) contents(p Page) (Array, error) {
	o, err := d.Resolve(p.Dict["Contents"])
	if parts, ok := o.(Array); ok || err != nil {
		return parts, err
	}
	return Array{p.Dict["Contents"]}, nil
}

// pageContent returns the decoded content of a page, in buf.
func (d *Document) pageContent(buf *bytes.Buffer, p Page) ([]byte, error) {
	buf.Reset()
	parts, err := d.contents(p)
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
		_, err = buf.ReadFrom(io.LimitReader(r, maxScan+1-int64(buf.Len())))
		r.Close()
		if err != nil {
			return nil, err
		}
		if buf.Len() > maxScan {
			return nil, &Refusal{Reason: ReasonUnsupported, Detail: "page content of more than 16 MiB"}
		}
		buf.WriteByte('\n')
	}
	return buf.Bytes(), nil
}
