package canonjson_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/evaultlib/evault/internal/canonjson"
)

func TestMarshal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"keys are sorted", map[string]any{"b": 1, "a": 2, "_": nil}, `{"_":null,"a":2,"b":1}`},
		{"no HTML escapes", "<a&b>", `"<a&b>"`},
		{"control characters", "\x00\x1f\n\t\"\\", `"\u0000\u001f\n\t\"\\"`},
		{"line separators stay", "\u2028é", "\"\u2028é\""},
		{"nested", []any{map[string]any{"x": []int{}}, true}, `[{"x":[]},true]`},
		{"largest integer", int64(1<<53 - 1), `9007199254740991`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := canonjson.Marshal(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	deep := any(1)
	for range canonjson.MaxDepth + 2 {
		deep = []any{deep}
	}
	for name, v := range map[string]any{
		"fraction": 0.5, "too large": int64(1 << 53), "key": map[string]int{"é": 1}, "depth": deep, "channel": make(chan int),
	} {
		if b, err := canonjson.Marshal(v); err == nil {
			t.Errorf("%s: got %s, want an error", name, b)
		}
	}
}

func TestCheckRefusesOtherSpellings(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		``, ` {}`, `{} `, `{}{}`, `{"b":1,"a":2}`, `{"a":1,"a":1}`, `"\u0041"`, `"\/"`, `1.0`, `1e3`, `-0`, `01`, `{"a": 1}`, "\"\xff\"", `[1,]`, `"\ud800"`,
	} {
		if err := canonjson.Check([]byte(s)); !errors.Is(err, canonjson.ErrNotCanonical) && err == nil {
			t.Errorf("Check(%s) = nil, want an error", s)
		}
	}
	if err := canonjson.Check([]byte(`{"a":[1,"é"]}`)); err != nil {
		t.Errorf("canonical bytes refused: %v", err)
	}
}

func TestUnmarshalRefusesUnknownFields(t *testing.T) {
	t.Parallel()
	var v struct {
		A int `json:"a"`
	}
	if err := canonjson.Unmarshal([]byte(`{"a":1,"b":2}`), &v); err == nil {
		t.Error("unknown field accepted")
	}
	if err := canonjson.Unmarshal([]byte(`{"a":1}`), &v); err != nil || v.A != 1 {
		t.Errorf("got %v, %v", v, err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1,"é",null,true]}`))
	f.Add([]byte(`{"b":1,"a":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if canonjson.Check(b) != nil {
			return
		}
		var v any
		if err := canonjson.Unmarshal(b, &v); err != nil {
			t.Skip()
		}
		again, err := canonjson.Marshal(v)
		if err == nil && !bytes.Equal(again, b) {
			t.Errorf("two spellings pass: %q and %q", b, again)
		}
	})
}
