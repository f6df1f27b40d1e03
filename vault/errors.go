package vault

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// InvalidError lists every field of a request that breaks a rule.
type InvalidError = storage.InvalidError

var (
	// ErrNotVaulted: the envelope has no authoritative copy here, or it is another
	// organization's.
	ErrNotVaulted = errors.New("vault: not vaulted")
	// ErrNotController: the organization had control once, and assigned it.
	ErrNotController = errors.New("vault: control has moved to another organization")
	// ErrOfferOpen: control is offered, and until the offer ends nothing else is.
	ErrOfferOpen = errors.New("vault: an offer of control is open")
	// ErrOfferNotFound: there is no such offer, or it is not for this organization.
	ErrOfferNotFound = errors.New("vault: offer not found")
	// ErrOfferEnded: the offer was accepted, rejected, cancelled or has expired.
	ErrOfferEnded = errors.New("vault: the offer has ended")
	// ErrOnHold: a legal hold is on the copy, so that it is not released.
	ErrOnHold = errors.New("vault: the copy is under a legal hold")
	// ErrHoldNotFound: the copy has no such legal hold.
	ErrHoldNotFound = errors.New("vault: hold not found")
	// ErrReleased: the authoritative copy was handed over.
	ErrReleased = errors.New("vault: released")
	// ErrAlreadyVaulted: the envelope was vaulted by another request. The error is
	// an *AlreadyVaultedError.
	ErrAlreadyVaulted = errors.New("vault: already vaulted")
	// ErrNotAnOriginal: the file is, extends or is part of something that was
	// vaulted before in this installation, its pages hold what another's hold, or it
	// bears marks of this system.
	ErrNotAnOriginal = errors.New("vault: not an original")
	// ErrAssetHeld: a live copy in this installation is about an asset of the
	// deposit. It is the same error whoever holds that copy.
	ErrAssetHeld = errors.New("vault: an asset is already held here")
	// ErrIntegrity: stored bytes do not have the recorded digest. Nothing was
	// served; the copy is quarantined until Repair.
	ErrIntegrity = errors.New("vault: stored bytes were altered")
	// ErrRecordAltered: the rows of a copy contradict its event chain, the log, its
	// signed statements or each other. Nothing was done.
	ErrRecordAltered = errors.New("vault: records were altered")
	// ErrQuarantined: a release needs a repair first.
	ErrQuarantined = errors.New("vault: quarantined")
	// ErrCopyUnavailable: the file could not be marked, so there is no copy.
	ErrCopyUnavailable = errors.New("vault: no marked copy")
	// ErrSuperseded: the version asked for is not the current one.
	ErrSuperseded = errors.New("vault: version is superseded")
	// ErrInspectionOff: Config.Inspection forbids downloads of the authoritative bytes.
	ErrInspectionOff = errors.New("vault: inspection is turned off")
	// ErrAssigneeDiffers: nobody acts for the assignee, so that the release may
	// go to the assignee only.
	ErrAssigneeDiffers = errors.New("vault: recipient is not the assignee")
	// ErrAlreadyReleased: released before, to another recipient or for another reason.
	ErrAlreadyReleased = errors.New("vault: already released")
	// ErrNotReleased: the envelope has no release.
	ErrNotReleased = errors.New("vault: not released")
	// ErrPackagePending: the release package is being prepared.
	ErrPackagePending = errors.New("vault: package is being prepared")
	// ErrPackageGone: the release was acknowledged; the package is not handed out again.
	ErrPackageGone = errors.New("vault: package was acknowledged")
	// ErrNotFetched: a package that nobody fetched cannot be acknowledged.
	ErrNotFetched = errors.New("vault: package was not fetched")
	// ErrDigestMismatch: the digest given is not that of the package.
	ErrDigestMismatch = errors.New("vault: digest does not match the package")
	// ErrNotDamaged: there is nothing to repair, or the bytes given are not those lost.
	ErrNotDamaged = errors.New("vault: the copy is not damaged, or the bytes do not repair it")
)

// AlreadyVaultedError names the fields in which a deposit differs from the one
// that made the copy.
type AlreadyVaultedError struct{ Fields []string }

func (e *AlreadyVaultedError) Error() string {
	return fmt.Sprintf("%v with other values of %s", ErrAlreadyVaulted, strings.Join(e.Fields, ", "))
}

// Is makes errors.Is(err, ErrAlreadyVaulted) true.
func (e *AlreadyVaultedError) Is(target error) bool { return target == ErrAlreadyVaulted }
