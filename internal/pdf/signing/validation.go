package signing

import (
	"crypto/sha1" // names entries of a dictionary; nothing rests on it
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/pdf"
)

// ValidationMaterial is what the document security store holds (ETSI EN 319 142-1 §5.4.2): DER certificates, OCSP
// responses and CRLs.
type ValidationMaterial struct{ Certificates, OCSPs, CRLs [][]byte }

// Material is the part of it that one signature needs: its entry in /VRI (ETSI EN 319 142-1 §5.4.2.3).
type Material struct {
	ValidationMaterial
	Contents []byte    // /Contents of the signature, decoded, its padding included
	At       time.Time // when it was collected; whole seconds count
}

// vriKey returns the name under which /VRI holds what concerns one signature: the SHA-1 digest, in upper-case
// hexadecimal, of the whole string in /Contents (ISO 32000-2 §12.8.4.3; ETSI EN 319 142-1 §5.4.2.3). The string is
// taken as it stands, with the zeros that fill the room reserved for it, as the DSS library of the European Commission
// and pyHanko do; iText agrees for signatures, and leaves the padding of document time-stamps out.
func vriKey(contents []byte) pdf.Name {
	sum := sha1.Sum(contents)
	return pdf.Name(strings.ToUpper(hex.EncodeToString(sum[:])))
}

// maxMaterial bounds how many streams of one kind are read.
const maxMaterial = 1000

// materialKind is one kind of material: where it stands in /DSS and in an entry of /VRI.
type materialKind struct {
	key, single pdf.Name
	list        *[][]byte
}

func (m *ValidationMaterial) kinds() []materialKind {
	return []materialKind{{"Certs", "Cert", &m.Certificates}, {"OCSPs", "OCSP", &m.OCSPs}, {"CRLs", "CRL", &m.CRLs}}
}

// ReadValidationMaterial reads the document security store; it is empty when there is none. What stands in /VRI alone
// is not read: the standard wants it in the lists too.
func ReadValidationMaterial(d *pdf.Document) (m ValidationMaterial, err error) {
	defer pdf.Guard(&err)
	catalog, err := d.Catalog()
	if err != nil {
		return m, err
	}
	dss, err := d.Dict(catalog["DSS"])
	if err != nil || dss == nil {
		return m, err
	}
	for _, kind := range m.kinds() {
		err := material(d, dss[kind.key], func(_ pdf.Object, der []byte) { *kind.list = append(*kind.list, der) })
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// material hands every stream of a list to use, decoded.
func material(d *pdf.Document, o pdf.Object, use func(o pdf.Object, der []byte)) error {
	list, err := d.Array(o)
	if err != nil {
		return err
	}
	for _, item := range list[:min(len(list), maxMaterial)] {
		s, err := d.Stream(item)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		data, err := d.Decode(s)
		if err != nil {
			return err
		}
		use(item, data)
	}
	return nil
}

// AddValidationMaterial writes a new document security store that holds the old one's references and what the parts add
// to them, each stream once, and an entry in /VRI for each part. Entries that are there stay, and grow only by what is
// new for their signature. It reports whether there was anything to add.
func AddValidationMaterial(u *pdf.Update, parts ...Material) (added bool, err error) {
	defer pdf.Guard(&err)
	err = u.EditCatalog(func(c pdf.Dict) error {
		w, err := openStore(u, c["DSS"])
		if err != nil {
			return err
		}
		for _, part := range parts {
			if err := w.add(part); err != nil {
				return err
			}
		}
		if added = w.changed; added {
			w.dss["VRI"] = w.vri
			c["DSS"] = u.Add(w.dss)
		}
		return nil
	})
	return added, err
}

// storeWriter grows a copy of a document security store.
type storeWriter struct {
	u        *pdf.Update
	dss, vri pdf.Dict
	streams  map[[sha256.Size]byte]pdf.Object // by content
	changed  bool
}

func openStore(u *pdf.Update, old pdf.Object) (*storeWriter, error) {
	dss, err := u.Dict(old)
	if err != nil {
		return nil, err
	}
	vri, err := u.Dict(dss["VRI"])
	if err != nil {
		return nil, err
	}
	w := &storeWriter{u: u, dss: dss.Clone(), vri: vri.Clone(), streams: map[[sha256.Size]byte]pdf.Object{}}
	w.dss["Type"] = pdf.Name("DSS")
	var m ValidationMaterial
	for _, kind := range m.kinds() {
		err := material(u.Document(), dss[kind.key], func(o pdf.Object, der []byte) { w.streams[sha256.Sum256(der)] = o })
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *storeWriter) add(part Material) error {
	key := vriKey(part.Contents)
	old, err := w.u.Dict(w.vri[key])
	if err != nil {
		return err
	}
	entry, grown := old.Clone(), old == nil
	for _, kind := range part.kinds() {
		have, err := w.u.Array(entry[kind.single])
		if err != nil {
			return err
		}
		var list pdf.Array
		for _, der := range *kind.list {
			o, err := w.stream(kind.key, der)
			if err != nil {
				return err
			}
			list = append(list, o)
		}
		if lacking := list.Minus(have); len(lacking) > 0 {
			entry[kind.single], grown = append(have.Clone(), lacking...), true
		}
	}
	if grown {
		entry["Type"], entry["TU"] = pdf.Name("VRI"), Date(part.At)
		w.vri[key], w.changed = entry, true
	}
	return nil
}

// stream returns the stream with the given content, adding it to the store's list if it is not there.
func (w *storeWriter) stream(list pdf.Name, der []byte) (pdf.Object, error) {
	sum := sha256.Sum256(der)
	if o, ok := w.streams[sum]; ok {
		return o, nil
	}
	ref := w.u.Add(pdf.Deflate(pdf.Dict{}, der))
	w.streams[sum], w.changed = ref, true
	return ref, w.u.AppendTo(w.dss, list, ref)
}

// Date returns a time as a PDF date in UTC (ISO 32000-2 §7.9.4).
func Date(t time.Time) pdf.String { return pdf.String(t.UTC().Format("D:20060102150405+00'00'")) }
