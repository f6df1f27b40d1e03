package esign

// Kinds of notices.
const (
	NoticeSign      = "sign"      // it is your turn
	NoticeReminder  = "reminder"  // it still is
	NoticeVoided    = "voided"    // it no longer is; Message has the reason
	NoticeDeclined  = "declined"  // another signer declined
	NoticeCompleted = "completed" // all have signed; the link opens a copy
)
