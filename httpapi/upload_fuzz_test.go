package httpapi_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// FuzzUpload sends anything as a multipart body with the boundary "x": to create an envelope, to bring the PDF of a paper
// envelope, to vault one. Each is answered without an error of the server, a refusal by a problem with a code, and a PDF
// that was taken is kept as it came.
func FuzzUpload(f *testing.F) {
	if testing.Short() {
		f.Skip("a whole installation, in one goroutine: not with -short")
	}
	const (
		create = iota
		upload
		vault
		routes
	)
	head := func(name, contentType string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"f.pdf\"\r\nContent-Type: " + contentType + "\r\n\r\n"
	}
	envelope := head("envelope", "application/json") + `{"customer_email":"a@example.com","customer_name":"A","signers":[{"email":"a@example.com","name":"A"}]}` + "\r\n"
	request := head("request", "application/json") + `{"jurisdiction":"US-NY"}` + "\r\n"
	for _, raw := range [][]byte{
		testpdf.Simple(1, "x"), testpdf.XRefStream(1), testpdf.ObjectStream(1), testpdf.Hybrid(1), testpdf.Form(), testpdf.Encrypted(),
		testpdf.WithJavaScript(), testpdf.WithAttachment(), testpdf.Hostile()["double bomb"], []byte("no PDF"),
	} {
		end := string(raw) + "\r\n--x--\r\n"
		f.Add(byte(create), []byte(envelope+head("document", "application/pdf")+end))
		f.Add(byte(upload), []byte(head("file", "application/pdf")+end))
		f.Add(byte(vault), []byte(request+head("file", "application/pdf")+end))
	}
	f.Add(byte(upload), []byte("--x\r\n\r\n--x--"))
	f.Add(byte(create), []byte(envelope+"--x--"))
	h := newHouse(f)
	multipart := header("Content-Type", "multipart/form-data; boundary=x")
	empty := ""
	f.Fuzz(func(t *testing.T, route byte, body []byte) {
		if empty == "" {
			empty = h.create(t, paper)
		}
		at := "/partner/envelopes/" + empty
		path := map[byte]string{create: "/partner/envelopes", upload: at + "/upload", vault: at + "/vault-in-upload"}[route%routes]
		a := h.do(t, "POST", path, body, multipart)
		code, _ := a.get("code").(string)
		switch {
		case a.Status >= 500 || (a.Status >= 400 && code == ""):
			t.Fatalf("%s: got %d %s", path, a.Status, a.Body)
		case a.Status >= 400:
			return
		case route%routes == create:
			h.do(t, "GET", "/partner/envelopes/"+a.str("data.envelope_id"), nil).want(200)
		case route%routes == upload:
			kept := a.str("data.document.sha256")
			if at := bytes.Index(body, []byte("%PDF-")); at < 0 || !contains(body, kept) {
				t.Errorf("what is kept, %s, was not sent", kept)
			}
			empty = ""
		default:
			empty = ""
		}
	})
}

// contains reports whether some part of body has the given digest.
func contains(body []byte, digest string) bool {
	for i := range body {
		if !bytes.HasSuffix(body[:i], []byte("\n\r\n")) && !bytes.HasSuffix(body[:i], []byte("\n\n")) {
			continue
		}
		for j := i; j < len(body); j++ {
			if rest := body[j:]; (bytes.HasPrefix(rest, []byte("\r\n--x")) || bytes.HasPrefix(rest, []byte("\n--x"))) && sum(body[i:j]) == digest {
				return true
			}
		}
	}
	return false
}
