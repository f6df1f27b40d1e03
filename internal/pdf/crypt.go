package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
)

// passwordPad pads passwords (ISO 32000-1 §7.6.3.3, algorithm 2).
const passwordPad = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08" +
	"\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

var errPassword = &Refusal{Reason: ReasonPassword, Detail: "the file requires a password"}

// Read is [Open] for a file that is only read or rewritten: one that is encrypted but opens without a password (it has
// an owner password only) is decrypted in memory. Such a document can never be extended; see [Document.Decrypted].
func Read(raw []byte, l Limits) (d *Document, err error) {
	defer Guard(&err)
	d, err = Open(raw, l)
	if err == nil && !d.Encrypted() {
		return d, nil
	}
	if err != nil {
		// The catalog may stand in an encrypted object stream, which Open does not read.
		d = &Document{raw: raw, limits: l.forFile(len(raw))}
		d.reset()
		if d.readXref() != nil || !d.Encrypted() {
			return nil, err
		}
	}
	if err := d.unlock(); err != nil {
		return nil, err
	}
	if _, err := d.PagesRoot(); err != nil {
		return nil, err
	}
	d.parsed()
	return d, nil
}

// unlock has all objects decrypted as they are read, with the empty user password (ISO 32000-2 §7.6, standard security
// handler).
func (d *Document) unlock() error {
	dict, err := d.Dict(d.trailer["Encrypt"])
	if err != nil {
		return err
	}
	id, _ := d.Array(d.trailer["ID"])
	c, err := d.newDecrypter(dict, id)
	if err != nil {
		return err
	}
	d.crypt = c
	if ref, ok := d.trailer["Encrypt"].(Ref); ok {
		d.cryptEntry = ref.Num
	}
	clear(d.cache)
	clear(d.streams)
	d.held, d.inStreams, d.pages = 0, 0, nil
	d.trailer = d.trailer.Without("Encrypt")
	return nil
}

type cipherKind int

const (
	cipherNone cipherKind = iota
	cipherRC4
	cipherAES   // 128 bits, a key for each object
	cipherAES32 // 256 bits, one key
)

type decrypter struct {
	key              []byte
	strings, streams cipherKind
	plainMetadata    bool
}

func (d *Document) newDecrypter(e Dict, id Array) (*decrypter, error) {
	v, _ := d.Int(e["V"])
	r, _ := d.Int(e["R"])
	unsupported := &Refusal{
		Reason: ReasonUnsupported, Detail: fmt.Sprintf("encryption %.20s, V %d, R %d", d.Name(e["Filter"]), v, r),
	}
	if d.Name(e["Filter"]) != "Standard" || r < 2 || r > 6 {
		return nil, unsupported
	}
	c := &decrypter{}
	meta, _ := d.Resolve(e["EncryptMetadata"])
	c.plainMetadata = meta == false
	switch v {
	case 1, 2:
		c.strings, c.streams = cipherRC4, cipherRC4
	case 4, 5:
		ok1, ok2 := false, false
		c.streams, ok1 = d.cryptFilter(e, "StmF")
		c.strings, ok2 = d.cryptFilter(e, "StrF")
		if !ok1 || !ok2 {
			return nil, unsupported
		}
	default:
		return nil, unsupported
	}
	var err error
	if r >= 5 {
		c.key, err = d.key256(e, r)
	} else {
		c.key, err = d.key128(e, id, v, r, c.plainMetadata)
	}
	return c, err
}

// cryptFilter returns the cipher of a crypt filter (§7.6.6).
func (d *Document) cryptFilter(e Dict, entry Name) (cipherKind, bool) {
	name := d.Name(e[entry])
	if name == "" || name == "Identity" {
		return cipherNone, true
	}
	filters, err := d.Dict(e["CF"])
	if err != nil {
		return 0, false
	}
	f, err := d.Dict(filters[name])
	if err != nil || f == nil {
		return 0, false
	}
	switch d.Name(f["CFM"]) {
	case "None":
		return cipherNone, true
	case "V2":
		return cipherRC4, true
	case "AESV2":
		return cipherAES, true
	case "AESV3":
		return cipherAES32, true
	}
	return 0, false
}

func (d *Document) bytesOf(o Object, n int) ([]byte, error) {
	v, err := d.Resolve(o)
	s, ok := v.(String)
	if err != nil || !ok || len(s) < n {
		return nil, Damaged("malformed encryption dictionary")
	}
	return []byte(s[:n]), nil
}

