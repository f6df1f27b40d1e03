package pdf

import (
	"bytes"
	"compress/zlib"
	"sync"
)

// compressors are kept for reuse: a new one takes most of a megabyte.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// Deflate compresses data and returns a stream with dict and /Filter /FlateDecode.
func Deflate(dict Dict, data []byte) *Stream {
	var b bytes.Buffer
	w := compressors.Get().(*zlib.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	w.Write(data) // a bytes.Buffer takes everything
	w.Close()
	dict = dict.Clone()
	dict["Filter"] = Name("FlateDecode")
	return &Stream{Dict: dict, Raw: b.Bytes()}
}

// Import copies an object of another document, and all that it refers to, into the update under new numbers, and returns
// the copy. What is imported twice from one document is written once. A /Parent entry is left out, so that importing from
// a page does not pull in its tree.
func (u *Update) Import(src *Document, o Object) (Object, error) {
	if u.imported[src] == nil {
		u.imported[src] = map[Ref]Ref{}
	}
	return u.copy(src, o, 0)
}

func (u *Update) copy(src *Document, o Object, depth int) (Object, error) {
	if depth > 10*src.limits.Depth {
		return nil, &Refusal{Reason: ReasonTooDeep, Detail: "imported objects"}
	}
	switch v := o.(type) {
	case Ref:
		if to, ok := u.imported[src][v]; ok {
			return to, nil
		}
		to := u.Alloc()
		u.imported[src][v] = to
		direct, err := src.Resolve(v)
		if err != nil {
			return nil, err
		}
		c, err := u.copy(src, direct, depth+1)
		u.Put(to, c)
		return to, err
	case Array:
		out := make(Array, len(v))
		for i, x := range v {
			c, err := u.copy(src, x, depth+1)
			if err != nil {
				return nil, err
			}
			out[i] = c
		}
		return out, nil
	case Dict:
		return u.copyDict(src, v, depth)
	case *Stream:
		dict, err := u.copyDict(src, v.Dict.Without("Length"), depth)
		if err != nil {
			return nil, err
		}
		return &Stream{Dict: dict, Raw: v.Raw}, nil
	}
	return o, nil
}

func (u *Update) copyDict(src *Document, v Dict, depth int) (Dict, error) {
	out := make(Dict, len(v))
	for _, k := range v.sortedKeys() {
		if k == "Parent" {
			continue
		}
		c, err := u.copy(src, v[k], depth+1)
		if err != nil {
			return nil, err
		}
		out[k] = c
	}
	return out, nil
}

// ImportPage copies page n of src and returns its dictionary, with inherited attributes filled in, for
// [Update.AppendPage]. Annotations are left behind.
func (u *Update) ImportPage(src *Document, n int) (Dict, error) {
	p, err := src.Page(n)
	if err != nil {
		return nil, err
	}
	dict := p.Dict.Without("Parent", "Annots", "StructParents", "Tabs", "B", "AA", "Metadata", "PieceInfo")
	dict["MediaBox"], dict["CropBox"], dict["Rotate"] = p.MediaBox.Array(), p.CropBox.Array(), int64(p.Rotate)
	dict["Resources"] = p.Resources
	o, err := u.Import(src, dict)
	if err != nil {
		return nil, err
	}
	return o.(Dict), nil
}

// ImportForm copies page n of src as a form XObject (ISO 32000-2 §8.10) whose /BBox is the page's MediaBox, and returns
// its reference. Rotation and crop are not applied.
func (u *Update) ImportForm(src *Document, n int) (Ref, error) {
	p, err := src.Page(n)
	if err != nil {
		return Ref{}, err
	}
	content, err := src.Content(p)
	if err != nil {
		return Ref{}, err
	}
	res, err := u.Import(src, p.Resources)
	if err != nil {
		return Ref{}, err
	}
	form := Dict{"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": p.MediaBox.Array(), "Resources": res}
	if group := p.Dict["Group"]; group != nil {
		if form["Group"], err = u.Import(src, group); err != nil {
			return Ref{}, err
		}
	}
	return u.Add(Deflate(form, content)), nil
}

// Content returns the decoded content streams of a page, joined by line feeds (§7.8.2).
func (d *Document) Content(p Page) ([]byte, error) {
	var b bytes.Buffer
	err := d.appendContent(&b, p)
	return b.Bytes(), err
}

func (d *Document) appendContent(b *bytes.Buffer, p Page) error {
	parts, err := d.contents(p)
	if err != nil {
		return err
	}
	for _, part := range parts {
		s, err := d.Stream(part)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		if err := d.appendDecoded(b, s); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return nil
}

// contents returns the streams of which a page's content is made, as they are named.
func (d *Document) contents(p Page) (Array, error) {
	o, err := d.Resolve(p.Dict["Contents"])
	if parts, ok := o.(Array); ok || err != nil {
		return parts, err
	}
	return Array{p.Dict["Contents"]}, nil
}
