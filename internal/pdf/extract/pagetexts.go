package extract

import (
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
)

// MaxText bounds what is decoded to read a copy.
const MaxText = 512 << 20

// PageTexts returns the text that each page of raw shows, without its white space. A file that cannot be read is a
// [*pdf.Refusal].
func PageTexts(raw []byte) ([]string, error) {
	d, err := pdf.Read(raw, pdf.Limits{Bytes: int64(len(raw)), Decoded: MaxText})
	if err != nil {
		return nil, err
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	t, texts := NewSource(d), make([]string, len(pages))
	for i, p := range pages {
		if texts[i], err = t.VisibleText(p); err != nil {
			return nil, fmt.Errorf("page %d: %w", p.Number, err)
		}
	}
	return texts, nil
}
