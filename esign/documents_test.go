package esign_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/storage"
)

// originals are documents that can be signed; true where they must be normalized
// first.
func originals() (map[string][]byte, map[string]bool) {
	files := map[string][]byte{
		"xref stream": testpdf.XRefStream(2), "object streams": testpdf.ObjectStream(2), "hybrid": testpdf.Hybrid(2),
		"encrypted": testpdf.Encrypted(), "form": testpdf.Form(), "script": testpdf.WithJavaScript(), "attachment": testpdf.WithAttachment(),
		"shared resources": testpdf.Shared(3), "moved offsets": append([]byte("junk\n"), testpdf.Simple(1, "x")...),
	}
	maps.Copy(files, testpdf.Odd())
	return files, map[string]bool{"encrypted": true, "moved offsets": true}
}

// TestDocuments signs and seals every structure. What was normalized has both
// digests on record.
func TestDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	files, rewritten := originals()
	for name, original := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := b.in(t)
			env := own.create(func(r *createRequest) {
				r.Document, r.Signers = original, nil
				r.Fields = []esign.FieldSpec{{Kind: esign.FieldSignature, Role: "buyer", Page: 1, X: 0.1, Y: 0.1, W: 0.5, H: 0.1}}
			})
			if env.Document.Normalized != rewritten[name] {
				t.Errorf("normalized: %v, want %v", env.Document.Normalized, rewritten[name])
			}
			own.sign(own.link(env.ID, "ada@example.com"), "Ada Byron")
			c, err := b.Completion(t.Context(), org, env.ID)
			if err != nil {
				t.Fatal(err)
			}
			whole := mustRead(t, b, c)
			shown := original
			if env.Document.Normalized {
				kept, err := b.Objects.Read(t.Context(), b.get(env.ID).Document.Object)
				if err != nil || !bytes.Equal(kept, original) {
					t.Errorf("the original was not kept: %v", err)
				}
				shown = nil
			}
			own.prefixes(c, whole, shown)
			report, err := pades.Verify(t.Context(), whole, pades.Options{Roots: b.PKI.Roots(), Now: start})
			if err != nil || !report.OK() {
				t.Errorf("seal: %+v, %v", report, err)
			}
			var data struct {
				Document   storage.Digest `json:"document_sha256"`
				Prepared   storage.Digest `json:"prepared_sha256"`
				Normalized bool           `json:"normalized"`
			}
			if err := json.Unmarshal(own.chain(env.ID)[0].Data, &data); err != nil {
				t.Fatal(err)
			}
			if data.Document != storage.Sum(original) || data.Prepared != env.Parts[0].SHA256 || data.Normalized != rewritten[name] {
				t.Errorf("created event %+v", data)
			}
		})
	}
}

func TestNotSignable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	plain := testpdf.Simple(1, "x")
	seal, err := b.sealer.Seal(t.Context(), pades.SealRequest{PDF: plain, At: start})
	if err != nil {
		t.Fatal(err)
	}
	signed := append(bytes.Clone(plain), seal.Appended...)
	create := func(document []byte) error {
		r := request()
		r.Document, r.Fields = document, nil
		_, err := b.Create(t.Context(), r)
		return err
	}
	var not *esign.NotSignableError
	if err := create(signed); !errors.As(err, &not) || not.Reason != "signed" || !errors.Is(err, esign.ErrNotSignable) {
		t.Errorf("signed by another: got %v", err)
	}
	var refused *esign.Refusal
	if err := create(testpdf.Locked()); !errors.As(err, &refused) || refused.Reason != "password" {
		t.Errorf("locked: got %v", err)
	}
	paper := b.paper()
	_, in, err := b.Upload(t.Context(), esign.UploadRequest{OrgID: org, EnvelopeID: paper.ID, Document: signed})
	if err != nil || len(in.Signatures) != 1 {
		t.Fatalf("upload: %+v, %v", in, err)
	}
	if s := in.Signatures[0]; s.Integrity != "valid" || s.Coverage != "whole_file" || s.Trust != "unknown" || s.Level != "B-B" || s.SigningTime == nil {
		t.Errorf("got %+v", s)
	}
	stored := b.get(paper.ID).Document.Inspection
	if len(stored.Signatures) != 1 || stored.Signatures[0].Field != in.Signatures[0].Field {
		t.Errorf("stored %+v", stored)
	}
}

// TestOwnMarks: what bears marks of this system is named at upload and refused
// at create, also written anew.
func TestOwnMarks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	f, err := b.Document(t.Context(), b.link(env.ID, env.Signers[0].Email), esign.Client{})
	if err != nil {
		t.Fatal(err)
	}
	anew, err := pdfinspect.Normalize(t.Context(), f.Content, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"copy": f.Content, "copy, written anew": anew} {
		r := request()
		r.Document, r.Fields = file, nil
		var not *esign.NotAnOriginalError
		if _, err := b.Create(t.Context(), r); !errors.As(err, &not) || !slices.Contains(not.Marks, "copy") {
			t.Errorf("create from a %s: got %v, want a NotAnOriginalError", name, err)
		}
		paper := b.paper()
		_, in, err := b.Upload(t.Context(), esign.UploadRequest{OrgID: org, EnvelopeID: paper.ID, Document: file})
		if err != nil || !slices.Contains(in.OwnMarks, "copy") || !strings.Contains(strings.Join(in.Warnings, "\n"), "copy (") {
			t.Errorf("upload of a %s: %+v, %v", name, in, err)
		}
		if got := b.get(paper.ID).Document.Inspection; err == nil && !slices.Equal(got.OwnMarks, in.OwnMarks) {
			t.Errorf("stored %+v", got)
		}
	}
}

// TestHostileUploads: a typed refusal or an inspection, nothing else.
func TestHostileUploads(t *testing.T) {
	testenv.Long(t)
	t.Parallel()
	b := newBench(t)
	for name, raw := range testpdf.Hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := b.in(t)
			paper := own.paper()
			_, in, err := b.Upload(t.Context(), esign.UploadRequest{OrgID: org, EnvelopeID: paper.ID, Document: raw})
			var refused *esign.Refusal
			if err != nil && !errors.As(err, &refused) && invalid(err) == nil || err == nil && in == nil {
				t.Errorf("upload: got %v, %v", in, err)
			}
			r := request()
			r.Document, r.Fields = raw, nil
			if _, err := b.Create(t.Context(), r); err != nil && !errors.As(err, &refused) && !errors.Is(err, esign.ErrNotSignable) && invalid(err) == nil {
				t.Errorf("create: got %v", err)
			}
		})
	}
}

func TestSignerToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := b.create()
	token, err := b.SignerToken(t.Context(), org, env.ID, env.Signers[0].ID)
	if err != nil || token != forge(1, env.Signers[0].ID) {
		t.Errorf("got %q, %v", token, err)
	}
	if b.get(env.ID).Signers[0].LinkDisclosedAt != nil {
		t.Error("a session of the host counts as a disclosure to the sender")
	}
	for _, c := range []struct {
		org, env, signer string
		want             error
	}{
		{org, env.ID, env.Signers[1].ID, esign.ErrNotYourTurn},
		{org, env.ID, "sgn_nobody", esign.ErrSignerNotFound},
		{"org_other", env.ID, env.Signers[0].ID, esign.ErrNotFound},
		{org, "env_absent", env.Signers[0].ID, esign.ErrNotFound},
	} {
		if _, err := b.SignerToken(t.Context(), c.org, c.env, c.signer); !errors.Is(err, c.want) {
			t.Errorf("%s %s %s: got %v, want %v", c.org, c.env, c.signer, err, c.want)
		}
	}
}
