package releasepackage

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// introduction opens README.txt of a release package.
const introduction = `RELEASE PACKAGE OF ENVELOPE %s

This package hands over the original of a contract. The file authoritative.pdf is
now that original; %s.

  Released to          %s
  Reason               %s
  Released at          %s UTC
  Released from        the vault of %s
  Controller until then  %s
  Version that ended   %d, SHA-256 %s
  Version handed over  %d, SHA-256 %s

Since the release the vault keeps no authoritative copy. What it keeps are records,
marked copies, and, until receipt is acknowledged and the time for objections is over,
the bytes of this package.

TO ACKNOWLEDGE RECEIPT
Send the vault the SHA-256 of this whole zip file as you received it. The file named
"receipt" holds 32 random bytes, so that only who has the package knows its digest.

TO CHECK THIS PACKAGE
VERIFY.txt gives the steps, and says what each one proves.

FILES, with their SHA-256
`

// saysSo tells where a release version says what it is.
func saysSo(last custody.Version) string {
	if last.Seal.Mode == custody.SealingDetached {
		return fmt.Sprintf("version-statements/%04d.p7s says so, for the\nfile itself cannot be extended", last.Version)
	}
	return "its last page says so"
}

// fileWords say what the files of a package are, by name, or by folder with a
// slash at the end.
var fileWords = map[string]string{
	"authoritative.pdf":     "the original: the release version of the authoritative copy",
	"release-statement.jws": "the vault's signed statement of the release (JWS)",
	"custody/":              "the chain of custody, one signed statement for each step (JWS)",
	"acknowledgments/":      "what the custodian acknowledged, signed with its own key (JWS)",
	"version-statements/":   "the seal of a version that the file itself cannot carry (CMS)",
	"events.json":           "every event of the envelope as it was hashed, with its details",
	"receipt":               "32 random bytes, see above",
	"certificate.json":      "the newest certificate of the vault",
	"certificates/":         "every certificate of the vault (JWS), the first one first",
	"custody-record.pdf":    "the newest certificate as pages to read and file",
	"log/checkpoint":        "the signed checkpoint of the log that the certificate's proofs lead to",
	"rules.md":              "the rules of the vault that were in force",
	"keys/":                 "public keys of the vault; compare them with keys that you got elsewhere",
	"VERIFY.txt":            "how to check all this with ordinary tools",
}

// readme is README.txt of a package with these files.
func (c *Contents) readme(files []File) File {
	var b bytes.Buffer
	last := c.Versions[len(c.Versions)-1]
	ended := c.Versions[max(0, len(c.Versions)-2)]
	r := c.Release
	fmt.Fprintf(&b, introduction, c.Original.EnvelopeID, saysSo(last), r.Recipient, strings.ReplaceAll(r.Reason, "_", " "),
		r.At.UTC().Format("2006-01-02 15:04:05"), c.Original.Custodian.Party.Name, c.Original.Controller.Party.Name,
		r.EndsVersion, ended.Object.SHA256, r.Version, r.SHA256)
	for _, f := range files {
		words := fileWords[f.Name]
		if words == "" {
			words = fileWords[path.Dir(f.Name)+"/"]
		}
		fmt.Fprintf(&b, "\n  %s\n    %s\n    %s\n", f.Name, words, storage.Sum(f.Content))
	}
	return File{"README.txt", b.Bytes()}
}
