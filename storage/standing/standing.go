// Package standing says what an organization is to an envelope and to its
// authoritative copy, and what that allows.
//
// Every engine asks [Parties.Of] and [Standing.May] before it reads or changes
// anything for an organization, and a Store asks [Who] where it lists or feeds.
// No other place compares ids of organizations for access: when control can move,
// the rows of this package's table change, and nothing else.
//
//	                     originator  controller  offeree  former controller
//	SeeEnvelope              x
//	ManageEnvelope           x
//	SeeCopy                              x
//	SeeCustody                           x                      x
//	SeeMarked                            x          x           x
//	SeeOffer                             x          x
//	ReadAuthoritative                    x
//	Control                              x
//	Answer                                          x
//	Follow                   x           x          x           x
//
// An organization may be several of them at once, and may then do what any one
// allows. To everyone else an envelope does not exist.
//
// Some roles may see and follow a part only: a former controller the custody entries,
// certificates and events up to the switch by which it lost control, an offeree the
// events of its own offers, and an originator, while another organization has
// control, those of the envelope and not of the copy.
//
// Stability: parts and acts are added until v1; what each part may do changes only with
// an entry in CHANGELOG.md.
package standing

import (
	"iter"
	"slices"
)

// Standing is what an organization is to an envelope and its authoritative copy:
// a set of roles. The zero Standing is Nobody.
type Standing uint8

// Roles.
const (
	Originator Standing = 1 << iota // created the envelope
	Controller                      // has control of the authoritative copy; of a released one, had it last
	Offeree                         // was offered control and has not answered
	Former                          // had control before the present controller, to whom it assigned

	Nobody Standing = 0
)

// Act is a kind of read or verb.
type Act uint8

// Acts.
const (
	SeeEnvelope       Act = iota // read the envelope, its document and events; find it in lists
	ManageEnvelope               // upload, send, remind, disclose links, void
	SeeCopy                      // read the vault record, versions, register, release
	SeeCustody                   // read the custody chain
	SeeMarked                    // read the marked copy, and certificates
	SeeOffer                     // read an offer of control
	ReadAuthoritative            // read the authoritative bytes
	Control                      // attest, repair, release; offer control, cancel the offer; fetch and acknowledge the release package
	Answer                       // accept or reject an offer of control
	Follow                       // get its events in feeds and webhooks
)

// table has a row for each role.
var table = [...]struct {
	role Standing
	may  []Act
}{
	{Originator, []Act{SeeEnvelope, ManageEnvelope, Follow}},
	{Controller, []Act{SeeCopy, SeeCustody, SeeMarked, SeeOffer, ReadAuthoritative, Control, Follow}},
	{Offeree, []Act{SeeMarked, SeeOffer, Answer, Follow}},
	{Former, []Act{SeeCustody, SeeMarked, Follow}},
}

// Parties are the organizations that have a role; "" is nobody. The controller is no
// former controller, though it may have been one before.
type Parties struct {
	Originator, Controller, Offeree string
	Former                          []string
}

// Of returns what the organization is to the envelope.
func (p Parties) Of(orgID string) Standing {
	if orgID == "" {
		return Nobody
	}
	s := Nobody
	for _, has := range [...]struct {
		role Standing
		is   bool
	}{
		{Originator, p.Originator == orgID},
		{Controller, p.Controller == orgID},
		{Offeree, p.Offeree == orgID},
		{Former, p.Controller != orgID && slices.Contains(p.Former, orgID)},
	} {
		if has.is {
			s |= has.role
		}
	}
	return s
}

// May reports whether the standing allows the act.
func (s Standing) May(a Act) bool {
	for role := range Who(a) {
		if s&role != 0 {
			return true
		}
	}
	return false
}

// Who yields the roles that may do the act.
func Who(a Act) iter.Seq[Standing] {
	return func(yield func(Standing) bool) {
		for _, row := range table {
			if slices.Contains(row.may, a) && !yield(row.role) {
				return
			}
		}
	}
}
