package httpapi

import (
	"bytes"
	"net/http/httptest"
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
)

// ReadUpload reads a multipart body as the routes do that take a document: createEnvelope when an envelope is wanted, else
// upload. It returns the document, nil when there is none.
func ReadUpload(raw []byte, boundary string, envelope bool) ([]byte, error) {
	r := httptest.NewRequest("POST", "/", bytes.NewReader(raw)) //nolint:noctx // ends with the body
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	c := &call{Call: rest.New(httptest.NewRecorder(), r, time.Time{}, func(string) string { return "" })}
	bodies := rest.NewBodies(2*int64(len(raw)), time.Minute)
	accept := rest.Accept{Media: []string{"multipart/form-data"}, Absent: noFile, Limit: int64(len(raw)), Values: maxValues}
	if err := bodies.Read(c.Call, accept, "fuzz"); err != nil {
		return nil, err
	}
	if envelope {
		in := &createInput{}
		document, _, err := c.partsOf("envelope", in, func() *documentInput { return in.Document })
		if err == nil {
			in.request()
		}
		return document, err
	}
	if err := c.OnlyParts("file"); err != nil {
		return nil, err
	}
	if p := c.Body.Part("file"); p != nil {
		return p.Content, nil
	}
	return nil, nil
}
