package compliance_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Edits by somebody who has the database, the bytes and the keys.

type object = map[string]any

// without deletes the events of a type with their details.
func (w *world) without(kind string) {
	w.T.Helper()
	_, err := w.DB.Bun().ExecContext(w.T.Context(), "DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = ?)", kind)
	check(w.T, err)
	w.Exec("DELETE FROM evault_events WHERE type = ?", kind)
}

// rewrite makes the first event of a type anew, with other data and another detail;
// it is not in the log yet.
func (w *world) rewrite(id, kind string, edit func(data, detail object)) {
	w.T.Helper()
	events := w.Events(id)
	e := events[slices.IndexFunc(events, func(e event.Event) bool { return e.Type == kind })]
	var body object
	check(w.T, json.Unmarshal(e.Canonical, &body))
	detail := object{}
	if e.Detail != nil {
		check(w.T, json.Unmarshal(e.Detail, &detail))
	}
	edit(body["data"].(object), detail)
	if e.Detail != nil {
		b := w.canonical(detail)
		body["detail_sha256"] = event.Commit(e.Salt, b)
		w.Exec("UPDATE evault_event_details SET detail = ? WHERE event_id = ?", string(b), e.ID)
	}
	b := w.canonical(body)
	w.Exec("UPDATE evault_events SET canonical = ?, hash = ?, log_index = NULL WHERE event_id = ?", b, string(storage.Sum(b)), e.ID)
}

func (w *world) canonical(v any) []byte {
	w.T.Helper()
	b, err := canonjson.Marshal(v)
	check(w.T, err)
	return b
}

// restate signs what a statement in a column says anew, edited.
func (w *world) restate(table, column string, by ed25519.PrivateKey, edit func(payload object)) {
	w.T.Helper()
	w.restateWhere(table, column, "TRUE", by, edit)
}

// restateWhere is restate in one row.
func (w *world) restateWhere(table, column, where string, by ed25519.PrivateKey, edit func(payload object)) {
	w.T.Helper()
	var token string
	check(w.T, w.DB.Bun().NewRaw("SELECT "+column+" FROM "+table+" WHERE "+where).Scan(w.T.Context(), &token))
	parts := strings.Split(token, ".")
	var head, payload object
	for i, v := range []*object{&head, &payload} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		check(w.T, err)
		check(w.T, json.Unmarshal(b, v))
	}
	edit(payload)
	token, err := jws.Sign(by, head["kid"].(string), head["typ"].(string), w.canonical(payload))
	check(w.T, err)
	w.Exec("UPDATE "+table+" SET "+column+" = ? WHERE "+where, token)
}

// deposited puts other bytes in the place of version 1, with their digest in every
// row.
func (w *world) deposited(id string, edit func([]byte) []byte) {
	w.T.Helper()
	sum, size := w.rewritten(w.versions(id)[0].Object, edit)
	w.Exec("UPDATE evault_versions SET sha256 = ?, size = ?", sum, size)
	w.Exec("UPDATE evault_copies SET document_hash = ?, size = ?", sum, size)
}

// sealed puts other bytes in the place of a completed document that is not vaulted.
func (w *world) sealed(id string, edit func([]byte) []byte) {
	w.T.Helper()
	e, err := w.ESign.Evidence(w.T.Context(), id)
	check(w.T, err)
	sum, size := w.rewritten(e.Envelope.Sealed.Object, edit)
	w.Exec("UPDATE evault_envelopes SET sealed_sha256 = ?, sealed_size = ?", sum, size)
}

func (w *world) rewritten(o storage.Object, edit func([]byte) []byte) (sum string, size int) {
	w.T.Helper()
	w.Alter(o, func(b []byte) []byte {
		b = edit(b)
		sum, size = string(storage.Sum(b)), len(b)
		return b
	})
	return sum, size
}

// resealed is a file under another seal than the one that follows its first size
// bytes.
func (w *world) resealed(s *pades.Sealer, file []byte, size int64, reason string) []byte {
	w.T.Helper()
	seal, err := s.Seal(w.T.Context(), pades.SealRequest{PDF: file[:size], Reason: reason, At: w.Clock.Now()})
	check(w.T, err)
	return slices.Concat(file[:size], seal.Appended)
}

// filledIn is a file in whose form the fields named were filled in.
func filledIn(t testing.TB, file []byte, fields map[int]any) []byte {
	t.Helper()
	d, err := pdf.Open(file, pdf.Limits{})
	check(t, err)
	u, err := d.Update()
	check(t, err)
	for n, value := range fields {
		_, err := u.Edit(pdf.Ref{Num: n}, func(d pdf.Dict) error {
			if s, ok := value.(string); ok {
				d["V"] = pdf.String(s)
				return nil
			}
			d["V"], d["AS"] = value, value
			return nil
		})
		check(t, err)
	}
	appended, err := u.Close()
	check(t, err)
	return slices.Concat(file, appended)
}
