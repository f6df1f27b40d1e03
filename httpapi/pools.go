package httpapi

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/pool"
)

// csvEnvelope is the name of the column of envelope ids.
const csvEnvelope = "envelope_id"

type poolInput struct {
	Name        string   `json:"name"`
	EnvelopeIDs []string `json:"envelope_ids"`
}

type poolItemsInput struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

type poolBody struct {
	PoolID    string `json:"pool_id"`
	Name      string `json:"name"`
	Count     int    `json:"count"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

type poolItemBody struct {
	EnvelopeID string `json:"envelope_id"`
	AddedAt    string `json:"added_at"`
}

func poolOf(p *pool.Pool) poolBody {
	return poolBody{PoolID: p.ID, Name: p.Name, Count: p.Count, CreatedAt: at(p.CreatedAt), UpdatedAt: at(p.UpdatedAt)}
}

// withPools is a handler that exists where the host has pools.
func withPools(handle func(*API, *call) (*rest.Reply, error)) func(*API, *call) (*rest.Reply, error) {
	return func(a *API, c *call) (*rest.Reply, error) {
		if a.cfg.Pools == nil {
			return nil, errOff
		}
		return handle(a, c)
	}
}

// createPool makes a pool of a JSON body, or of a CSV file and a name in the query.
func (a *API) createPool(c *call) (*rest.Reply, error) {
	q, err := c.Query("name")
	if err != nil {
		return nil, err
	}
	var in poolInput
	if c.Body.Kind == rest.CSV {
		in.Name = q.Get("name")
		in.EnvelopeIDs, err = csvIDs(c.Body.Part("file").Content)
	} else if q.Has("name") {
		err = rest.BadQuery("name is for a body of type text/csv; a JSON body has its own")
	} else {
		err = c.Decode(&in)
	}
	if err != nil {
		return nil, err
	}
	render := func(p *pool.Pool) *rest.Reply {
		rp := rest.OK(poolOf(p)).With("Location", a.cfg.BaseURL+a.cfg.BasePath+"/partner/pools/"+p.ID)
		rp.Status = http.StatusCreated
		return rp
	}
	p, err := a.cfg.Pools.Create(c.Ctx, pool.CreateRequest{
		OrgID: c.key.OrgID, Name: in.Name, EnvelopeIDs: in.EnvelopeIDs, Also: rest.Keep(c.Call, render),
	})
	if err != nil {
		return nil, err
	}
	return render(p), nil
}

// csvIDs reads the first column of a CSV file (RFC 4180), with or without a header.
func csvIDs(file []byte) (ids []string, err error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	r.FieldsPerRecord, r.ReuseRecord, r.TrimLeadingSpace = -1, true, true
	for {
		record, err := r.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return ids, nil
		case errors.As(err, &bad):
			return nil, rest.BadRequest("bad_csv", fmt.Sprintf("line %d of the CSV file could not be read", bad.Line))
		case err != nil:
			return nil, err
		case len(ids) == 0 && record[0] == csvEnvelope: // the header
		default:
			ids = append(ids, record[0])
		}
	}
}

func (a *API) changePool(c *call) (*rest.Reply, error) {
	var in poolItemsInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	render := func(p *pool.Pool) *rest.Reply { return rest.OK(poolOf(p)) }
	p, err := a.cfg.Pools.Change(c.Ctx, pool.ChangeRequest{
		OrgID: c.key.OrgID, PoolID: c.id(), Add: in.Add, Remove: in.Remove, Also: rest.Keep(c.Call, render),
	})
	if err != nil {
		return nil, err
	}
	return render(p), nil
}

func (a *API) getPool(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	p, err := a.cfg.Pools.Pool(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return rest.OK(poolOf(p)), nil
}

func (a *API) listPools(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	l, err := a.cfg.Pools.Pools(c.Ctx, c.key.OrgID, page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	out := make([]poolBody, len(l.Items))
	for i := range l.Items {
		out[i] = poolOf(&l.Items[i])
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}

func (a *API) poolItems(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	l, err := a.cfg.Pools.Contracts(c.Ctx, c.key.OrgID, c.id(), page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	out := make([]poolItemBody, len(l.Items))
	for i, k := range l.Items {
		out[i] = poolItemBody{k.EnvelopeID, at(k.AddedAt)}
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}

// poolItemsCSV is the whole list as a file, which can be sent back to make a pool.
func (a *API) poolItemsCSV(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	all, err := a.cfg.Pools.All(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{csvEnvelope, "added_at"}) // into memory
	for _, k := range all {
		_ = w.Write([]string{k.EnvelopeID, at(k.AddedAt)})
	}
	w.Flush()
	return rest.File{Name: c.id() + "_items.csv", ContentType: "text/csv; charset=utf-8", Content: b.Bytes()}.Whole(), nil
}
