package pdf

import (
	"bytes"
	"errors"
)

// repair finds objects by their "n g obj" headers when the cross-reference data is missing or wrong; the last object of
// a number counts, as in common readers. Objects of object streams are added after.
func (d *Document) repair() error {
	d.reset()
	d.repaired = true
	if err := d.scan(); err != nil {
		return err
	}
	if err := d.scanObjectStreams(); err != nil {
		return err
	}
	d.size = sizeOf(nil, d.xref)
	if d.trailer["Root"] == nil {
		d.findCatalog()
	}
	_, err := d.PagesRoot()
	return err
}

func (d *Document) scan() error {
	d.trailer = Dict{}
	found := map[int]row{}
	defer func() { d.xref = tableOfRows(found) }()
	// next returns where a word next stands from at on, the end of the file if nowhere. What it found is asked for again
	// only once it is passed, so that the whole file is searched once.
	next := func(word string, found, at int) int {
		if found >= at {
			return found
		}
		if i := bytes.Index(d.raw[at:], []byte(word)); i >= 0 {
			return at + i
		}
		return len(d.raw)
	}
	obj, trailer := -1, -1
	for at := 0; ; {
		obj, trailer = next("obj", obj, at), next("trailer", trailer, at)
		if obj == len(d.raw) && trailer == len(d.raw) {
			return nil
		}
		if trailer < obj {
			at = trailer + len("trailer")
			d.addTrailer(int64(at))
			continue
		}
		at = obj + len("obj")
		num, gen, off, ok := HeaderBefore(d.raw, at-len("obj"))
		if !ok {
			continue
		}
		found[num] = newRow(KindPlain, int64(off), gen)
		if err := d.checkCount(len(found)); err != nil {
			return err
		}
	}
}

// HeaderBefore reads backwards the "n g " in front of the keyword obj at position at.
func HeaderBefore(b []byte, at int) (num, gen, off int, ok bool) {
	i := at
	back := func(f func(byte) bool, most int) bool {
		start := i
		for i > 0 && start-i < most && f(b[i-1]) {
			i--
		}
		return i < start
	}
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	if !back(IsSpace, 8) || !back(digit, 5) || !back(IsSpace, 8) || !back(digit, 10) {
		return 0, 0, 0, false
	}
	if i > 0 && IsRegular(b[i-1]) && !digit(b[i-1]) {
		// "endobj12 0 obj" is seen in the wild; anything else is part of another token.
		if !bytes.HasSuffix(b[:i], []byte("endobj")) {
			return 0, 0, 0, false
		}
	}
	p := &Parser{Bytes: b[:at], Pos: i}
	num, ok1 := p.Uint()
	gen, ok2 := p.Uint()
	return num, gen, i, ok1 && ok2 && num > 0
}

// addTrailer keeps /Root, /Encrypt, /ID and /Info of the trailer at off; later trailers count more.
func (d *Document) addTrailer(off int64) {
	o, err := d.ParseAt(off)
	t, ok := o.(Dict)
	if err != nil || !ok {
		return
	}
	d.keepTrailer(t)
}

func (d *Document) keepTrailer(t Dict) {
	for _, k := range []Name{"Root", "Encrypt", "ID", "Info"} {
		if v, ok := t[k]; ok {
			d.trailer[k] = v
		}
	}
}

func (d *Document) scanObjectStreams() error {
	compressed := map[int]row{}
	for _, n := range d.xref.inUse() {
		o, err := d.Object(n)
		st, ok := o.(*Stream)
		if err != nil || !ok {
			continue
		}
		switch st.Dict["Type"] {
		case Name("XRef"):
			d.keepTrailer(st.Dict)
		case Name("ObjStm"):
			s, err := d.objectStream(n)
			if err != nil {
				if r := (*Refusal)(nil); errors.As(err, &r) && r.Reason == ReasonDecodeLimit {
					return err
				}
				continue
			}
			for i, num := range s.nums {
				compressed[int(num)] = newRow(KindCompressed, int64(n), i)
			}
			if err := d.checkCount(len(compressed)); err != nil {
				return err
			}
		}
	}
	d.xref = d.xref.over(tableOfRows(compressed))
	return d.checkCount(d.xref.count())
}

func (d *Document) findCatalog() {
	for n, e := range d.xref.all() {
		o, err := d.Object(n)
		if dict, ok := o.(Dict); ok && err == nil && dict["Type"] == Name("Catalog") {
			d.trailer["Root"] = Ref{Num: n, Gen: e.Generation()}
		}
	}
}
