package pdf

import "bytes"

// ValidationMaterial is what the document security store holds (ETSI EN 319 142-1 §5.4.2): DER certificates, OCSP
// responses and CRLs.
type ValidationMaterial struct{ Certificates, OCSPs, CRLs [][]byte }

// maxMaterial bounds how many streams of one kind are read.
const maxMaterial = 1000

// ValidationMaterial reads the document security store; it is empty when there is none.
func (d *Document) ValidationMaterial() (m ValidationMaterial, err error) {
	defer guard(&err)
	catalog, err := d.Catalog()
	if err != nil {
		return m, err
	}
	dss, err := d.Dict(catalog["DSS"])
	if err != nil || dss == nil {
		return m, err
	}
	for _, kind := range m.kinds() {
		if *kind.list, err = d.material(dss[kind.key]); err != nil {
			return m, err
		}
	}
	return m, nil
}

type materialKind struct {
	key  Name
	list *[][]byte
}

func (m *ValidationMaterial) kinds() []materialKind {
	return []materialKind{{"Certs", &m.Certificates}, {"OCSPs", &m.OCSPs}, {"CRLs", &m.CRLs}}
}

func (d *Document) material(o Object) ([][]byte, error) {
	list, err := d.Array(o)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, item := range list[:min(len(list), maxMaterial)] {
		s, err := d.Stream(item)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		data, err := d.Decode(s)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// AddValidationMaterial writes a new document security store that holds the old one's references and what m adds to them.
// It reports whether there was anything to add. Entries of the old store for single signatures (/VRI) stay.
func (u *Update) AddValidationMaterial(m ValidationMaterial) (added bool, err error) {
	old, err := u.d.ValidationMaterial()
	if err != nil {
		return false, err
	}
	have := old.kinds()
	err = u.EditCatalog(func(c Dict) error {
		dss, err := u.Dict(c["DSS"])
		if err != nil {
			return err
		}
		dss = dss.Clone()
		dss["Type"] = Name("DSS")
		for i, kind := range m.kinds() {
			for _, der := range *kind.list {
				if containsBytes(*have[i].list, der) {
					continue
				}
				*have[i].list = append(*have[i].list, der)
				if err := u.AppendTo(dss, kind.key, u.Add(Deflate(Dict{}, der))); err != nil {
					return err
				}
				added = true
			}
		}
		if added {
			c["DSS"] = u.Add(dss)
		}
		return nil
	})
	return added, err
}

func containsBytes(list [][]byte, b []byte) bool {
	for _, x := range list {
		if bytes.Equal(x, b) {
			return true
		}
	}
	return false
}
