package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/uptrace/bun"
	"gocloud.dev/blob"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// Options says what an installation is made of. All are optional, but Dir must
// be given unless DB, Bucket and every field of Keys are.
type Options struct {
	// Dir keeps what the host does not give: database, documents, keys. It is made
	// when it is not there; its parent must exist.
	Dir string
	// DB is the host's database, SQLite or PostgreSQL; the host closes it.
	// Default: Dir/evault.db.
	DB *bun.DB
	// Bucket holds the documents; the host closes it. Default: Dir/blobs.
	Bucket *blob.Bucket
	// Anchors holds the checkpoints of the log, apart from database and documents;
	// the host closes it. They are what shows that database or documents were set
	// back to an earlier state, and it helps only as far as a restore, or whoever
	// makes one, does not reach them: another account, or a bucket with an object
	// lock. Give an existing log its checkpoints there before it starts (copy
	// checkpoints/ and checkpoints-*/ from Bucket, or Dir/blobs), else it is rewound.
	// Default: beside the documents, so that a backup of everything is not detected
	// when it is restored; certificates say which it is.
	Anchors *blob.Bucket
	// BeforeWrite is blobstore.Config.BeforeWrite. Default: none.
	BeforeWrite func(as func(any) bool) error
	// NoMigrate leaves the schema to the host (sqlstore.DB.Migrate): Open then
	// fails with storage.ErrSchema when it is too old. Default: Open migrates.
	NoMigrate bool

	Keys        Keys              // default: see Keys
	Timestamper pades.Timestamper // time-stamps on seals (level B-T); default: none (B-B)

	// Custodian holds the copies of every organization. Its Signer may be nil: the
	// key is Keys.Custodian then. Default: none, each organization keeps its own.
	Custodian *vault.Custodian
	// LogOrigin names the transparency log for ever; no space, no plus sign.
	// Default: "evault.local/" and a fingerprint of the log's first key.
	LogOrigin string
	// CertifiedBy names who certifies Keys.Certificates. Default: nobody, and
	// certificates say so in their legal notice.
	CertifiedBy string
	// Issuer is the legal name of who runs the installation, printed as the issuer of
	// certificates. Default: the name of Custodian; without one, "not stated".
	Issuer string
	// Remarks are sentences added to that notice. Default: none.
	Remarks []string

	// BaseURL is where clients reach the host, scheme and host. Default:
	// http://localhost.
	BaseURL string
	// SigningURL is the address of a signing link, for notices. Default: BaseURL,
	// "/api/v2/sign/" and the token.
	SigningURL func(token string) string
	// VerifyURL is where anyone asks what bytes are to the vault, for the QR codes
	// on certificates of completion and custody records. Default: BaseURL,
	// "/api/v2/verify/" and the digest.
	VerifyURL func(sha256 storage.Digest) string
	Notifier  esign.Notifier // who tells signers, such as a *mail.Notifier; default: nobody
	// Sender gives contact and logo of an organization, for signers' pages and mails. An
	// empty LegalName is that of the registered organization. Default: the name alone.
	Sender func(ctx context.Context, orgID string) (esign.Sender, error)
	// Renderer draws the page images of the signing page, such as a *render.Renderer;
	// the host closes it. Default: none, signers read the PDF.
	Renderer esign.Renderer
	// Fonts are TrueType or OpenType fonts for names and texts, tried after the
	// bundled ones, which lack Chinese, Japanese, Korean, Thai and Indic scripts
	// (docs/scripts.md). Default: none.
	Fonts [][]byte
	// Inspector examines files. Default: esign/inspect's limited child processes
	// where the host's main begins with inspect.Main(), else this process, where a
	// hostile file is counted but not held within memory and time.
	Inspector esign.Inspector

	// The last word on settings: of the seals (a pades.Extender for levels B-LT and
	// B-LTA, say) and of the engines. Default: none.
	Seal       func(*pades.Config)
	ESign      func(*esign.Config)
	Vault      func(*vault.Config)
	Compliance func(*compliance.Config)
	Handover   func(*handover.Config)

	// Env: Now defaults to this machine's clock, on PostgreSQL corrected to the database's.
	storage.Env
}

func (o *Options) setDefaults() error {
	if o.BaseURL == "" {
		o.BaseURL = "http://localhost"
	}
	if u, err := url.Parse(o.BaseURL); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o.BaseURL {
		return errors.New("Options.BaseURL must be scheme and host, such as https://sign.example")
	}
	if o.SigningURL == nil {
		base := o.BaseURL
		o.SigningURL = func(token string) string { return base + "/api/v2/sign/" + token }
	}
	if o.VerifyURL == nil {
		base := o.BaseURL
		o.VerifyURL = func(sha256 storage.Digest) string { return base + "/api/v2/verify/" + string(sha256) }
	}
	if strings.ContainsAny(o.LogOrigin, " +\n") {
		return fmt.Errorf("Options.LogOrigin %q contains a space or a plus sign", o.LogOrigin)
	}
	now := o.Now
	o.Env = o.Env.WithDefaults()
	o.Now = now // nil chooses the database's clock where it has one
	return nil
}
