package testpdf

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"fmt"
)

// passwordPad is the padding string of ISO 32000-1, 7.6.3.3, algorithm 2.
const passwordPad = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08" +
	"\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

// crypt is the standard security handler, revision 3: RC4 with a 128-bit key.
type crypt struct {
	key  []byte
	dict string
	id   string
}

const cryptPermissions = -1340 // printing allowed, changes and copying not

func newCrypt(user, owner string) *crypt {
	id := md5.Sum([]byte("evault test file"))
	pad := func(s string) []byte { return []byte((s + passwordPad)[:32]) }

	ownerKey := md5.Sum(pad(owner))
	for range 50 {
		ownerKey = md5.Sum(ownerKey[:])
	}
	o := rounds(ownerKey[:], pad(user))

	perm := int32(cryptPermissions)
	h := append(pad(user), o...)
	h = append(h, byte(perm), byte(perm>>8), byte(perm>>16), byte(perm>>24))
	key := md5.Sum(append(h, id[:]...))
	for range 50 {
		key = md5.Sum(key[:])
	}
	check := md5.Sum(append([]byte(passwordPad), id[:]...))
	u := append(rounds(key[:], check[:]), bytes.Repeat([]byte{0}, 16)...)

	return &crypt{
		key:  key[:],
		dict: fmt.Sprintf("<</Filter/Standard/V 2/R 3/Length 128/P %d/O<%x>/U<%x>>>", perm, o, u),
		id:   fmt.Sprintf("[<%x><%x>]", id, id),
	}
}

// rounds is the twenty RC4 passes of algorithms 3 and 5.
func rounds(key, data []byte) []byte {
	out := bytes.Clone(data)
	for i := range 20 {
		k := bytes.Clone(key)
		for j := range k {
			k[j] ^= byte(i)
		}
		rc4Apply(k, out)
	}
	return out
}

// seal encrypts the stream data of object n, generation 0, algorithm 1.
func (c *crypt) seal(n int, data []byte) []byte {
	k := md5.Sum(append(bytes.Clone(c.key), byte(n), byte(n>>8), byte(n>>16), 0, 0))
	out := bytes.Clone(data)
	rc4Apply(k[:], out)
	return out
}

func rc4Apply(key, data []byte) {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return // only for key lengths outside 1 to 256
	}
	c.XORKeyStream(data, data)
}
