package pages

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/vault/custody"
)

// table makes a table with one row for each of list.
func table[T any](heading string, cols []typeset.Column, list []T, row func(T) []typeset.Cell) typeset.Table {
	t := typeset.Table{Heading: heading, Columns: cols}
	for _, x := range list {
		t.Rows = append(t.Rows, row(x))
	}
	return t
}

func requirementsTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Requirement", Width: 5}, {Head: "Finding", Width: 6}, {Head: "Rests on", Width: 3}}
	return table("Requirements", cols, c.Compliance.Checks, func(k certificate.Check) []typeset.Cell {
		found := "No longer applies"
		switch {
		case k.Met():
			found = "Satisfied, " + k.Basis
		case k.Failed():
			found = "Not satisfied"
		}
		return []typeset.Cell{{Text: k.Requirement, Small: k.Reference}, {Strong: found, Text: k.Detail}, {Text: restingOn(k.Evidence)}}
	})
}

// evidenceWords say what an item of evidence is, where its kind does not.
var evidenceWords = map[string]string{
	"chain_head": "the last event of the chain", "claim": "entries in the register of claims", "read_back": "the stored bytes, read now",
	"version": "the bytes of a version", "copy": "the bytes of a marked copy", "completion": "the bytes of the completed document",
	"register": "the register of copies", "checkpoint": "a signed checkpoint of the log", "event": "events in the log",
	"custody": "signed custody statements", "consent": "consents in custody statements", "seal": "the seal",
	"acknowledgment": "the custodian's signed acknowledgment", "acceptance": "acceptances in custody statements",
}

// Evidence says what an item of evidence is, "" where its kind does.
func Evidence(kind string) string { return evidenceWords[kind] }

// restingOn says how many items of each kind stand behind a finding, by what they
// rest on.
func restingOn(items []certificate.Item) string {
	var lines []string
	for _, basis := range []string{certificate.Verified, certificate.Attested, certificate.Declared} {
		var kinds []string
		count := map[string]int{}
		for _, i := range items {
			if i.Basis != basis {
				continue
			}
			if count[i.Kind]++; count[i.Kind] == 1 {
				kinds = append(kinds, i.Kind)
			}
		}
		for n, k := range kinds {
			words := k
			if w := evidenceWords[k]; w != "" {
				words = w
			}
			if kinds[n] = words; count[k] > 1 {
				kinds[n] = fmt.Sprintf("%s (%d)", words, count[k])
			}
		}
		if len(kinds) > 0 {
			lines = append(lines, basis+": "+strings.Join(kinds, ", "))
		}
	}
	return strings.Join(lines, "\n")
}

func findingsTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Finding", Width: 1}, {Head: "Detail", Width: 3}}
	return table("Further findings, not scored", cols, c.Compliance.Findings, func(f certificate.Finding) []typeset.Cell {
		return []typeset.Cell{{Text: strings.ReplaceAll(f.ID, "_", " ")}, {Text: f.Detail}}
	})
}

func custodyTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Time (UTC)", Width: 17}, {Head: "Step", Width: 26}, {Head: "From", Width: 14}, {Head: "To", Width: 18}, {Head: "Version", Width: 45}}
	party := func(p *certificate.Party) typeset.Cell {
		if p == nil {
			return typeset.Cell{Small: "none here"}
		}
		return typeset.Cell{Text: p.Name, Small: line(p.Identifier, p.Email)}
	}
	return table("Chain of custody", cols, c.Custody, func(x certificate.CustodyEntry) []typeset.Cell {
		return []typeset.Cell{
			{Text: UTC(&x.RecordedAt)},
			{Strong: stepText(x), Small: consentText(x)},
			party(x.From), party(x.To),
			{Text: fmt.Sprintf("Version %d", x.Version), Small: line(x.CustodyID, string(x.RequestSHA256)), Mono: string(x.SHA256) + "\nstatement\n" + string(x.Statement)},
		}
	})
}

// stepText names a step of the chain.
func stepText(x certificate.CustodyEntry) string {
	a := x.Assignment
	if a == nil {
		return x.Kind
	}
	text := strings.ReplaceAll(a.Purpose, "_", " ") + "; the receiver is " + interestText(a.Interest)
	if a.Reason != "" {
		text += "; reason: " + a.Reason
	}
	return text
}

// consentText says who acted, and whose consent that was.
func consentText(x certificate.CustodyEntry) string {
	actor := line(x.Actor.Kind+" "+x.Actor.ID, x.Actor.OrgID)
	if a := x.Assignment; a != nil {
		actor += fmt.Sprintf("; accepted by %s, %s", line(a.AcceptedBy.Kind+" "+a.AcceptedBy.ID, a.AcceptedBy.OrgID), a.Acceptance)
	}
	switch {
	case x.ConsentOf != "":
		return fmt.Sprintf("with the consent of the %s, %s, by %s", x.ConsentOf, x.Consent, actor)
	case x.From == nil:
		return fmt.Sprintf("no controller before the deposit; %s by %s", x.Consent, actor)
	}
	return "by " + actor
}

func keysTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Public key for", Width: 18}, {Head: "Holder, certified by", Width: 32}, {Head: "Key id", Width: 50}}
	return table("Keys that this record rests on", cols, c.System.Keys, func(k certificate.SystemKey) []typeset.Cell {
		by := "not certified"
		switch {
		case k.CertifiedBy != nil:
			by = "certified by " + *k.CertifiedBy
		case k.SelfSigned:
			by = "certified by its own holder"
		}
		return []typeset.Cell{{Text: k.Use}, {Text: k.Holder, Small: by}, {Mono: k.KID}}
	})
}

func signaturesTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Signer", Width: 24}, {Head: "Times (UTC)", Width: 26}, {Head: "Presented document", Width: 50}}
	return table("Signatures", cols, c.Signatures, func(s certificate.SignatureEntry) []typeset.Cell {
		var times []string
		for _, m := range []struct {
			what string
			at   *certificate.Time
		}{{"Consented", s.ConsentedAt}, {"Signed", s.SignedAt}, {"Link disclosed to the sender", s.LinkDisclosedAt}} {
			if at := UTC(m.at); at != "" {
				times = append(times, m.what+" "+at)
			}
		}
		return []typeset.Cell{
			{Strong: s.Name, Text: s.Email, Small: line(s.Role, "identified by "+strings.ReplaceAll(s.Auth, "_", " "))},
			{Text: strings.Join(times, "\n")},
			{Mono: string(s.PresentedSHA256)},
		}
	})
}

func acknowledgmentsTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Acknowledgment", Width: 31}, {Head: "Time (UTC)", Width: 19}, {Head: "Statement", Width: 50}}
	return table("Acknowledgments of the custodian", cols, c.Acknowledgments, func(a certificate.Acknowledgment) []typeset.Cell {
		revoked := ""
		if a.RevokedAt != nil {
			revoked = "revoked " + UTC(a.RevokedAt)
		}
		return []typeset.Cell{{Text: a.ID}, {Text: UTC(&a.At), Strong: revoked}, {Mono: string(a.SHA256)}}
	})
}

func declarationsTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "By", Width: 3}, {Head: "Statement", Width: 7}}
	return table("Declared, not verified", cols, c.Declarations, func(d certificate.Declaration) []typeset.Cell {
		return []typeset.Cell{{Strong: d.By, Small: strings.ReplaceAll(d.Kind, "_", " ")}, {Text: d.Statement, Mono: string(d.SHA256)}}
	})
}

func powersTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Power", Width: 3}, {Head: "Who has it", Width: 3}, {Head: "How", Width: 6}}
	return table("Powers over the copy", cols, c.Powers, func(p certificate.Power) []typeset.Cell {
		return []typeset.Cell{{Text: p.Power}, {Strong: p.Holder}, {Text: p.Detail}}
	})
}

func copiesTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Made (UTC)", Width: 19}, {Head: "Kind", Width: 19}, {Head: "Of", Width: 12}, {Head: "Copy", Width: 50}}
	kinds := map[string]string{
		string(custody.CopyMarked): "marked copy", string(custody.CopySigner): "marked copy for a signer", string(custody.CopyInspection): "download of the authoritative copy",
	}
	return table("Register of copies, as of the time of the evaluation", cols, c.Copies, func(x certificate.CopyEntry) []typeset.Cell {
		kind := x.Kind
		if k := kinds[kind]; k != "" {
			kind = k
		}
		of := "document before its deposit"
		if x.Version > 0 {
			of = fmt.Sprintf("version %d", x.Version)
		}
		return []typeset.Cell{
			{Text: UTC(&x.MadeAt)},
			{Text: kind},
			{Text: of, Small: fmt.Sprintf("%d bytes", x.Size)},
			{Text: line(x.GivenTo.Kind+" "+x.GivenTo.ID, x.GivenTo.OrgID), Small: x.CopyID, Mono: string(x.SHA256)},
		}
	})
}

func logTable(c *certificate.Certificate) typeset.Table {
	cols := []typeset.Column{{Head: "Index", Width: 1}, {Head: "Event", Width: 4}, {Head: "Leaf hash (base64)", Width: 6}}
	return table("Events proved to be in the transparency log", cols, c.Log.Entries, func(x certificate.LogEntry) []typeset.Cell {
		return []typeset.Cell{{Text: fmt.Sprint(x.Index)}, {Text: x.Type, Small: x.EventID}, {Mono: x.LeafHash}}
	})
}
