package pdf

import "slices"

// SignedPrefixes returns, ascending, the lengths of the prefixes of raw that its approval signatures sign: b+c of each
// /ByteRange [0 a b c]. Signatures that certify (DocMDP) are left out, for many contracts may be made from one certified
// blank; so are document time-stamps, which say nothing about who holds the file, and signatures whose byte range does not
// hold together. It fails with a [*Refusal] when raw cannot be read.
func SignedPrefixes(raw []byte) ([]int64, error) {
	d, err := Open(raw, Limits{Bytes: int64(len(raw))})
	if err != nil {
		return nil, err
	}
	fields, err := d.SignatureFields()
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, f := range fields {
		s, err := d.Signature(f.Value)
		if err != nil || d.Certification(s.Dict) != 0 || s.SubFilter == "ETSI.RFC3161" {
			continue
		}
		out = append(out, s.End)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
