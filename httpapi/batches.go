package httpapi

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strconv"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/pool"
)

type poolAssignmentInput struct {
	To struct {
		ReceivingCode string `json:"receiving_code"`
	} `json:"to"`
	Purpose       string              `json:"purpose"`
	Mode          string              `json:"mode"`
	Obligation    *custody.Obligation `json:"obligation"`
	Reason        string              `json:"reason"`
	Note          string              `json:"note"`
	ExpiresInDays *int                `json:"expires_in_days"`
}

type batchBody struct {
	BatchID   string      `json:"batch_id"`
	PoolID    string      `json:"pool_id"`
	Purpose   string      `json:"purpose"`
	Mode      pool.Mode   `json:"mode"`
	Status    pool.Status `json:"status"`
	Assignee  partyOut    `json:"assignee"`
	Total     int         `json:"total"`
	Done      int         `json:"done"`
	Failed    int         `json:"failed"`
	CreatedAt string      `json:"created_at"`
	UpdatedAt string      `json:"updated_at"`
	ExpiresAt string      `json:"expires_at"`
}

type batchItemBody struct {
	EnvelopeID   string          `json:"envelope_id"`
	AssignmentID *string         `json:"assignment_id"`
	Status       pool.ItemStatus `json:"status"`
	Code         *string         `json:"code"`
	Detail       *string         `json:"detail"`
}

func batchOf(b *pool.Batch) batchBody {
	return batchBody{
		BatchID: b.ID, PoolID: b.PoolID, Purpose: string(b.Purpose), Mode: b.Mode, Status: b.Status, Assignee: partyOf(b.Assignee),
		Total: b.Total, Done: b.Done, Failed: b.Failed, CreatedAt: at(b.CreatedAt), UpdatedAt: at(b.UpdatedAt), ExpiresAt: at(b.ExpiresAt),
	}
}

// assignPool begins to offer what is in a pool.
func (a *API) assignPool(c *call) (*rest.Reply, error) {
	var in poolAssignmentInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r := pool.StartRequest{
		OrgID: c.key.OrgID, PoolID: c.id(), ReceivingCode: in.To.ReceivingCode, Mode: pool.Mode(in.Mode), Purpose: custody.Purpose(in.Purpose),
		Obligation: in.Obligation, Reason: in.Reason, Note: in.Note, Actor: c.actor(), RequestID: c.RequestID,
	}
	var err error
	if r.ExpiresIn, err = days(in.ExpiresInDays); err != nil {
		return nil, err
	}
	if r.RequestSHA256, err = c.Digest(); err != nil {
		return nil, err
	}
	started := func(b *pool.Batch) *rest.Reply {
		rp := rest.OK(batchOf(b)).With("Location", a.cfg.BaseURL+a.cfg.BasePath+"/partner/batches/"+b.ID)
		rp.Status = http.StatusAccepted
		return rp
	}
	r.Also = rest.Keep(c.Call, started)
	b, err := a.cfg.Pools.Start(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	return started(b), nil
}

func (a *API) getBatch(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	b, err := a.cfg.Pools.Batch(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return rest.OK(batchOf(b)), nil
}

// itemStatuses are those by which items may be asked for.
var itemStatuses = map[string]bool{
	string(pool.ItemPending): true, string(pool.ItemOffered): true, string(pool.ItemAccepted): true,
	string(pool.ItemRejected): true, string(pool.ItemCancelled): true, string(pool.ItemFailed): true,
}

func (a *API) batchItems(c *call) (*rest.Reply, error) {
	q, err := c.Query("status", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	limit, err := rest.Limit(q)
	if err != nil {
		return nil, err
	}
	if q.Has("status") && !itemStatuses[q.Get("status")] {
		return nil, rest.BadQuery("status must be that of an item")
	}
	after := int64(0)
	if q.Has("cursor") {
		if after, err = openFeedCursor(q.Get("cursor")); err != nil {
			return nil, err
		}
	}
	items, err := a.cfg.Pools.Items(c.Ctx, c.key.OrgID, c.id(), pool.ItemStatus(q.Get("status")), int(after), limit+1)
	if err != nil {
		return nil, err
	}
	m := rest.Meta{Limit: limit}
	if len(items) > limit {
		items = items[:limit]
		next := feedCursor(int64(items[limit-1].N))
		m.NextCursor = &next
	}
	out := make([]batchItemBody, len(items))
	for i, it := range items {
		out[i] = batchItemBody{it.EnvelopeID, orNull(it.AssignmentID), it.Status, orNull(it.Code), orNull(it.Detail)}
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: m}, nil
}

// batchItemsCSV is every item as a file.
func (a *API) batchItemsCSV(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	items, err := a.cfg.Pools.Items(c.Ctx, c.key.OrgID, c.id(), "", 0, pool.MaxContracts)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{csvEnvelope, "n", "assignment_id", "status", "code", "detail"}) // into memory
	for _, it := range items {
		_ = w.Write([]string{it.EnvelopeID, strconv.Itoa(it.N), it.AssignmentID, string(it.Status), it.Code, it.Detail})
	}
	w.Flush()
	return rest.File{Name: c.id() + "_items.csv", ContentType: "text/csv; charset=utf-8", Content: b.Bytes()}.Whole(), nil
}

func (a *API) acceptBatch(c *call) (*rest.Reply, error) {
	var in acceptInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return a.answerBatch(c, custody.CustodianKind(in.Custodian), a.cfg.Pools.Accept)
}

// endBatch is a handler of a verb that takes nothing.
func endBatch(verb func(*pool.Engine, context.Context, pool.AnswerRequest) (*pool.Batch, error)) func(*API, *call) (*rest.Reply, error) {
	return func(a *API, c *call) (*rest.Reply, error) {
		var in struct{}
		if err := c.Decode(&in); err != nil {
			return nil, err
		}
		return a.answerBatch(c, "", func(ctx context.Context, r pool.AnswerRequest) (*pool.Batch, error) { return verb(a.cfg.Pools, ctx, r) })
	}
}

func (a *API) answerBatch(
	c *call, k custody.CustodianKind, verb func(context.Context, pool.AnswerRequest) (*pool.Batch, error),
) (*rest.Reply, error) {
	r := pool.AnswerRequest{
		OrgID: c.key.OrgID, BatchID: c.id(), Custodian: k, Actor: c.actor(), RequestID: c.RequestID,
		Also: rest.Keep(c.Call, func(b *pool.Batch) *rest.Reply { return rest.OK(batchOf(b)) }),
	}
	var err error
	if r.RequestSHA256, err = c.Digest(); err != nil {
		return nil, err
	}
	b, err := verb(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	return rest.OK(batchOf(b)), nil
}
