package sqlstore

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage/standing"
)

// roles says which table records a role, in its columns envelope_id and org_id. A
// role without a table has nobody in it.
var roles = map[standing.Standing]string{
	standing.Originator: "evault_envelopes",
	standing.Controller: "evault_copies",
}

// may narrows q to the envelopes that the organization may do act to; q reads rows
// of table, whose column envelope names the envelope.
func may(q *bun.SelectQuery, act standing.Act, orgID, table, envelope string) *bun.SelectQuery {
	var where []string
	var args []any
	for role := range standing.Who(act) {
		switch of := roles[role]; of {
		case "":
		case table:
			where, args = append(where, "org_id = ?"), append(args, orgID)
		default:
			where = append(where, "EXISTS (SELECT 1 FROM ? AS r WHERE r.envelope_id = ? AND r.org_id = ?)")
			args = append(args, bun.Ident(of), bun.Ident(envelope), orgID)
		}
	}
	if len(where) == 0 {
		return q.Where("1 = 0")
	}
	return q.Where("("+strings.Join(where, " OR ")+")", args...)
}

// who returns the organizations that may do act to the envelope.
func (s session) who(ctx context.Context, act standing.Act, envelopeID string) (orgs []string, err error) {
	var selects []string
	var args []any
	for role := range standing.Who(act) {
		if of := roles[role]; of != "" {
			selects = append(selects, "SELECT org_id FROM ? WHERE envelope_id = ?")
			args = append(args, bun.Ident(of), envelopeID)
		}
	}
	if len(selects) == 0 {
		return nil, nil
	}
	return orgs, mapErr(s.idb.NewRaw(strings.Join(selects, " UNION "), args...).Scan(ctx, &orgs))
}
