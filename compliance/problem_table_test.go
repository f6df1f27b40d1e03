package compliance_test

// problems are what a check or a finding says is wrong, each with the stories and
// edits in which it is so: it is printed in these and in no others.
var problems = map[string][]string{
	"%d changes of custody are recorded as events, %d in the custody chain.": {
		"no event is left", "the custody event is gone",
	},
	"%d deposits are recorded for the envelope, not one.": {
		"no event is left", "the deposit has no event", "the event of the deposit is gone",
	},
	"%d versions are on record; by the record of the copy there are %d.": {"the number of the version in the row"},
	"%s Control was not examined.":                                       {"none by default", "none classified", "none declared"},
	"A paper original is held by %s, as declared, and no receipt for it is on record.": {
		"the paper is held without a receipt",
	},
	"An earlier certificate does not verify: %v.": {
		"a certificate is gone", "a certificate is overwritten", "an event that a certificate proves is cut off",
		"no event is left", "the end of the chain is cut off",
	},
	"Another envelope in this installation claims the same %s, %s.": {
		"a claim is another's", "a copy vaulted", "the marked copy is another's", "vaulted twice",
	},
	"By its record, version %d extends other bytes than those before it.": {
		"the deposit's digest in the row", "the paper's file is none", "what a version extends",
	},
	"Custody entry %d has no event that names its statement and its actor.": {
		"the key's consent is taken out", "the key's consent is to another sale",
		"no event is left", "the custody event is gone", "the custody statement names another controller",
		"the custody statement names another kind of custodian",
	},
	"Custody entry %d names no actor.": {"nobody"},
	"It is not proved under which law the record was deposited. It was examined under the default of this installation.": {
		"an event is taken out of the log", "no event is left", "the checkpoint's signature",
		"the deposit has no event", "the event of the deposit is gone", "the log was set back",
	},
	"No integrity check is on record.": {
		"no event is left", "the deposit has no event", "the event of the deposit is gone",
	},
	"No proved attestation says who signed the document.": {
		"paper, nothing declared", "the details of the paper's deposit are gone",
	},
	"No proved declaration says where the file comes from, who signed it, or whether a paper original exists.": {
		"paper, nothing declared", "the details of the paper's deposit are gone",
	},
	"Signer %s signed as %q; the name on record is %q.": {"signed as another"},
	"The %s was an act of %s, which is not a consent: no key or member of %s asked for it in a recorded request.": {
		"operator",
	},
	"The %s was an act of %s, whose organization is not %s, the controller's.": {"stranger"},
	"The %s lacks the consent of the controller: %v.":                          {"the key's consent is taken out", "the key's consent is to another sale"},
	"The acknowledgment %s has no event.":                                      {"an event that a certificate proves is cut off", "no event is left"},
	"The acknowledgment %s is about another copy.":                             {"the acknowledgment is of another copy"},
	"The acknowledgment %s names other parties.": {
		"the acknowledgment is for another party", "the custody statement names another controller",
	},
	"The agreement on record lacks the declaration that the agent is not the transferor.": {
		"the agent may be the transferor",
	},
	"The assignee %s is an outside party, and no agent of it is on record: the organization that controls the copy acts for itself.": {
		"principal",
	},
	"The authoritative bytes were downloaded, and no seal in them says that the authoritative copy is in the vault.": {
		"bytes sealed beside were downloaded", "sealed beside, inspected",
	},
	"The bytes of the copy %s cannot be verified: %v.": {
		"a byte of the marked copy", "the marked copy is another's", "the marked copy is the authoritative one",
	},
	"The bytes of version %d cannot be verified: %v.": {
		"a byte of a copy that was downloaded", "a byte of the authoritative copy",
		"the authoritative copy is cut short", "the authoritative copy is gone",
		"the digest of a version under a seal beside it",
	},
	"The chain has %[2]d events of a signature by signer %[1]s; there must be one.": {
		"the events of the signatures are gone",
	},
	"The chain has %d events of the envelope's creation; there must be one.": {
		"no event is left", "the event of the creation is gone",
	},
	"The chain has %d events of the release; there must be one.":                       {"the event of the release is gone"},
	"The chain has an event of the release, but the record of the release is missing.": {"the release is gone"},
	"The chain has no event that names the digest of the completed document.": {
		"the completed document has no seal", "the completed document is no file",
		"the completed document was changed after the seal", "the event of the completion is gone",
	},
	"The chain lacks the event %d that the document's record names.": {
		"a consent is gone", "no event is left", "no event says that a link was read",
		"the event of the completion is gone", "the event of the creation is gone",
		"the event of the creation names no signer", "the events of the signatures are gone",
	},
	"The chain of events does not verify: %v.": {
		"the event of an acceptance is gone", "the event of an offer is gone",
		"a consent is gone", "an event's canonical bytes and hash", "an event's data", "an event's detail",
		"no event says that a link was read", "no marked copy is on record", "the agent may be the transferor",
		"the custody event is gone", "the deposit has no event",
		"the event of a signature has another authentication", "the event of the completion is gone",
		"the event of the creation is gone", "the event of the creation names no signer",
		"the event of the deposit is gone", "the event of the deposit is written anew",
		"the event of the release is gone", "the events of the signatures are gone",
		"the paper is held without a receipt",
	},
	"The completed document cannot be examined: %v.": {
		"a byte of a copy that was downloaded", "a byte of the authoritative copy", "not vaulted",
		"the authoritative copy is cut short", "the authoritative copy is gone", "the deposit's digest in the row",
	},
	"The completed document does not begin with state %d on record.": {
		"a state of the document", "the completed document has no seal", "the completed document is no file",
	},
	"The completed document has no valid seal. %s":                    {"the completed document has no seal"},
	"The controller acts as an agent, but no agreement is on record.": {"the agent's agreement is gone"},
	"The controller acts as the assignee itself, but the custody chain names two parties.": {
		"the custody statement names another controller",
	},
	"The copy %s has no event that names it and its digest.": {
		"the event of an acceptance is gone",
		"a marked copy's event in the row", "no event is left", "the deposit has no event",
		"the event of the deposit is gone", "the marked copy is another's",
		"the marked copy is the authoritative one",
	},
	"The copy %s is not marked as one: %v.": {
		"the marked copy is another's", "the marked copy is the authoritative one",
	},
	"The copy %s is of an unknown kind.": {"a marked copy is of no known kind"},
	"The copy %s was made, but is not in the register.": {
		"a marked copy is of no known kind", "the marked copy is taken out of the register", "the row of the marked copy is gone",
	},
	"The copy is %s by its record, and %s by its events.": {
		"the copy's status in the row", "the event of the release is gone",
	},
	"The copy is kept by %s, which is not the assignee and has acknowledged nothing.": {"agent's own vault"},
	"The copy's record and that of its current version differ.": {
		"a version is gone", "the digest of a version under a seal beside it",
		"the number of the version in the row",
	},
	"The copy's record names other parties than the signed custody chain.": {
		"the interest in the row",
		"the assignee in the row", "the controller in the row", "the custodian in the row",
		"the custody statement names another controller", "the custody statement names another kind of custodian",
	},
	"The copy's record of its seal and that of its current version differ.": {"the seal in the row is another's"},
	"The custodian %s has not acknowledged that it keeps the copy for %s.":  {"the acknowledgment is gone"},
	"The custodian's acknowledgment %s does not verify: %v.":                {"the acknowledgment's signature"},
	"The custody chain does not verify: %v.":                                {"the signed custody statement"},
	"The custody chain names no custodian of a known kind.":                 {"the custody statement names another kind of custodian"},
	"The deposited bytes are not those of the completed document.": {
		"the deposit's digest in the row", "the digest of the completion in the row",
	},
	"The details of %s are missing, and no event says that they were erased.": {
		"the agent's agreement is gone", "the details of a reading are gone", "the details of the deposit are gone",
		"the details of the paper's deposit are gone",
	},
	"The details of %s are not here any more; their digests remain in the chain.": {
		"the agent's agreement is gone", "the details of a reading are gone", "the details of the deposit are gone",
		"the details of the paper's deposit are gone",
	},
	"The document's record differs from the event that brought it.":          {"the digest of the document in the row"},
	"The download %s is in the register, but has no event that names it.":    {"a download's event in the row"},
	"The download %s was made, but is not in the register.":                  {"a download is taken out of the register"},
	"The earlier states of the deposited file cannot be read: %v.":           {"the paper's file is none"},
	"The envelope's record counts more or fewer signers than are on record.": {"a signer is gone"},
	"The envelope's record differs from the event of its creation in %s.":    {"the customer in the row"},
	"The envelope's record differs in kind or time from the event of its creation.": {
		"the time of the creation in the row",
	},
	"The event %s (%s) is not proved by the log: %v.": {
		"a leaf of the log", "an event is taken out of the log", "an event's canonical bytes and hash",
		"an event's place in the log", "the checkpoint's signature", "the log was set back", "the log's hashes",
	},
	"The event %s has another place in the log than certificate %s proves.": {
		"an event is taken out of the log", "an event waits for the log",
	},
	"The event %s is not the one that certificate %s proves.": {
		"no marked copy is on record", "the agent may be the transferor",
		"the event of a signature has another authentication", "the event of the deposit is written anew",
		"the paper is held without a receipt",
	},
	"The event %s, which certificate %s proves, is missing.": {
		"the event of an acceptance is gone", "the event of an offer is gone",
		"the custody event is gone", "the deposit has no event", "the event of the completion is gone",
		"the event of the deposit is gone", "the event of the release is gone",
		"the events of the signatures are gone",
	},
	"The event of %s is missing.": {
		"the event of an acceptance is gone",
		"a marked copy's event in the row", "no event is left", "the custody event is gone",
		"the deposit has no event", "the event of the deposit is gone", "the event of the release is gone",
	},
	"The event of the creation names no signers.": {"the event of the creation names no signer"},
	"The event of the signature of signer %s names another actor, or another authentication than was asked for.": {
		"the event of a signature has another authentication",
	},
	"The host allowed the deposit although bytes or pages of the file were claimed before.": {
		"a copy vaulted", "vaulted twice",
	},
	"The host allowed the deposit although the file bears the marks of a copy, a seal or a report of this system.": {
		"a copy vaulted",
	},
	"The last integrity check is of %s, more than %s ago.": {"nobody checked the bytes for long"},
	"The mark beside the database says that a release of the copy has begun; the record has no release.": {
		"a release has begun by its mark",
	},
	"The paper is not vaulted yet: who signed it is attested with the deposit or after it.": {"paper not vaulted"},
	"The paper original is kept by %s, as declared, who is neither the assignee nor the custodian.": {
		"paper held elsewhere",
	},
	"The record is not vaulted: there is no authoritative copy.": {
		"another root", "complete", "not vaulted", "paper not vaulted", "signed as another",
		"the completed document has no seal", "the completed document is no file",
		"the completed document was changed after the seal",
	},
	"The record names another organization than the signed custody chain.": {"the organization in the row"},
	"The record of offers does not agree with its events: %s.": {
		"the status of an offer in the row", "an offer is gone", "the event of an offer is gone", "the event of an acceptance is gone",
	},
	"Custody entry %d has no offer that fixed what it assigned, and to whom.": {
		"the event of an offer is gone", "the key's consent is taken out", "the key's consent is to another sale",
	},
	"The custodian's acknowledgment for custody entry %d is missing.":                   {"an earlier acknowledgment is gone"},
	"Custody entry %d has no event of the acceptance.":                                  {"the event of an acceptance is gone"},
	"%d acceptances are recorded as events, %d in the custody chain.":                   {"the event of an acceptance is gone"},
	"Custody entry %d was accepted by %s, which is no act of %s in a recorded request.": {"accepted by an operator"},
	"The record of custody entry %d differs from its signed statement in its %s.": {
		"the key's consent is taken out", "the key's consent is to another sale",
		"the acceptance in the row",
		"the assignee in the custody row", "the consent in the row",
		"the custody statement names another controller", "the custody statement names another kind of custodian",
	},
	"The record of signer %s differs from the event of the consent.": {"when a signer consented"},
	"The record of signer %s differs from the event of the creation.": {
		"a signer's name", "the authentication in a signer's row",
	},
	"The record of signer %s differs from the event of the signature.": {
		"what a signer consented to", "what a signer saw",
	},
	"The record of signer %s has a refusal or a withdrawal of which there is no event.": {
		"a signer refused by the row",
	},
	"The record of signer %s says that the sender read the link, but no event does.": {
		"no event says that a link was read",
	},
	"The record of the acknowledgment %s differs from what was signed.": {"the acknowledgment's id in the row"},
	"The record of the attestation differs from its event.": {
		"the attestation in the row", "the paper is held without a receipt",
	},
	"The record of the completion differs from its event.": {
		"the completed document has no seal", "the completed document is no file",
		"the completed document was changed after the seal", "the digest of the completion in the row",
		"the event of the completion is gone",
	},
	"The record of the release differs from its statement and events in its %s.": {
		"the release's note in the row", "the time of deletion in the row",
	},
	"The record of version %d differs from its event.": {"a version's event"},
	"The record's %s differs from the event of the deposit.": {
		"the basis of the regime in the row", "the deposit's digest in the row", "the paper's file is none",
		"the regime in the row", "the time of deposit in the row", "the witness of a claim is gone",
	},
	"The record's agreement, classification or attestation differs from the events.": {
		"the agent may be the transferor", "the attestation in the row", "the classification in the row",
		"the paper is held without a receipt",
	},
	"The records of copy and envelope differ in status, time of release or organization.": {
		"a release in the envelope's row", "the copy's status in the row",
	},
	"The records of copy and envelope differ in the name of the envelope or the customer.": {"the customer in the row"},
	"The records of copy and envelope differ in time of deposit or digest.": {
		"other bytes with their digest in every row", "the form was filled in after the seal",
		"the paper's file is none", "the seal names another", "the time of deposit in the row",
	},
	"The records of copy and envelope name different documents.": {"the digest of the document in the row"},
	"The register of claims lacks the claim %q of this envelope on %s.": {
		"a claim is another's", "a claim is gone", "a copy vaulted",
		"the claim on what the last signer left is gone", "the claim on what the pages hold",
		"the deposit's digest in the row", "the digest of a version under a seal beside it",
		"the form was filled in after the seal", "the marked copy is another's", "the paper's file is none",
		"the seal names another", "vaulted twice",
	},
	"The register's entry of the copy %s differs from its event.":     {"who was given a signer's copy"},
	"The register's entry of the download %s differs from its event.": {"a download's digest", "who downloaded"},
	"The release statement does not verify: %v.":                      {"the release's signature"},
	"The seal of version %d does not name the assignee %s.":           {"the seal names another"},
	"The seal of version %d does not verify: %v.": {
		"a byte of a copy that was downloaded", "a byte of the authoritative copy",
		"other bytes with their digest in every row", "the authoritative copy is cut short",
		"the authoritative copy is gone", "the form was filled in after the seal", "the paper's file is none",
		"the seal in the row is another's",
	},
	"The seal that should name the assignee does not verify: %v.": {
		"a byte of a copy that was downloaded", "a byte of the authoritative copy",
		"other bytes with their digest in every row", "the authoritative copy is cut short",
		"the authoritative copy is gone", "the form was filled in after the seal", "the paper's file is none",
		"the seal in the row is another's",
	},
	"The seal that tells a reader of downloaded bytes where the authoritative copy is does not verify: %v.": {
		"a byte of a copy that was downloaded",
	},
	"The signature in the field %s of the completed document does not verify: %s.": {
		"another root", "the completed document was changed after the seal",
	},
	"The signature in the field %s of the paper's file does not verify: %s.": {"filled in against a lock"},
	"The signatures in the completed document cannot be verified: %v.":       {"the completed document is no file"},
	"The signer %s had not consented to electronic records when signing.":    {"a consent is gone"},
	"The signer %s is missing from the record.":                              {"a signer is added", "a signer is gone"},
	"The signer %s is on record, but not in the event of the creation.":      {"a signer is added"},
	"The signer's copy %s was made, but is not in the register.": {
		"a signer's copy is taken out of the register", "the marked copy is taken out of the register",
	},
	"The transparency log does not verify: %v.":                 {"the checkpoint's signature", "the log was set back"},
	"There are no events.":                                      {"no event is left"},
	"There is no custody entry.":                                {"the custody entry is gone"},
	"Version %d does not begin with the bytes that it extends.": {"the deposit's digest in the row"},
	"Version %d has a seal beside it, and other bytes than those deposited.": {
		"the digest of a version under a seal beside it",
	},
	"Version %d has no event that names its digest.": {
		"the event of an acceptance is gone",
		"a version's event", "no event is left", "other bytes with their digest in every row",
		"the deposit has no event", "the event of the deposit is gone", "the event of the release is gone",
		"the form was filled in after the seal", "the paper's file is none", "the seal names another",
	},
	"Version %d is missing.": {"a version is gone"},
	"Version 1 has another digest than the event of the deposit.": {
		"other bytes with their digest in every row", "the digest of a version under a seal beside it",
		"the form was filled in after the seal", "the paper's file is none", "the seal names another",
	},
	"What signer %s filled in differs from the event of the signature: %v.": {
		"a field is another signer's", "a field is gone", "a field's value", "a signer is gone",
	},
	"What signer %s saw or signed is not among the verified states of the completed document.": {
		"a state of the document", "the completed document has no seal", "the completed document is no file",
	},
	"What the signers had to fill in differs from the event of the creation: %v.": {
		"a field is another signer's", "a field is gone", "a field was not required", "a field's label",
		"a field's place", "a signer is gone",
	},
}
