package httpapi

import "bytes"

// ReadUpload reads a multipart body as the routes do that take a document: createEnvelope when an envelope is wanted, else
// upload. It returns the document, nil when there is none.
func ReadUpload(raw []byte, boundary string, envelope bool) ([]byte, error) {
	c := &call{route: &compiled{route: route{nodes: maxNodes}}}
	if err := c.takeMultipart(bytes.NewReader(raw), int64(len(raw)), boundary); err != nil {
		return nil, err
	}
	if envelope {
		in := &createInput{}
		document, _, err := c.createParts(in)
		if err == nil {
			in.request()
		}
		return document, err
	}
	if err := c.onlyParts("file"); err != nil {
		return nil, err
	}
	if p := c.body.part("file"); p != nil {
		return p.content, nil
	}
	return nil, nil
}
