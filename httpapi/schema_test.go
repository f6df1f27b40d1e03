package httpapi_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/evaultlib/evault/httpapi"
)

// schema is what the test reads of a schema.
type schema struct {
	Ref        string             `yaml:"$ref"`
	Type       types              `yaml:"type"`
	Enum       []string           `yaml:"enum"`
	Required   []string           `yaml:"required"`
	Properties map[string]*schema `yaml:"properties"`
	Additional yaml.Node          `yaml:"additionalProperties"`
	Items      *schema            `yaml:"items"`
	OneOf      []*schema          `yaml:"oneOf"`
}

// types is one type or a list of them.
type types []string

func (ts *types) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*ts = types{n.Value}
		return nil
	}
	return n.Decode((*[]string)(ts))
}

type mediaBody struct {
	Schema schema `yaml:"schema"`
}

type openAPI struct {
	Paths map[string]map[string]struct {
		RequestBody struct {
			Content map[string]mediaBody `yaml:"content"`
		} `yaml:"requestBody"`
		Responses map[string]struct {
			Content map[string]mediaBody `yaml:"content"`
		} `yaml:"responses"`
	} `yaml:"paths"`
	Components struct {
		Schemas map[string]*schema `yaml:"schemas"`
	} `yaml:"components"`
}

// comparison holds Go types against the schemas of openapi.yaml.
type comparison struct {
	*testing.T
	doc     openAPI
	source  source
	enums   int
	fields  int
	reached map[string]bool
}

// TestSchemasAreTheBodies walks every body that a route reads or answers: the
// document has the same members, of the same types, required where they always
// come, nullable where they may be null, with the words that the constants of
// their type have; and it has no schema beside.
func TestSchemasAreTheBodies(t *testing.T) {
	t.Parallel()
	c := &comparison{T: t, source: readSource(t), reached: map[string]bool{}}
	if err := yaml.Unmarshal(httpapi.OpenAPI(), &c.doc); err != nil {
		t.Fatal(err)
	}
	bodies := httpapi.RouteBodies()
	for path, methods := range c.doc.Paths {
		for method, op := range methods {
			name := strings.ToUpper(method) + " " + path
			body := bodies[name]
			delete(bodies, name)
			c.request(name, op.RequestBody.Content, body.In)
			answered := false
			for _, status := range []string{"200", "201", "202"} {
				if m, ok := op.Responses[status].Content["application/json"]; ok {
					answered = true
					own := body
					if b, ok := bodies[name+" "+status]; ok {
						own = b
						delete(bodies, name+" "+status)
					}
					c.answer(name+" "+status, &m.Schema, own)
				}
			}
			if answered != (body.Data != nil) {
				t.Errorf("%s: documented as JSON: %v, answers %T", name, answered, body.Data)
			}
		}
	}
	for name := range bodies {
		t.Errorf("%s: not in openapi.yaml", name)
	}
	for name, v := range httpapi.OtherBodies() {
		c.compare(name, &schema{Ref: "#/components/schemas/" + name}, reflect.TypeOf(v), true)
	}
	for name := range c.doc.Components.Schemas {
		if !c.reached[name] && !unused[name] {
			t.Errorf("no body has the schema %s", name)
		}
	}
	if c.fields < 300 || c.enums < 30 {
		t.Errorf("%d members and %d lists of typed words compared", c.fields, c.enums)
	}
}

// unused are schemas that no struct has: forms of the signing page, the key set,
// which vault/keyring tests, and ids in paths.
var unused = map[string]bool{"ConsentForm": true, "SignForm": true, "ReasonForm": true, "PreviewForm": true, "JWKS": true, "VerifierKey": true, "EnvelopeKind": true}

// secrets are always in an answer, and left out of what is stored or signed of it.
var secrets = map[string]bool{"token": true, "embed_url": true, "session_url": true, "jws": true}

// request compares the JSON body, also where it is a part of a multipart body.
func (c *comparison) request(name string, content map[string]mediaBody, in any) {
	c.Helper()
	found := false
	if m, ok := content["application/json"]; ok {
		found = true
		c.compare(name, &m.Schema, reflect.TypeOf(in), false)
	}
	if m, ok := content["application/x-www-form-urlencoded"]; ok {
		c.reach(&m.Schema)
	}
	for _, part := range []string{"envelope", "request"} {
		if s := content["multipart/form-data"].Schema.Properties[part]; s != nil {
			c.compare(name+" "+part, s, reflect.TypeOf(in), false)
		}
	}
	if found != (in != nil) {
		c.Errorf("%s: a JSON body is documented: %v, read: %T", name, found, in)
	}
}

func (c *comparison) answer(name string, s *schema, body httpapi.RouteBody) {
	c.Helper()
	want := []string{"data"}
	if body.Meta != nil {
		want = append(want, "meta")
		c.compare(name+" meta", s.Properties["meta"], reflect.TypeOf(body.Meta), true)
	}
	if got := slices.Sorted(maps.Keys(s.Properties)); !slices.Equal(got, want) || !slices.Equal(slices.Sorted(slices.Values(s.Required)), want) {
		c.Errorf("%s: members %v, required %v, want %v", name, got, s.Required, want)
		return
	}
	c.compare(name, s.Properties["data"], reflect.TypeOf(body.Data), true)
}

