package certificate

import (
	_ "embed" // for the rules document

	"github.com/evaultlib/evault/storage"
)

// RulesVersion is the version of the rules document of this build.
const RulesVersion = "1"

//go:embed rules.md
var rules string

// Rules returns the rules document, Markdown in UTF-8: the system's rules, to be
// readily available for review (UCC 9-306A(b), 2022). Certificates name its
// digest. A change of the text is a new RulesVersion.
func Rules() string { return rules }

// RulesSHA256 is the digest of Rules.
func RulesSHA256() storage.Digest { return storage.Sum([]byte(rules)) }
