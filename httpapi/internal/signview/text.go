package signview

import (
	"regexp"
	"strings"

	"github.com/evaultlib/evault/httpapi/web"
)

// wrapped is a line that goes on in the next one.
var wrapped = regexp.MustCompile(`([\pL\pN,;]) ?\n(\p{Ll})`)

// Text parts the words of each page into paragraphs.
func Text(words []string) []web.TextPage {
	pages := make([]web.TextPage, len(words))
	for i, text := range words {
		pages[i].Page = i + 1
		for part := range strings.SplitSeq(wrapped.ReplaceAllString(text, "$1 $2"), "\n\n") {
			if part = strings.TrimSpace(part); part != "" {
				pages[i].Paragraphs = append(pages[i].Paragraphs, part)
			}
		}
	}
	return pages
}