// reach follows $ref.
func (c *comparison) reach(s *schema) *schema {
	c.Helper()
	for s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		c.reached[name] = true
		if s = c.doc.Components.Schemas[name]; s == nil {
			c.Fatalf("no schema %s", name)
		}
	}
	return s
}

// resolve follows $ref and reports whether null is allowed.
func (c *comparison) resolve(s *schema) (plain *schema, nullable bool) {
	c.Helper()
	s = c.reach(s)
	if len(s.OneOf) == 2 && slices.Equal(s.OneOf[0].Type, types{"null"}) {
		plain, _ = c.resolve(s.OneOf[1])
		return plain, true
	}
	return s, slices.Contains(s.Type, "null")
}

// compare holds the type of a value, of an answer or of a request, against s.
func (c *comparison) compare(at string, s *schema, typ reflect.Type, answer bool) {
	c.Helper()
	if s == nil || typ == nil {
		c.Errorf("%s: documented %v, has %v", at, s, typ)
		return
	}
	s, nullable := c.resolve(s)
	pointer := typ.Kind() == reflect.Pointer
	if pointer {
		typ = typ.Elem()
	}
	want, special := httpapi.Special()[typ]
	if !special {
		want = jsonType(typ)
	}
	want, orNull := strings.CutSuffix(want, " or null")
	if omitted := strings.HasSuffix(at, "?"); answer && nullable != (pointer && !omitted) || !answer && orNull && !nullable {
		c.Errorf("%s: documented as nullable: %v, a pointer: %v, left out when empty: %v", at, nullable, pointer, omitted)
	}
	got := slices.DeleteFunc(slices.Clone(s.Type), func(name string) bool { return name == "null" })
	if !slices.Equal(got, types{want}) {
		c.Errorf("%s: documented %v, is %s (%v)", at, s.Type, want, typ)
		return
	}
	if special {
		return
	}
	switch {
	case typ.Kind() == reflect.String:
		c.words(at, s, typ)
	case typ.Kind() == reflect.Slice && s.Items != nil:
		c.compare(at+"[]", s.Items, typ.Elem(), answer)
	case typ.Kind() == reflect.Map:
		var values schema
		if err := s.Additional.Decode(&values); err != nil {
			c.Errorf("%s: %v", at, err)
		}
		c.compare(at+"{}", &values, typ.Elem(), answer)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]():
		c.members(at, s, typ, answer)
	}
}

// jsonType is how encoding/json writes a type.
func jsonType(typ reflect.Type) string {
	switch {
	case typ == reflect.TypeFor[time.Time](), typ == reflect.TypeFor[[]byte]():
		return "string"
	case typ == reflect.TypeFor[json.RawMessage]():
		return "object"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return typ.String()
}

// members compares the fields of a struct, those of embedded structs with them.
func (c *comparison) members(at string, s *schema, typ reflect.Type, answer bool) {
	c.Helper()
	if s.Additional.Value != "false" {
		c.Errorf("%s: additionalProperties is not false", at)
	}
	left := maps.Clone(s.Properties)
	for _, f := range reflect.VisibleFields(typ) {
		name, omit, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		c.fields++
		p := left[name]
		if p == nil {
			c.Errorf("%s: %s is not documented", at, name)
			continue
		}
		delete(left, name)
		always := answer && (omit == "" || secrets[name])
		if required := slices.Contains(s.Required, name); answer && required != always {
			c.Errorf("%s: %s is required: %v, always there: %v", at, name, required, always)
		}
		inner := at + "." + name
		if omit != "" {
			inner += "?" // left out rather than null
		}
		c.compare(inner, p, f.Type, answer)
	}
	for name := range left {
		c.Errorf("%s: %s is documented, but no member", at, name)
	}
	for _, name := range s.Required {
		if s.Properties[name] == nil {
			c.Errorf("%s: %s is required, but not documented", at, name)
		}
	}
}

// words compares an enum with the constants of the type, or for a plain string
// with the rule oneof of a field of this name. Without either, its words must at
// least be in the source of some package.
func (c *comparison) words(at string, s *schema, typ reflect.Type) {
	c.Helper()
	got := slices.Sorted(slices.Values(s.Enum))
	if want := c.source.typed[typ.PkgPath()+"."+typ.Name()]; len(want) > 0 {
		c.enums++
		if !slices.Equal(got, want) {
			c.Errorf("%s: enum %v, the constants of %v are %v", at, got, typ, want)
		}
		return
	}
	name := strings.TrimSuffix(at[strings.LastIndex(at, ".")+1:], "?")
	shares := func(rule []string) bool {
		return slices.ContainsFunc(rule, func(word string) bool { return slices.Contains(got, word) })
	}
	if rules := slices.DeleteFunc(slices.Clone(c.source.oneof[name]), func(r []string) bool { return !shares(r) }); len(rules) > 0 {
		c.enums++
		if !slices.ContainsFunc(rules, func(r []string) bool { return slices.Equal(r, got) }) {
			c.Errorf("%s: enum %v, the rules of %s are %v", at, got, name, rules)
		}
		return
	}
	for _, word := range got {
		if !c.source.words[word] {
			c.Errorf("%s: %q is in no source", at, word)
		}
	}
}
