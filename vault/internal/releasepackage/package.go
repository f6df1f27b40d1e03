// Package releasepackage makes what a release hands over: the last page of the release
// version, and the package, a zip file. It reads and keeps nothing.
//
// # Release package, version 1
//
//	authoritative.pdf          the release version
//	release-statement.jws      format in vault/custody
//	custody/0001.jws …         custody statements, first entry first
//	acknowledgments/0001.jws … the custodian's acknowledgments
//	version-statements/0001.p7s … detached seals, where the file cannot carry them
//	events.json                the envelope's event chain: [{"canonical","detail"?,"salt"?}], base64
//	receipt                    32 random bytes: who knows the package's digest has the package
//	VERIFY.txt                 how to check the package, and what each step proves
//	README.txt                 what the package is, with every file and its SHA-256
//
// and the files that More adds, such as those of compliance.
//
// Stability: the format is fixed for ever; the Go API is internal, for package vault.
package releasepackage

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// File is a file of a package.
type File struct {
	Name    string // slashes make folders
	Content []byte
}

// Release is what page and package say of a release.
type Release struct {
	ReleaseID   string
	Reason      string // assignment, payoff, paper_out, termination or other
	Recipient   custody.Recipient
	At          time.Time
	Version     int            // the release version
	SHA256      storage.Digest // of its bytes; unknown to Page
	EndsVersion int            // the last version that was in custody
}

// Contents are what a package is made of.
type Contents struct {
	Release         Release
	Statement       string // release statement, JWS
	Original        *custody.Original
	Versions        []custody.Version // all, by number; the last is the release version
	Document        []byte            // its bytes
	Custody         []custody.Entry
	Acknowledgments []custody.Acknowledgment
	Events          []event.Event
	More            []File
}

// Zip returns the package, with a receipt from random. The same contents and random
// bytes make the same package. A name of More that is taken, or leaves the package, is
// an error.
func (c *Contents) Zip(random io.Reader) ([]byte, error) {
	files, err := c.files(random)
	if err != nil {
		return nil, err
	}
	files = append(append(files, c.More...), File{"VERIFY.txt", []byte(verification)})
	return pack(append([]File{c.readme(files)}, files...), c.Release.At)
}

// files are those that the vault's records make.
func (c *Contents) files(random io.Reader) ([]File, error) {
	receipt := make([]byte, 32)
	if _, err := io.ReadFull(random, receipt); err != nil {
		return nil, err
	}
	events, err := eventsFile(c.Events)
	if err != nil {
		return nil, err
	}
	files := []File{
		{"authoritative.pdf", c.Document},
		{"release-statement.jws", []byte(c.Statement)},
		{"events.json", events},
		{"receipt", receipt},
	}
	for i, x := range c.Custody {
		files = append(files, File{fmt.Sprintf("custody/%04d.jws", i+1), []byte(x.Statement)})
	}
	for i, a := range c.Acknowledgments {
		files = append(files, File{fmt.Sprintf("acknowledgments/%04d.jws", i+1), []byte(a.JWS)})
	}
	for _, x := range c.Versions {
		if x.Statement != nil {
			files = append(files, File{fmt.Sprintf("version-statements/%04d.p7s", x.Version), x.Statement})
		}
	}
	return files, nil
}

func eventsFile(events []event.Event) ([]byte, error) {
	type entry struct {
		Canonical []byte          `json:"canonical"`
		Detail    json.RawMessage `json:"detail,omitempty"`
		Salt      []byte          `json:"salt,omitempty"`
	}
	out := make([]entry, len(events))
	for i, e := range events {
		out[i] = entry{e.Canonical, e.Detail, e.Salt}
	}
	return json.MarshalIndent(out, "", "  ")
}

func pack(files []File, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.Name] || f.Name != path.Clean(f.Name) || strings.HasPrefix(f.Name, "/") || strings.HasPrefix(f.Name, "..") {
			return nil, fmt.Errorf("file name %q", f.Name)
		}
		seen[f.Name] = true
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: at})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.Content); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
