package inspect

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Both directions of the pipe carry frames: 8 bytes length, big endian, then as many bytes.

// maxAnswer bounds what is believed of a child: an inspection with thousands of signatures fits.
const maxAnswer = 8 << 20

var errFrame = errors.New("inspect: frame longer than allowed")

func writeFrame(w io.Writer, body []byte) error {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(body)))
	if _, err := w.Write(n[:]); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// readFrame returns io.EOF when the other side closed the pipe between two frames.
func readFrame(r io.Reader, limit int64) ([]byte, error) {
	var n [8]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint64(n[:])
	if size > uint64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", errFrame, size, limit)
	}
	body := make([]byte, size)
	_, err := io.ReadFull(r, body)
	return body, err
}

func writeJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFrame(w, b)
}

func readJSON(r io.Reader, limit int64, v any) error {
	b, err := readFrame(r, limit)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
