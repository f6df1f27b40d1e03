package esign

// Status of an envelope.
//
//	e-sign  preparing → sent → viewed → signed → completed → vaulted → released
//	paper   pending → uploaded → vaulted → released
//
// Ends without completion: declined, voided, expired.
type Status string

// The statuses.
const (
	StatusPending   Status = "pending"   // paper without its PDF
	StatusUploaded  Status = "uploaded"  // paper with its PDF
	StatusPreparing Status = "preparing" // e-sign, not yet sent
	StatusSent      Status = "sent"
	StatusViewed    Status = "viewed"    // a signer has read the document
	StatusSigned    Status = "signed"    // all have signed, the seal is not yet durable
	StatusCompleted Status = "completed" // sealed
	StatusVaulted   Status = "vaulted"
	StatusReleased  Status = "released"
	StatusDeclined  Status = "declined"
	StatusVoided    Status = "voided"
	StatusExpired   Status = "expired"
)

// Verb is an action on an envelope.
type Verb string

// The verbs.
const (
	VerbUpload   Verb = "upload"
	VerbSend     Verb = "send"
	VerbView     Verb = "view"
	VerbConsent  Verb = "consent"
	VerbWithdraw Verb = "withdraw consent"
	VerbSign     Verb = "sign"
	VerbFinish   Verb = "finish signing" // the last signature
	VerbSeal     Verb = "seal"
	VerbDecline  Verb = "decline"
	VerbVoid     Verb = "void"
	VerbExpire   Verb = "expire"
	VerbRemind   Verb = "remind"
	VerbDelegate Verb = "delegate"
	VerbCorrect  Verb = "correct a signer of"
	VerbLinks    Verb = "read signing links"
	VerbMark     Verb = "mark undeliverable"
	VerbComplete Verb = "hand over" // read the Completion
	VerbGiveOut  Verb = "give out"  // the completed document itself
	VerbVault    Verb = "vault"
	VerbEvaluate Verb = "record the vault's state"
	VerbRelease  Verb = "release"
	VerbDispose  Verb = "dispose of"
)

// transitions is the one table that decides: verb, status before, status
// after. What is not in it is refused.
var transitions = map[Verb]map[Status]Status{
	VerbUpload:  {StatusPending: StatusUploaded, StatusUploaded: StatusUploaded},
	VerbSend:    {StatusPreparing: StatusSent},
	VerbView:    {StatusSent: StatusViewed, StatusViewed: StatusViewed},
	VerbConsent: {StatusSent: StatusSent, StatusViewed: StatusViewed},
	VerbWithdraw: {
		StatusSent: StatusSent, StatusViewed: StatusViewed, StatusSigned: StatusSigned, StatusCompleted: StatusCompleted,
		StatusVaulted: StatusVaulted, StatusReleased: StatusReleased,
	},
	VerbSign:    {StatusViewed: StatusViewed},
	VerbFinish:  {StatusViewed: StatusSigned},
	VerbSeal:    {StatusSigned: StatusCompleted},
	VerbDecline: {StatusSent: StatusDeclined, StatusViewed: StatusDeclined},
	VerbVoid: {
		StatusPending: StatusVoided, StatusUploaded: StatusVoided, StatusPreparing: StatusVoided, StatusSent: StatusVoided,
		StatusViewed: StatusVoided, StatusVoided: StatusVoided,
	},
	VerbExpire:   {StatusSent: StatusExpired, StatusViewed: StatusExpired},
	VerbDelegate: {StatusSent: StatusSent, StatusViewed: StatusViewed},
	VerbCorrect: {
		StatusPreparing: StatusPreparing, StatusSent: StatusSent, StatusViewed: StatusViewed,
	},
	VerbRemind: {StatusSent: StatusSent, StatusViewed: StatusViewed},
	VerbLinks: {
		StatusSent: StatusSent, StatusViewed: StatusViewed, StatusSigned: StatusSigned, StatusCompleted: StatusCompleted,
		StatusVaulted: StatusVaulted, StatusReleased: StatusReleased,
	},
	VerbMark: {
		StatusSent: StatusSent, StatusViewed: StatusViewed, StatusSigned: StatusSigned, StatusCompleted: StatusCompleted,
		StatusVaulted: StatusVaulted, StatusReleased: StatusReleased,
	},
	VerbComplete: {
		StatusUploaded: StatusUploaded, StatusCompleted: StatusCompleted, StatusVaulted: StatusVaulted, StatusReleased: StatusReleased,
	},
	VerbGiveOut:  {StatusCompleted: StatusCompleted},
	VerbVault:    {StatusUploaded: StatusVaulted, StatusCompleted: StatusVaulted},
	VerbEvaluate: {StatusVaulted: StatusVaulted, StatusReleased: StatusReleased},
	VerbRelease:  {StatusVaulted: StatusReleased},
	VerbDispose:  {StatusReleased: StatusReleased},
}

// statuses are all of them, in the order of an envelope's life.
var statuses = [...]Status{
	StatusPending, StatusUploaded, StatusPreparing, StatusSent, StatusViewed, StatusSigned, StatusCompleted, StatusVaulted,
	StatusReleased, StatusDeclined, StatusVoided, StatusExpired,
}

// Ended reports whether the envelope ended without completion: declined, voided or expired.
func (s Status) Ended() bool { return s == StatusDeclined || s == StatusVoided || s == StatusExpired }

// After returns the status that v leads to, or a [*StateError].
func (s Status) After(v Verb) (Status, error) {
	if to, ok := transitions[v][s]; ok {
		return to, nil
	}
	return s, &StateError{Verb: v, Status: s}
}

// SignerStatus is the status of one signer.
type SignerStatus string

// The statuses of a signer.
const (
	SignerWaiting  SignerStatus = "waiting"  // not yet that signer's turn
	SignerNotified SignerStatus = "notified" // it is that signer's turn
	SignerViewed   SignerStatus = "viewed"
	SignerSigned   SignerStatus = "signed"
	SignerDeclined SignerStatus = "declined"
)
