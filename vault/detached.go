package vault

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// VerifyVersions verifies the detached seals of a file, first version first: each is a valid
// CMS by a certificate that leads to roots, names the digest of the file and of the one
// before. options gives the options for statement i, counted from 0: each was signed at a time
// of its own. ErrStatement names the one that fails.
func VerifyVersions(ctx context.Context, statements [][]byte, file storage.Digest, options func(i int) pades.Options) ([]custody.VersionStatement, error) {
	var out []custody.VersionStatement
	var prev storage.Digest
	for i, der := range statements {
		fail := func(why any) ([]custody.VersionStatement, error) {
			return nil, fmt.Errorf("version statement %d: %w: %v", i+1, custody.ErrStatement, why)
		}
		content, report, err := pades.VerifyStatement(ctx, der, options(i))
		if err != nil {
			return fail(err)
		}
		if !report.OK() {
			return fail(report.Problem)
		}
		var s custody.VersionStatement
		switch err := canonjson.Unmarshal(content, &s); {
		case err != nil:
			return fail(err)
		case s.V != custody.StatementVersion || s.Version != i+1 || s.SHA256 != file || s.Prev != prev:
			return fail("does not follow")
		}
		out, prev = append(out, s), storage.Sum(der)
	}
	return out, nil
}
