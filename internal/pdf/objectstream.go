package pdf

// objectStream is a decoded object stream (ISO 32000-2 §7.5.7).
type objectStream struct {
	data []byte
	nums []int32
	offs []int32
}

// find returns the place of object num; where the stream holds it more than once, the last.
func (s *objectStream) find(num int) (int, bool) {
	for i := len(s.nums) - 1; i >= 0; i-- {
		if int(s.nums[i]) == num {
			return i, true
		}
	}
	return 0, false
}

// compressed reads an object that stands in an object stream, and says how much memory it takes.
func (d *Document) compressed(num int, e Entry) (_ Object, cost int, _ error) {
	s, err := d.objectStream(e.Stream)
	if err != nil {
		return nil, 0, err
	}
	i := e.index
	if i >= len(s.nums) || int(s.nums[i]) != num {
		var ok bool
		d.work += int64(len(s.nums))
		if i, ok = s.find(num); !ok {
			return nil, 0, nil
		}
		d.odd[num] = "its place in the object stream differs from the one named"
	}
	if err := d.exhausted(); err != nil {
		return nil, 0, err
	}
	p := &Parser{Bytes: s.data, Pos: int(s.offs[i]), MaxDepth: d.limits.Depth, MaxCost: MaxObject}
	o, err := p.Object()
	d.work += int64(p.Pos) - int64(s.offs[i])
	if p.Duplicate {
		d.odd[num] = "a dictionary has a duplicate key"
	}
	return o, p.Cost, err
}

func (d *Document) objectStream(num int) (*objectStream, error) {
	if s, ok := d.streams[num]; ok {
		return s, nil
	}
	e, _ := d.xref.at(num)
	if e.Kind != KindPlain {
		return nil, Damaged("an object stream is missing or itself compressed")
	}
	st, err := d.Stream(Ref{Num: num, Gen: e.Gen})
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, Damaged("an object stream is missing")
	}
	if d.Encrypted() {
		return nil, &Refusal{Reason: ReasonUnsupported, Detail: "an encrypted object stream"}
	}
	s, err := d.unpack(st)
	if err != nil {
		return nil, err
	}
	d.streams[num] = s
	return s, nil
}

// unpack decodes an object stream.
func (d *Document) unpack(st *Stream) (*objectStream, error) {
	data, err := d.Decode(st)
	if err != nil {
		return nil, err
	}
	n, ok1 := d.Int(st.Dict["N"])
	first, ok2 := d.Int(st.Dict["First"])
	if !ok1 || !ok2 || n < 0 || first < 0 || first > int64(len(data)) || n > first || len(data) > 1<<31-1 {
		return nil, Damaged("malformed object stream")
	}
	// Like the cross-reference data, object streams that were replaced may name some objects again.
	if d.inStreams += int(n); d.inStreams > 2*d.limits.Objects {
		return nil, d.checkCount(d.inStreams)
	}
	s := &objectStream{data: data, nums: make([]int32, n), offs: make([]int32, n)}
	p := &Parser{Bytes: data[:first]}
	for i := range s.nums {
		num, ok1 := p.Uint()
		off, ok2 := p.Uint()
		if !ok1 || !ok2 || num > 1<<31-1 || int64(off)+first > int64(len(data)) {
			return nil, Damaged("malformed object stream")
		}
		s.nums[i], s.offs[i] = int32(num), int32(off+int(first))
	}
	return s, nil
}

// Packed returns the numbers of the objects in an object stream, which the cross-reference data need not name.
func (d *Document) Packed(s *Stream) ([]int32, error) {
	packed, err := d.unpack(s)
	if err != nil {
		return nil, err
	}
	return packed.nums, nil
}

// PackedIn is Packed for the object stream of that number, which is decoded once.
func (d *Document) PackedIn(num int) ([]int32, error) {
	s, err := d.objectStream(num)
	if err != nil {
		return nil, err
	}
	return s.nums, nil
}
