package vault

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// InvalidError lists every invalid field of a request.
type InvalidError = storage.InvalidError

var (
	// ErrNotVaulted: the envelope has no authoritative copy in this vault, or
	// belongs to another organization.
	ErrNotVaulted = errors.New("vault: not vaulted")
	// ErrNotController: the organization had control once, and assigned it.
	ErrNotController = errors.New("vault: control has moved to another organization")
	// ErrBound: the controller has a control key, or is the organization itself, so that none can be
	// bound.
	ErrBound = errors.New("vault: control is bound already")
	// ErrOfferOpen: an offer of control is open; it must end first.
	ErrOfferOpen = errors.New("vault: an offer of control is open")
	// ErrOfferNotFound: there is no such offer, or it is not for this organization.
	ErrOfferNotFound = errors.New("vault: offer not found")
	// ErrOfferEnded: the offer was accepted, rejected, cancelled or has expired.
	ErrOfferEnded = errors.New("vault: the offer has ended")
	// ErrOnHold: a legal hold is on the copy, so that it is not released.
	ErrOnHold = errors.New("vault: the copy is under a legal hold")
	// ErrHoldNotFound: the copy has no such legal hold.
	ErrHoldNotFound = errors.New("vault: hold not found")
	// ErrReleased: the authoritative copy was released.
	ErrReleased = errors.New("vault: released")
	// ErrAlreadyVaulted: the envelope was vaulted by another request. The error is
	// an *AlreadyVaultedError.
	ErrAlreadyVaulted = errors.New("vault: already vaulted")
	// ErrNotAnOriginal: the file is, extends or is part of a document that was
	// vaulted before in this installation, its pages have the same content, or
	// it has marks of this system.
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
	// ErrQuarantined: the copy must be repaired first.
	ErrQuarantined = errors.New("vault: quarantined")
	// ErrCopyUnavailable: the file could not be marked, so there is no copy.
	ErrCopyUnavailable = errors.New("vault: no marked copy")
	// ErrSuperseded: the version asked for is not the current one.
	ErrSuperseded = errors.New("vault: version is superseded")
	// ErrInspectionOff: Config.Inspection does not allow downloads of the authoritative bytes.
	ErrInspectionOff = errors.New("vault: inspection is turned off")
	// ErrAssigneeDiffers: the release must go to the assignee, because no other
	// party may act for it.
	ErrAssigneeDiffers = errors.New("vault: recipient is not the assignee")
	// ErrAlreadyReleased: the copy was already released with a different recipient or reason.
	ErrAlreadyReleased = errors.New("vault: already released")
	// ErrNotReleased: the envelope has no release.
	ErrNotReleased = errors.New("vault: not released")
	// ErrPackagePending: the release package is being prepared.
	ErrPackagePending = errors.New("vault: package is being prepared")
	// ErrPackageGone: the release was acknowledged; the package is no longer available.
	ErrPackageGone = errors.New("vault: package was acknowledged")
	// ErrNotFetched: the package was not fetched, so it cannot be acknowledged.
	ErrNotFetched = errors.New("vault: package was not fetched")
	// ErrDigestMismatch: the digest given is not that of the package.
	ErrDigestMismatch = errors.New("vault: digest does not match the package")
	// ErrNotDamaged: there is nothing to repair, or the bytes are not the lost ones.
	ErrNotDamaged = errors.New("vault: the copy is not damaged, or the bytes do not repair it")
)

// AlreadyVaultedError names the fields in which a deposit differs from the existing copy.
type AlreadyVaultedError struct{ Fields []string }

func (e *AlreadyVaultedError) Error() string {
	return fmt.Sprintf("%v with other values of %s", ErrAlreadyVaulted, strings.Join(e.Fields, ", "))
}

// Is makes errors.Is(err, ErrAlreadyVaulted) true.
func (e *AlreadyVaultedError) Is(target error) bool { return target == ErrAlreadyVaulted }