// key128 is algorithms 2, 4 and 5 for the empty password.
func (d *Document) key128(e Dict, id Array, v, r int64, plainMetadata bool) ([]byte, error) {
	o, err := d.bytesOf(e["O"], 32)
	if err != nil {
		return nil, err
	}
	u, err := d.bytesOf(e["U"], 16)
	if err != nil {
		return nil, err
	}
	var first []byte
	if len(id) > 0 {
		if s, ok := id[0].(String); ok {
			first = []byte(s)
		}
	}
	p, _ := d.Int(e["P"])
	size := int64(5)
	if bits, ok := d.Int(e["Length"]); ok && v > 1 && bits >= 40 && bits <= 128 {
		size = bits / 8
	}
	if v == 4 {
		size = 16
	}
	h := md5.New()
	h.Write([]byte(passwordPad))
	h.Write(o)
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(p)))
	h.Write(first)
	if r >= 4 && plainMetadata {
		h.Write([]byte{0xFF, 0xFF, 0xFF, 0xFF})
	}
	key := h.Sum(nil)[:size]
	if r == 2 {
		if !bytes.Equal(rc4Bytes(key, []byte(passwordPad))[:16], u) {
			return nil, errPassword
		}
		return key, nil
	}
	for range 50 {
		sum := md5.Sum(key)
		key = sum[:size]
	}
	check := md5.Sum(append([]byte(passwordPad), first...))
	out := check[:]
	for i := range 20 {
		k := bytes.Clone(key)
		for j := range k {
			k[j] ^= byte(i)
		}
		out = rc4Bytes(k, out)
	}
	if !bytes.Equal(out, u) {
		return nil, errPassword
	}
	return key, nil
}

// key256 is algorithms 2.A and 11 for the empty user password.
func (d *Document) key256(e Dict, r int64) ([]byte, error) {
	u, err := d.bytesOf(e["U"], 48)
	if err != nil {
		return nil, err
	}
	ue, err := d.bytesOf(e["UE"], 32)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(passwordHash(u[32:40], r), u[:32]) {
		return nil, errPassword
	}
	block, err := aes.NewCipher(passwordHash(u[40:48], r))
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(key, ue)
	return key, nil
}

// passwordHash is algorithm 2.B for the empty user password; revision 5 stops after its first step.
func passwordHash(salt []byte, r int64) []byte {
	first := sha256.Sum256(salt)
	k := first[:]
	if r == 5 {
		return k
	}
	for round := 1; ; round++ { // counted when done, as readers and writers do
		data := bytes.Repeat(k, 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(data, data)
		sum := 0
		for _, c := range data[:16] {
			sum += int(c)
		}
		h := [...]func() hash.Hash{sha256.New, sha512.New384, sha512.New}[sum%3]()
		h.Write(data)
		k = h.Sum(nil)
		if round >= 64 && int(data[len(data)-1]) <= round-32 {
			return k[:32]
		}
	}
}

func rc4Bytes(key, data []byte) []byte {
	out := make([]byte, len(data))
	c, err := rc4.NewCipher(key)
	if err != nil {
		return out
	}
	c.XORKeyStream(out, data)
	return out
}

// object returns o decrypted; what it returns is new.
func (c *decrypter) object(o Object, num, gen int) (Object, error) {
	switch v := o.(type) {
	case String:
		b, err := c.bytes(c.strings, []byte(v), num, gen)
		return String(b), err
	case Array:
		out := make(Array, len(v))
		for i, x := range v {
			var err error
			if out[i], err = c.object(x, num, gen); err != nil {
				return nil, err
			}
		}
		return out, nil
	case Dict:
		out := make(Dict, len(v))
		for k, x := range v {
			if k == "Contents" && v["ByteRange"] != nil {
				out[k] = x // a signature value is not encrypted (§7.6.2)
				continue
			}
			var err error
			if out[k], err = c.object(x, num, gen); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *Stream:
		return c.stream(v, num, gen)
	}
	return o, nil
}

func (c *decrypter) stream(s *Stream, num, gen int) (Object, error) {
	if s.Dict["Type"] == Name("XRef") {
		return s, nil
	}
	o, err := c.object(s.Dict, num, gen)
	if err != nil {
		return nil, err
	}
	out := &Stream{Dict: o.(Dict), Raw: s.Raw}
	filters, _ := out.Dict["Filter"].(Array)
	named := out.Dict["Filter"] == Name("Crypt") || (len(filters) > 0 && filters[0] == Name("Crypt"))
	if named || (c.plainMetadata && out.Dict["Type"] == Name("Metadata")) {
		return out, nil
	}
	out.Raw, err = c.bytes(c.streams, s.Raw, num, gen)
	return out, err
}

func (c *decrypter) bytes(kind cipherKind, data []byte, num, gen int) ([]byte, error) {
	key := c.key
	if kind == cipherRC4 || kind == cipherAES {
		h := md5.New()
		h.Write(c.key)
		h.Write([]byte{byte(num), byte(num >> 8), byte(num >> 16), byte(gen), byte(gen >> 8)})
		if kind == cipherAES {
			h.Write([]byte("sAlT"))
		}
		key = h.Sum(nil)[:min(len(c.key)+5, 16)]
	}
	switch kind {
	case cipherRC4:
		return rc4Bytes(key, data), nil
	case cipherAES, cipherAES32:
		return aesBytes(key, data)
	}
	return data, nil
}

// aesBytes decrypts CBC with the initial vector in front and PKCS #7 padding. Data that is cut off is kept as far as it
// goes.
func aesBytes(key, data []byte) ([]byte, error) {
	if len(data) < 2*aes.BlockSize {
		return nil, nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, Damaged("malformed encryption dictionary")
	}
	body := data[aes.BlockSize:]
	out := make([]byte, len(body)/aes.BlockSize*aes.BlockSize)
	cipher.NewCBCDecrypter(block, data[:aes.BlockSize]).CryptBlocks(out, body[:len(out)])
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= aes.BlockSize {
		out = out[:len(out)-pad]
	}
	return out, nil
}
