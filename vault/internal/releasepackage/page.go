package releasepackage

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// reasonsInWords are the reasons of a release as its page prints them.
var reasonsInWords = map[string]string{
	"assignment": "Assignment", "payoff": "Payoff", "paper_out": "Conversion to paper", "termination": "Termination of the contract", "other": "Other",
}

// Page returns what is appended to the file of a version so that its last page says in
// words what the file has become: to whom it was released, why and when, which version
// ended, and that it is the original now. It is for a file that can be extended; a
// version statement says the same of another. Errors: those of typeset.Append.
func Page(ctx context.Context, file *storage.Content, c *custody.Original, ended custody.Version, r Release, fonts font.Fonts) ([]byte, error) {
	home, when := c.Custodian.Party.Name, r.At.UTC().Format("2006-01-02 15:04:05 UTC")
	recipient := r.Recipient.String()
	if r.Recipient.Email != "" {
		recipient += ", " + r.Recipient.Email
	}
	page, err := typeset.Append(ctx, file.Bytes(), typeset.Report{
		Title: "Release of the authoritative copy", Subtitle: c.Name,
		Facts: []typeset.Fact{
			{Label: "Released to", Value: recipient},
			{Label: "Reason", Value: reasonsInWords[r.Reason]},
			{Label: "Released at", Value: when},
			{Label: "Released from", Value: "the vault of " + home},
			{Label: "Controlled until then by", Value: c.Controller.Party.Name},
			{Label: "Version that ended", Value: fmt.Sprintf("version %d, the last one kept in the vault", ended.Version)},
			{Label: "This file", Value: fmt.Sprintf("version %d, the release version", r.Version)},
			{Label: "Envelope", Value: c.EnvelopeID},
			{Label: "Copy", Value: c.CopyID},
			{Label: "Release", Value: r.ReleaseID},
		},
		Sections: []typeset.Section{{Heading: "What this file is", Paragraphs: []string{
			"This file is now the original of the contract on the pages before this one.",
			fmt.Sprintf("Until its release the authoritative copy was version %d in the vault of %s. That version and every "+
				"earlier one ended with the release, and the vault keeps no authoritative copy any more. Every other file or print is "+
				"a copy.", ended.Version, home),
			"Who holds this original, and who controls it, after the release is outside the record of that vault.",
		}}},
		Digests: []typeset.Digest{{Label: fmt.Sprintf("Version %d, which ended", ended.Version), Hex: string(ended.Object.SHA256)}},
		Footer:  "Release of envelope " + c.EnvelopeID, At: r.At, Fonts: fonts,
		Limits: pdf.Limits{Bytes: file.Size()},
	})
	if err != nil {
		return nil, fmt.Errorf("release page: %w", err)
	}
	return page, nil
}
