package httpapi_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/testpdf"
)

// FuzzUpload takes anything as a multipart body with the boundary "x", reads it as the routes do that take a document,
// and does with the document what is done before it is kept: inspection, and a marked copy for the signer. Every error is
// one that the table of problems blames on the client.
func FuzzUpload(f *testing.F) {
	for _, body := range uploads() {
		f.Add(body.route == toCreate, body.bytes)
	}
	limits := esign.Limits{Bytes: 1 << 20, Objects: 5000, Decoded: 1 << 20, Depth: 50}
	inspector := esign.InProcess(limits, x509.NewCertPool())
	f.Fuzz(func(t *testing.T, envelope bool, body []byte) {
		ctx := t.Context()
		document, err := httpapi.ReadUpload(body, "x", envelope)
		if err != nil || document == nil {
			clientsFault(t, err)
			return
		}
		in, err := inspector.Inspect(ctx, document)
		if err != nil {
			clientsFault(t, err)
			return
		}
		if in.Pages < 1 {
			t.Errorf("accepted without a page: %+v", in)
		}
		marked, err := copymark.MarkCopy(ctx, document, copymark.Mark{CopyID: "cpy_1", Limits: pdf.Limits(limits)})
		var refusal *pdf.Refusal
		if err != nil {
			if !errors.As(err, &refusal) || strings.Contains(err.Error(), "runtime error") {
				t.Errorf("no copy: %v", err)
			}
			return
		}
		if err := copymark.CheckCopy(marked, copymark.DefaultText, "cpy_1"); err != nil {
			t.Errorf("the copy is none: %v", err)
		}
	})
}

func clientsFault(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if status, code, _ := httpapi.Judge(err); status >= 500 || strings.Contains(err.Error(), "runtime error") {
		t.Errorf("got %d %s for %v", status, code, err)
	}
}

const (
	toCreate = iota
	toUpload
	toVault
	routes
)

type uploadBody struct {
	route byte
	bytes []byte
}

// uploads are bodies for each route.
func uploads() (all []uploadBody) {
	head := func(name, contentType string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"f.pdf\"\r\nContent-Type: " + contentType + "\r\n\r\n"
	}
	envelope := head("envelope", "application/json") + `{"customer_email":"a@example.com","customer_name":"A","signers":[{"email":"a@example.com","name":"A"}]}` + "\r\n"
	request := head("request", "application/json") + `{"jurisdiction":"US-NY"}` + "\r\n"
	add := func(route byte, body string) { all = append(all, uploadBody{route, []byte(body)}) }
	for _, raw := range [][]byte{
		testpdf.Simple(1, "x"), testpdf.XRefStream(1), testpdf.ObjectStream(1), testpdf.Hybrid(1), testpdf.Form(), testpdf.Encrypted(),
		testpdf.WithJavaScript(), testpdf.WithAttachment(), testpdf.Unruly(), []byte("no PDF"),
	} {
		end := string(raw) + "\r\n--x--\r\n"
		add(toCreate, envelope+head("document", "application/pdf")+end)
		add(toUpload, head("file", "application/pdf")+end)
		add(toVault, request+head("file", "application/pdf")+end)
	}
	add(toUpload, "--x\r\n\r\n--x--")
	add(toCreate, envelope+"--x--")
	return all
}

// FuzzUploadRoutes sends such bodies to the routes of a whole installation. Each is answered without an error of the
// server, a refusal by a problem with a code, and a PDF that was taken is kept as it came. It does few inputs a second.
func FuzzUploadRoutes(f *testing.F) {
	for _, body := range uploads() {
		f.Add(body.route, body.bytes)
	}
	h := newHouse(f)
	multipart := header("Content-Type", "multipart/form-data; boundary=x")
	empty := ""
	f.Fuzz(func(t *testing.T, route byte, body []byte) {
		if empty == "" {
			empty = h.create(t, paper)
		}
		at := "/partner/envelopes/" + empty
		path := map[byte]string{toCreate: "/partner/envelopes", toUpload: at + "/upload", toVault: at + "/vault-in-upload"}[route%routes]
		a := h.do(t, "POST", path, body, multipart)
		code, _ := a.get("code").(string)
		switch {
		case a.Status >= 500 || (a.Status >= 400 && code == ""):
			t.Fatalf("%s: got %d %s", path, a.Status, a.Body)
		case a.Status >= 400:
			return
		case route%routes == toCreate:
			h.do(t, "GET", "/partner/envelopes/"+a.str("data.envelope_id"), nil).want(200)
		case route%routes == toUpload:
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
