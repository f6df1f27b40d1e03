package custody

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/evaultlib/evault/storage"
)

// AssetKind says by what an asset is identified.
type AssetKind string

// Kinds of asset identifier.
const (
	AssetVIN      AssetKind = "vin"      // vehicle identification number, ISO 3779 and 49 CFR 565
	AssetSerial   AssetKind = "serial"   // serial number of goods
	AssetContract AssetKind = "contract" // number of the contract
	AssetOther    AssetKind = "other"
)

// Limits of assets.
const (
	MaxAssets     = 500 // of one copy
	MaxAssetValue = 100 // characters of an identifier
)

// Asset is the subject of a contract. Two live copies about one asset in one
// installation may be one debt pledged twice.
type Asset struct {
	Kind     AssetKind `json:"kind"`
	Value    string    `json:"value"`              // as NormalizeAsset returns it
	Amount   string    `json:"amount,omitempty"`   // decimal, such as 18250.00
	Currency string    `json:"currency,omitempty"` // ISO 4217, with Amount
}

// NormalizeAsset returns an identifier in the form used for comparison: upper-case letters A to Z
// and digits, without spaces and punctuation. Letters of other scripts are refused, because they
// can look the same but compare differently. A vehicle identification number has 17 characters
// without I, O and Q (ISO 3779); one of North America must have its check digit (49 CFR 565.15(c)).
func NormalizeAsset(kind AssetKind, value string) (string, error) {
	if len(value) > 4*MaxAssetValue {
		return "", fmt.Errorf("is longer than %d characters", MaxAssetValue)
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(value) {
		r = unicode.ToUpper(r)
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsSpace(r), unicode.IsPunct(r), unicode.IsSymbol(r):
		default:
			return "", errors.New("must consist of the letters A to Z and digits")
		}
	}
	v := b.String()
	switch {
	case v == "":
		return "", errors.New("has no letter or digit")
	case len(v) > MaxAssetValue:
		return "", fmt.Errorf("is longer than %d characters", MaxAssetValue)
	}
	switch kind {
	case AssetVIN:
		return v, checkVIN(v)
	case AssetSerial, AssetContract, AssetOther:
		return v, nil
	}
	return "", fmt.Errorf("has the unknown kind %q", kind)
}

// The values and weights of the characters of a vehicle identification number, 49 CFR
// 565.15(c), tables III and IV; 0 stands for what may not occur.
const (
	vinLetters = "ABCDEFGHJKLMNPRSTUVWXYZ"
	vinValues  = "12345678123457923456789"
	vinLength  = 17
	vinCheck   = 8 // where the check digit is
)

var vinWeights = [vinLength]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}

func checkVIN(v string) error {
	if len(v) != vinLength {
		return fmt.Errorf("has %d characters; a vehicle identification number has %d", len(v), vinLength)
	}
	sum := 0
	for i := range len(v) {
		value := int(v[i] - '0')
		if v[i] > '9' {
			at := strings.IndexByte(vinLetters, v[i])
			if at < 0 {
				return fmt.Errorf("has the letter %c, which is not used in vehicle identification numbers", v[i])
			}
			value = int(vinValues[at] - '0')
		}
		sum += value * vinWeights[i]
	}
	northAmerica := v[0] >= '1' && v[0] <= '5'
	if northAmerica && "0123456789X"[sum%11] != v[vinCheck] {
		return errors.New("has a wrong check digit: look for a mistyped character")
	}
	return nil
}

// SHA256 identifies the asset, whatever its amount, among the witnesses of a copy's
// claims: the digest of a fixed prefix, kind and value.
func (a Asset) SHA256() storage.Digest {
	return storage.Sum([]byte("evault asset 1\n" + string(a.Kind) + "\n" + a.Value))
}
