package eventlog

import (
	"encoding/json"
	"strconv"

	"github.com/evaultlib/evault/storage/event"
)

// Text returns a string or a truth value of an event's data, "" when there is
// none.
func Text(e event.Event, key string) string {
	var data map[string]any
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	switch v := data[key].(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// Number returns a number of an event's data, 0 when there is none.
func Number(e event.Event, key string) int64 {
	var data map[string]any
	if json.Unmarshal(e.Data, &data) != nil {
		return 0
	}
	n, _ := data[key].(float64)
	return int64(n)
}
