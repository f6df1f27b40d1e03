package pdf

import "fmt"

// PageTexts returns the text that each page of raw shows, without its white space. A file that cannot be read is a
// [*Refusal].
func PageTexts(raw []byte) ([]string, error) {
	d, err := Read(raw, Limits{Bytes: int64(len(raw)), Decoded: maxCopyText})
	if err != nil {
		return nil, err
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	t, texts := newTextSource(d), make([]string, len(pages))
	for i, p := range pages {
		if texts[i], err = t.visibleText(p); err != nil {
			return nil, fmt.Errorf("page %d: %w", p.Number, err)
		}
	}
	return texts, nil
}
