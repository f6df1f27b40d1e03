package cms

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

// Timestamp is what a time-stamp token states (RFC 3161 §2.4.2).
type Timestamp struct {
	Time   time.Time // UTC
	Policy asn1.ObjectIdentifier
	Serial *big.Int
	Nonce  *big.Int // nil when the request had none
	Hash   crypto.Hash
	Digest []byte // of the stamped bytes, by Hash
}

// Timestamp checks the signature of a time-stamp token and returns what it states. Whether the certificate is one of an
// authority is not checked.
func (c *Signed) Timestamp() (*Timestamp, error) {
	if !c.contentType.Equal(oidTSTInfo) || c.Content == nil {
		return nil, errors.New("not a time-stamp token")
	}
	if err := c.verify(oidTSTInfo, Sum(c.Digest, c.Content), BindingAny); err != nil {
		return nil, err
	}
	var info tstInfo
	if rest, err := asn1.Unmarshal(c.Content, &info); err != nil || len(rest) > 0 || info.Version != 1 {
		return nil, errors.New("malformed TSTInfo")
	}
	h := digestHash(info.Imprint.Algorithm.Algorithm)
	if h == 0 {
		return nil, Unsupported("the digest of the time-stamp")
	}
	return &Timestamp{
		Time: info.Time.UTC(), Policy: info.Policy, Serial: info.Serial, Nonce: info.Nonce, Hash: h,
		Digest: info.Imprint.Digest,
	}, nil
}
