package sqlstore

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage/standing"
)

// part says where a role is recorded: by a row r of the table, whose column
// envelope_id names the envelope and whose column org the organization. has is what
// must hold of r for the role, follows what must hold of r and of an event e of the
// envelope for that event to be one that the role may follow; "" is nothing.
type part struct{ table, org, has, follows string }

var roles = map[standing.Standing]part{
	standing.Originator: {
		"evault_envelopes", "org_id", "",
		"(e.type LIKE 'envelope.%' OR NOT EXISTS (SELECT 1 FROM evault_copies AS k WHERE k.envelope_id = e.envelope_id AND k.org_id <> r.org_id))",
	},
	standing.Controller: {"evault_copies", "org_id", "", ""},
	standing.Offeree: {
		"evault_offers", "org_id", "r.status = 'offered'",
		"e.event_id IN (r.event_id, r.ended_event_id)", // an offeree hears how its offer ended
	},
	standing.Former: {
		"evault_offers", "from_org_id", "r.status = 'accepted'",
		"r.status = 'accepted' AND e.seq <= r.ended_seq",
	},
}

// may narrows q to the envelopes that the organization may do act to; q reads rows
// of table, whose column envelope names the envelope. Events, the rows of
// evault_events as e, are narrowed one by one for standing.Follow.
func may(q *bun.SelectQuery, act standing.Act, orgID, table, envelope string) *bun.SelectQuery {
	var where []string
	var args []any
	for role := range standing.Who(act) {
		p := roles[role]
		if p.table == "" {
			continue
		}
		condition := p.has
		if act == standing.Follow {
			condition = p.follows
		}
		if p.table == table && condition == "" {
			where, args = append(where, "? = ?"), append(args, bun.Ident(p.org), orgID)
			continue
		}
		where = append(where, "EXISTS (SELECT 1 FROM ? AS r WHERE r.envelope_id = ? AND r.? = ?"+and(condition)+")")
		args = append(args, bun.Ident(p.table), bun.Ident(envelope), bun.Ident(p.org), orgID)
	}
	if len(where) == 0 {
		return q.Where("1 = 0")
	}
	return q.Where("("+strings.Join(where, " OR ")+")", args...)
}

func and(condition string) string {
	if condition == "" {
		return ""
	}
	return " AND " + condition
}

// followers returns the organizations that may follow the event.
func (s session) followers(ctx context.Context, eventID string) (orgs []string, err error) {
	var selects []string
	var args []any
	for role := range standing.Who(standing.Follow) {
		if p := roles[role]; p.table != "" {
			selects = append(selects, "SELECT r.? AS org_id FROM evault_events AS e JOIN ? AS r ON r.envelope_id = e.envelope_id WHERE e.event_id = ?"+and(p.follows))
			args = append(args, bun.Ident(p.org), bun.Ident(p.table), eventID)
		}
	}
	if len(selects) == 0 {
		return nil, nil
	}
	return orgs, mapErr(s.idb.NewRaw(strings.Join(selects, " UNION "), args...).Scan(ctx, &orgs))
}
