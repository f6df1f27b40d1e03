package custody

import (
	"slices"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// Witnessed returns the claims that get a witness: those on the file handed in.
// Versions and marked copies have rows of their own.
func Witnessed(claims []Claim) []Claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c Claim) bool { return c.Kind == ClaimVersion || c.Kind == ClaimCopy })
}

// WitnessDigest is what the event of a deposit commits to, as claims_sha256: the
// SHA-256 of a line "kind digest" for each claim on the file handed in, in the
// order of the lines. Claims on versions and marked copies are left out.
func WitnessDigest(claims []Claim) storage.Digest {
	var lines []string
	for _, c := range Witnessed(claims) {
		lines = append(lines, string(c.Kind)+" "+string(c.SHA256)+"\n")
	}
	slices.Sort(lines)
	return storage.Sum([]byte(strings.Join(lines, "")))
}
