package compliance_test

// sentence is a text that an evaluation or a certificate prints: when it is true, a
// story or an edit of TestChangedFactsAreFound in which it is printed, and one in
// which it would be false and is not printed; "" where it is always true.
type sentence struct{ text, when, in, not string }

var sentences = []sentence{
	{
		" gave the receipt with the SHA-256 ",
		"a paper original is held under a receipt", "paper held", "paper",
	},
	{
		" only: nobody is on record as acting for it.",
		"an outside assignee has no agent", "principal", "agent",
	},
	{
		"%d changes of custody are recorded as events, %d in the custody chain.",
		"what it names was changed", "the custody event is gone", "signed",
	},
	{
		"%s (%s) declared that the document is signed by %s; the software cannot see ink.",
		"paper is attested", "paper", "paper, declared by nobody",
	},
	{
		"%s Nothing is said about control.",
		"the regime is none", "none declared", "signed",
	},
	{
		"%s younger than the log's delay and pending.",
		"an event has no place in the log yet", "not vaulted", "signed",
	},
	{
		"%s, the designated custodian, acknowledged at %s that it keeps the copy for %s.",
		"an acknowledgment for this copy and assignee verifies", "signed", "own vault",
	},
	{
		"%s/%d of %s",
		"a version is proved", "signed", "",
	},
	{
		", for which ",
		"a paper original is held under a receipt", "paper held", "paper",
	},
	{
		": ask the verify address",
		"a verify address is configured", "certified", "signed",
	},
	{
		"; the paper original was destroyed",
		"so declared", "paper", "paper held",
	},
	{
		"; there are two media: this file, and a tangible original held by ",
		"so declared", "paper held", "paper",
	},
	{
		"; there is no paper original",
		"so declared", "no paper", "paper",
	},
	{
		"A second scan of the same paper, or a print whose pages were drawn anew, cannot be recognized by this system.",
		"the copy is the single authoritative one", "signed", "released",
	},
	{
		"Acts for the assignee %s under the agreement %q of %s, and is not the transferor.",
		"an agent deposited", "agent", "principal",
	},
	{
		"An earlier certificate does not verify: %v.",
		"what it names was changed", "a certificate is gone", "signed",
	},
	{
		"Another envelope in this installation has the same bytes, %s.",
		"two envelopes have the same bytes", "vaulted twice", "signed",
	},
	{
		"As custodian it keeps the bytes; the interface gives it no other function.",
		"the copy is here", "signed", "released",
	},
	{
		"By a key of its organization with the scope vault:read; each download is registered.",
		"the copy is here", "signed", "released",
	},
	{
		"Can read, delete or replace what is stored, and call the software's functions in process. An alteration shows by digests, seals and log, a deletion as a missing copy, and an operator's act is recorded as one; records made anew with the keys show only against checkpoints kept elsewhere.",
		"always", "signed", "",
	},
	{
		"Custody entry %d has no event that names its statement and its actor.",
		"what it names was changed", "the custody event is gone", "signed",
	},
	{
		"Custody entry %d names no actor.",
		"nobody is named", "nobody", "signed",
	},
	{
		"Each of %s begins with the bytes of what it extends, has a seal that covers all of it, and has its event; there is no change without one.",
		"every version extends the one before", "signed", "a byte of the authoritative copy",
	},
	{
		"Each of %s consented to electronic records and signed; the document that was presented to each is contained, byte for byte, at the beginning of the completed file, whose seal is valid.",
		"everyone signed", "signed", "a consent is gone",
	},
	{
		"From the depositor's answers no control statute was concluded for this record.",
		"concluded from the answers", "none classified", "none declared",
	},
	{
		"Its deposit is in the log.",
		"its event is proved", "signed", "pending",
	},
	{
		"Its deposit is younger than the log's delay, and not in the log yet.",
		"its event is in the log later", "pending", "signed",
	},
	{
		"No assignment yet is recorded here; whether %s is the original payee or lessor is not recorded.",
		"the assignee controls the copy itself", "signed", "agent",
	},
	{
		"Nobody attested who signed the document.",
		"no attestation", "paper, declared by nobody", "paper",
	},
	{
		"Nobody classified the record. It was examined under the default of this installation.",
		"no regime and no answers", "default", "classified",
	},
	{
		"Nobody classified the record: the regime is the default of this installation.",
		"no regime and no answers", "default", "classified",
	},
	{
		"Nobody declared where the file comes from, who signed it, or whether a paper original exists.",
		"no attestation", "paper, declared by nobody", "paper",
	},
	{
		"Nobody declared whether a paper original exists.",
		"no attestation", "paper, declared by nobody", "paper",
	},
	{
		"Nobody named a control statute for this record, and the default of this installation is none.",
		"the default is none", "none by default", "none declared",
	},
	{
		"Nothing else in it claims what the pages hold, so that a file saved again by another program is recognized. %s",
		"what the pages hold is claimed", "signed", "released",
	},
	{
		"Of %s, read now, each page says that it is not the authoritative copy, and none holds a digital signature.",
		"every copy is marked", "signed", "a byte of the marked copy",
	},
	{
		"Of these, %s %s.",
		"everyone signed", "signed", "a consent is gone",
	},
	{
		"One authoritative copy, %s, exists in this installation. Its version %d was read now and has the digest recorded, its seal is valid, and nothing else in this installation claims its bytes.",
		"the bytes are read and claimed once", "signed", "vaulted twice",
	},
	{
		"Registered: %s of the authoritative bytes; the seal in them says that the authoritative copy is in the vault.",
		"the bytes were downloaded", "inspected", "signed",
	},
	{
		"Signer %s signed as %q; the name on record is %q.",
		"another name was typed", "signed as another", "signed",
	},
	{
		"The %s has the consent of the agent %s, as declared, by %s, %s; the assignee %s itself gave none.",
		"an agent released", "agent's release", "released",
	},
	{
		"The %s has the consent of the controller of that moment, by %s, %s.",
		"the controller released", "released", "agent's release",
	},
	{
		"The %s was an act of %s, whose organization is not %s, the controller's.",
		"another organization acted", "stranger", "signed",
	},
	{
		"The %s was an act of %s: it is nobody's consent, for no key or member of %s asked for it in a recorded request.",
		"an operator acted", "operator", "member",
	},
	{
		"The acknowledgment %s has no event.",
		"it has none", "an event that a certificate proves is cut off", "signed",
	},
	{
		"The assignee %s is an outside party, and nobody is on record as acting for it: the organization that holds the copy is a principal.",
		"an outside assignee has no agent", "principal", "agent",
	},
	{
		"The assignee %s keeps the copy itself.",
		"no custodian", "own vault", "signed",
	},
	{
		"The authoritative bytes were downloaded, and nothing in them says that the authoritative copy is in the vault.",
		"the file has no seal in it", "sealed beside, inspected", "inspected",
	},
	{
		"The certificate of the seal leads to a root that this system made itself.",
		"the root is the system's own", "own root", "signed",
	},
	{
		"The chain does not hold the event %d that the document's record names.",
		"what it names was changed", "a consent is gone", "signed",
	},
	{
		"The chain of events does not verify: %v.",
		"what it names was changed", "a consent is gone", "signed",
	},
	{
		"The claims do not hold the %s %s.",
		"another has the claim", "vaulted twice", "signed",
	},
	{
		"The completed document cannot be examined: %v.",
		"it is not complete", "not vaulted", "signed",
	},
	{
		"The completed document does not begin with its state %d.",
		"what it names was changed", "a state of the document", "signed",
	},
	{
		"The controller acts for the assignee under the agreement %q of %s, as declared.",
		"an agent deposited", "agent", "principal",
	},
	{
		"The copy %s has no event that names it and its digest.",
		"what it names was changed", "the marked copy is another's", "signed",
	},
	{
		"The copy %s is not marked as one: %v.",
		"what it names was changed", "the marked copy is another's", "signed",
	},
	{
		"The copy %s was made, but is not in the register.",
		"what it names was changed", "the marked copy is taken out of the register", "signed",
	},
	{
		"The copy is kept by %s, which is not the assignee and has acknowledged nothing.",
		"an agent keeps it without an acknowledgment", "agent's own vault", "agent",
	},
	{
		"The copy was handed over. What is still stored here are copies and records.",
		"it was released", "released", "signed",
	},
	{
		"The copy was released, its receipt was acknowledged, and its bytes here were deleted after that: they cannot be examined any more.",
		"its bytes were deleted", "deleted after release", "released",
	},
	{
		"The copy was released: there is no authoritative copy here any more.",
		"it was released", "released", "signed",
	},
	{
		"The copy was released: what is still stored here is not kept as the authoritative copy.",
		"it was released", "released", "signed",
	},
	{
		"The copy's record and that of its current version differ.",
		"what it names was changed", "a version is gone", "signed",
	},
	{
		"The copy's record names another envelope or customer.",
		"what it names was changed", "the customer in the row", "signed",
	},
	{
		"The copy's record names other parties than the signed custody chain.",
		"what it names was changed", "the assignee in the row", "signed",
	},
	{
		"The copy's record of its seal and that of its current version differ.",
		"what it names was changed", "the seal in the row is another's", "signed",
	},
	{
		"The custodian's acknowledgment %s does not verify: %v.",
		"what it names was changed", "the acknowledgment's signature", "signed",
	},
	{
		"The custody chain does not verify: %v.",
		"what it names was changed", "the signed custody statement", "signed",
	},
	{
		"The custody chain has %s, each signed by the vault and following the one before. %s",
		"each entry verifies and is an act of the controller", "signed", "operator",
	},
	{
		"The depositor named no control statute for this record.",
		"none was named", "none declared", "none classified",
	},
	{
		"The details of %s are gone, and no event says that they were erased.",
		"no event says that they were erased", "erased", "signed",
	},
	{
		"The details of %s are not here any more; their digests remain in the chain.",
		"a detail is not here", "erased", "signed",
	},
	{
		"The download %s is in the register, but has no event that names it.",
		"what it names was changed", "a download's digest", "signed",
	},
	{
		"The download %s was made, but is not in the register.",
		"what it names was changed", "a download is taken out of the register", "signed",
	},
	{
		"The envelope's record and the copy's differ.",
		"what it names was changed", "other bytes with their digest in every row", "signed",
	},
	{
		"The envelope's record counts other signers than there are.",
		"what it names was changed", "a signer is gone", "signed",
	},
	{
		"The envelope's record differs from the event of its creation in %s.",
		"what it names was changed", "the customer in the row", "signed",
	},
	{
		"The event %s (%s) is not proved by the log: %v.",
		"what it names was changed", "a leaf of the log", "signed",
	},
	{
		"The event %s has another place in the log than certificate %s proves.",
		"what it names was changed", "an event is taken out of the log", "signed",
	},
	{
		"The event %s, which certificate %s proves, is missing.",
		"what it names was changed", "the custody event is gone", "signed",
	},
	{
		"The event of %s is missing.",
		"what it names was changed", "the custody event is gone", "signed",
	},
	{
		"The file is a scan",
		"so declared", "paper", "no paper",
	},
	{
		"The file was born digital",
		"so declared", "no paper", "paper",
	},
	{
		"The host let bytes be deposited that were vaulted before.",
		"a duplicate was allowed", "vaulted twice", "paper",
	},
	{
		"The interface gives no function for it to a transferor, a former controller or an operator.",
		"the copy is here", "signed", "released",
	},
	{
		"The last integrity check is of %s, more than %s ago.",
		"what it names was changed", "nobody checked the bytes for long", "signed",
	},
	{
		"The paper is not vaulted yet, and who signed it is attested with the deposit.",
		"it is not", "paper not vaulted", "paper",
	},
	{
		"The paper original is kept by %s, who is neither the assignee nor the custodian.",
		"another has it", "paper held elsewhere", "paper held",
	},
	{
		"The paper original was destroyed, as declared by %s.",
		"so declared", "paper", "no paper",
	},
	{
		"The record of custody entry %d differs from its signed statement in its %s.",
		"what it names was changed", "the assignee in the custody row", "signed",
	},
	{
		"The record of signer %s differs from the event of the creation.",
		"what it names was changed", "a signer's name", "signed",
	},
	{
		"The record of signer %s differs from the event of the signature.",
		"what it names was changed", "what a signer consented to", "signed",
	},
	{
		"The record of the completion differs from its event.",
		"what it names was changed", "the deposit's digest in the row", "signed",
	},
	{
		"The record of the release differs from its statement and events in its %s.",
		"what it names is so", "release differs", "signed",
	},
	{
		"The record of version %d differs from its event.",
		"what it names was changed", "a version's event", "signed",
	},
	{
		"The record's %s differs from the event of the deposit.",
		"what it names was changed", "the deposit's digest in the row", "signed",
	},
	{
		"The release is recorded as an event, but its record is missing.",
		"what it names is so", "release is gone", "signed",
	},
	{
		"The release statement does not verify: %v.",
		"what it names is so", "release unsigned", "signed",
	},
	{
		"The seal of version %d and the signed custody entry %s name %s.",
		"the seal names the assignee", "signed", "the assignee in the row",
	},
	{
		"The seal of version %d does not hold: %v.",
		"what it names was changed", "a byte of the authoritative copy", "signed",
	},
	{
		"The seal that should name the assignee does not hold: %v.",
		"what it names was changed", "a byte of the authoritative copy", "signed",
	},
	{
		"The sender could read the signing link of signer %s.",
		"the link was disclosed", "signed", "paper",
	},
	{
		"The signer %s had not consented to electronic records when signing.",
		"what it names was changed", "a consent is gone", "signed",
	},
	{
		"The signer %s is missing from the record.",
		"what it names was changed", "a signer is added", "signed",
	},
	{
		"The signer %s is on record, but not in the event of the creation.",
		"what it names was changed", "a signer is added", "signed",
	},
	{
		"The signer's copy %s was made, but is not in the register.",
		"what it names was changed", "a signer's copy is taken out of the register", "signed",
	},
	{
		"The software only adds to a version, in the file or in a statement beside it, under a seal and with an event.",
		"the copy is here", "signed", "released",
	},
	{
		"The stored bytes of the copy %s are not those recorded: %v.",
		"what it names was changed", "a byte of the marked copy", "signed",
	},
	{
		"The stored bytes of version %d are not those recorded: %v.",
		"what it names was changed", "a byte of the authoritative copy", "signed",
	},
	{
		"The stored bytes were read back now and have the digest recorded.",
		"they were", "signed", "a byte of the authoritative copy",
	},
	{
		"The transparency log does not verify: %v.",
		"what it names was changed", "the checkpoint's signature", "signed",
	},
	{
		"The whole chain of %s verifies. %s proved to be in the log of size %d, whose checkpoint has a valid signature.",
		"it does", "signed", "an event's data",
	},
	{
		"There are two media, as declared: the paper original is held by %s under a receipt of %s.",
		"under a receipt", "paper held", "paper held elsewhere",
	},
	{
		"There is no custody entry or no version.",
		"what it names was changed", "the custody entry is gone", "signed",
	},
	{
		"There is no paper original, as declared by %s.",
		"so declared", "no paper", "paper",
	},
	{
		"There was no controller before the deposit; it was an act of %s, %s.",
		"the deposit is an act of the controller's organization", "signed", "operator",
	},
	{
		"This certificate states what the system named in it found at the time named in it, and what the persons named in it declared. It is evidence, not a legal opinion; whether a person has control is decided by law and by facts outside this system. It does not speak of later times%s. Signed with a key that %s.",
		"always", "signed", "",
	},
	{
		"This version offers no assignment; a release ends custody here.",
		"the copy is here", "signed", "released",
	},
	{
		"To a recipient that it names, by a key of its organization with the scope vault:release.",
		"the controller may release", "signed", "principal",
	},
	{
		"To the assignee ",
		"an outside assignee has no agent", "principal", "agent",
	},
	{
		"Under which law the record was deposited is not proved. It was examined under the default of this installation.",
		"the deposit's event is not proved", "an event is taken out of the log", "signed",
	},
	{
		"Version %d does not begin with the bytes of what it extends.",
		"what it names was changed", "the deposit's digest in the row", "signed",
	},
	{
		"Version %d has no event that names its digest.",
		"what it names was changed", "a version's event", "signed",
	},
	{
		"Version %d is missing.",
		"what it names was changed", "a version is gone", "signed",
	},
	{
		"Version 1 has another digest than the event of the deposit.",
		"what it names was changed", "other bytes with their digest in every row", "signed",
	},
	{
		"What signer %s filled in differs from the event of the signature: %v.",
		"what it names was changed", "a field is another signer's", "signed",
	},
	{
		"What signer %s saw or signed is not a state of the completed document.",
		"what it names was changed", "a state of the document", "signed",
	},
	{
		"What the record is, as answered at the deposit: ",
		"the depositor answered", "classified", "signed",
	},
	{
		"What the signers had to fill in differs from the event of the creation: %v.",
		"what it names was changed", "a field is another signer's", "signed",
	},
	{
		"What was deposited is not the completed document.",
		"what it names was changed", "the deposit's digest in the row", "signed",
	},
	{
		"Whether the same agreement was also signed, scanned or vaulted elsewhere cannot be seen by this installation.",
		"vaulted", "signed", "not vaulted",
	},
	{
		"a custody entry",
		"what it names was changed", "the custody event is gone", "signed",
	},
	{
		"act beside this software",
		"always", "signed", "",
	},
	{
		"add or change an assignee",
		"the copy is here", "signed", "released",
	},
	{
		"alter the bytes",
		"the copy is here", "signed", "released",
	},
	{
		"attested from the digest of its request",
		"a key asked", "signed", "member",
	},
	{
		"identified only by possession of a link",
		"by a link", "signed", "paper",
	},
	{
		"identified only by possession of a link, which the sender could read too",
		"the link was disclosed", "signed", "paper",
	},
	{
		"is certified by ",
		"always", "signed", "",
	},
	{
		"is certified by nobody",
		"no certifier is configured", "signed", "certified",
	},
	{
		"named by the host as a member of that organization, as declared",
		"a member acted", "member", "signed",
	},
	{
		"no paper original",
		"so declared", "no paper", "paper",
	},
	{
		"nobody by this software",
		"always", "signed", "",
	},
	{
		"on the standing order given when the envelope was created, as declared",
		"an order was given at creation", "order", "signed",
	},
	{
		"paper original destroyed",
		"so declared", "paper", "no paper",
	},
	{
		"prevent or undo an act of the controller",
		"the copy is here", "signed", "released",
	},
	{
		"release, inspect, change an assignee",
		"it was released", "released", "signed",
	},
	{
		"second list of claims",
		"what it names was changed", "the witness of a claim is gone", "signed",
	},
	{
		"time of deposit",
		"what it names was changed", "the time of deposit in the row", "signed",
	},
	{
		"whoever runs the database, the document storage, the keys and the host program",
		"always", "signed", "",
	},
}

