package custody

import (
	"slices"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// Witnessed returns the claims that get a witness: those on the deposited file.
// Versions and marked copies have their own rows.
func Witnessed(claims []Claim) []Claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c Claim) bool { return c.Kind == ClaimVersion || c.Kind == ClaimCopy })
}

// WitnessDigest is the claims_sha256 in the event of a deposit: the SHA-256 of
// a line "kind digest" for each claim on the deposited file, with the lines
// sorted. Claims on versions and marked copies are not included.
func WitnessDigest(claims []Claim) storage.Digest {
	var lines []string
	for _, c := range Witnessed(claims) {
		lines = append(lines, string(c.Kind)+" "+string(c.SHA256)+"\n")
	}
	slices.Sort(lines)
	return storage.Sum([]byte(strings.Join(lines, "")))
}
