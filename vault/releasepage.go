package vault

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// reasonsInWords are the reasons of a release as its page prints them.
var reasonsInWords = map[string]string{
	"assignment": "Assignment", "payoff": "Payoff", "paper_out": "Conversion to paper", "termination": "Termination of the contract", "other": "Other",
}

// releasePage returns the file with a last page that says in words what the file has
// become: to whom it was released, why and when, which version ended, and that it
// is the original now. The page is appended; nothing before it changes. A file
// that cannot be extended stays as it is: its version statement says the same.
func (v *Vault) releasePage(ctx context.Context, rel *Release, c *custody.Original, last custody.Version, file *storage.Content) (*storage.Content, error) {
	if last.Seal.Mode == custody.SealingDetached {
		return file, nil
	}
	home, when := c.Custodian.Party.Name, rel.ReleasedAt.UTC().Format("2006-01-02 15:04:05 UTC")
	recipient := rel.Recipient.String()
	if rel.Recipient.Email != "" {
		recipient += ", " + rel.Recipient.Email
	}
	page, err := typeset.Append(ctx, file.Bytes(), typeset.Report{
		Title: "Release of the authoritative copy", Subtitle: c.Name,
		Facts: []typeset.Fact{
			{Label: "Released to", Value: recipient},
			{Label: "Reason", Value: reasonsInWords[rel.Reason]},
			{Label: "Released at", Value: when},
			{Label: "Released from", Value: "the vault of " + home},
			{Label: "Controlled until then by", Value: c.Controller.Party.Name},
			{Label: "Version that ended", Value: fmt.Sprintf("version %d, the last one kept in the vault", last.Version)},
			{Label: "This file", Value: fmt.Sprintf("version %d, the release version", rel.Version)},
			{Label: "Envelope", Value: c.EnvelopeID},
			{Label: "Copy", Value: c.CopyID},
			{Label: "Release", Value: rel.ReleaseID},
		},
		Sections: []typeset.Section{{Heading: "What this file is", Paragraphs: []string{
			"This file is now the original of the contract on the pages before this one.",
			fmt.Sprintf("Until its release the authoritative copy was version %d in the vault of %s. That version and every "+
				"earlier one ended with the release, and the vault keeps no authoritative copy any more. Every other file or print is "+
				"a copy.", last.Version, home),
			"Who holds this original, and who controls it, after the release is outside the record of that vault.",
		}}},
		Digests: []typeset.Digest{{Label: fmt.Sprintf("Version %d, which ended", last.Version), Hex: string(last.Object.SHA256)}},
		Footer:  "Release of envelope " + c.EnvelopeID, At: rel.ReleasedAt, Fonts: v.fonts,
		Limits: pdf.Limits{Bytes: file.Size()},
	})
	if err != nil {
		return nil, fmt.Errorf("release page: %w", err)
	}
	return file.Append(page), nil
}