// unprovoked are sentences that no story here brings about: words of a problem that
// takes more than an edit, and names of things that a problem quotes. None is printed
// of a copy that is in order.
var unprovoked = []string{
	"%d deposits are recorded for the envelope, not one.",
	"%d versions are on record, the copy says %d.",
	"%s: integrity %s, trust %s",
	"; and %d more",
	"A paper original is held, as declared, by %s, and no receipt of who keeps it is on record.",
	"A release of the copy has begun, by its mark beside the database, and the record does not have it.",
	"After the signature in the field %s the form was filled in: %s.",
	"Custody entry %d names nobody.",
	"No copy was made: the file cannot be marked.",
	"No custodian is on record.",
	"No event of the completion names the digest of the completed document.",
	"No integrity check is on record.",
	"The acknowledgment %s is about another copy.",
	"The acknowledgment %s names other parties.",
	"The agent is not declared to be another than the transferor.",
	"The attestation on record differs from the event that it came with.",
	"The completed document has no valid seal. %s",
	"The controller acts as an agent, but no agreement is on record.",
	"The controller is bound as the assignee, but is another party.",
	"The copy %s is of an unknown kind.",
	"The copy has no version on record.",
	"The custodian %s has not acknowledged that it keeps the copy for %s.",
	"The custodian is the transferor of what it keeps.",
	"The document's record differs from the event that brought it.",
	"The envelope has %d events of its creation, not one.",
	"The envelope's record differs from the event of its creation.",
	"The envelope's record has another status or organization than the copy.",
	"The event %s is not the one that certificate %s proves.",
	"The event of the creation names no signers.",
	"The host let a file be deposited that bears the marks of a copy, a seal or a report of this system.",
	"The link of %s is on record as disclosed, but no event says so.",
	"The record calls the copy %s, its events %s.",
	"The record names another document than the envelope.",
	"The record names another organization than the event of the deposit.",
	"The record of signer %s differs from the event of the consent.",
	"The record of signer %s tells of a refusal or a withdrawal that no event does.",
	"The record of the acknowledgment %s differs from what was signed.",
	"The record's declarations differ from the events that made them.",
	"The release has %d events, not one.",
	"The revisions of the deposited bytes cannot be told: %v.",
	"The seal of version %d does not name the assignee %s.",
	"The seal that says of downloaded bytes where the authoritative copy is does not hold: %v.",
	"The signature in the field %s of the document does not hold: %s.",
	"The signature in the field %s of the file does not hold: %s.",
	"The signature of %s was not made by that signer, authenticated as asked.",
	"The signatures in the completed document cannot be verified: %v.",
	"The signer %s has %d events of a signature, not one.",
	"There are no events.",
	"Version %d has other bytes than were deposited, although its seal is detached.",
	"What the pages hold is not compared with other files (%s). %s",
	"a registered copy",
	"apart from the data",
	"basis of the regime",
	"beside the data, where one restore sets back both",
	"integrity %s, trust %s, changes after it %s",
	"time of deletion",
}
