package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/report"
)

// A judge holds JSON to the part of JSON Schema that our schema uses. Unlike the standard it refuses members that the schema
// does not describe: what is written must be documented. It refuses keywords that it does not know.
type judge struct{ definitions map[string]any }

func newJudge(t *testing.T) (judge, any) {
	var schema map[string]any
	require.NoError(t, json.Unmarshal(report.JSONSchema(), &schema))
	return judge{schema["$defs"].(map[string]any)}, schema
}

func (j judge) check(at string, schema, value any) error {
	for keyword, argument := range schema.(map[string]any) {
		if err := j.keyword(at, keyword, argument, schema.(map[string]any), value); err != nil {
			return err
		}
	}
	return nil
}

func (j judge) keyword(at, keyword string, argument any, schema map[string]any, value any) error {
	wrong := func(format string, a ...any) error { return fmt.Errorf("%s: %s", at, fmt.Sprintf(format, a...)) }
	switch keyword {
	case "$schema", "$id", "$defs", "title", "description":
	case "$ref":
		name := strings.TrimPrefix(argument.(string), "#/$defs/")
		if j.definitions[name] == nil {
			return wrong("no definition %s", name)
		}
		return j.check(at, j.definitions[name], value)
	case "type":
		types, ok := argument.([]any)
		if !ok {
			types = []any{argument}
		}
		if !slices.ContainsFunc(types, func(t any) bool { return isType(t.(string), value) }) {
			return wrong("%v is no %v", value, types)
		}
	case "const":
		if argument != value {
			return wrong("%v is not %v", value, argument)
		}
	case "enum":
		if !slices.Contains(argument.([]any), value) {
			return wrong("%v is none of %v", value, argument)
		}
	case "pattern":
		if s, ok := value.(string); ok && !regexp.MustCompile(argument.(string)).MatchString(s) {
			return wrong("%q does not match %v", s, argument)
		}
	case "maxLength":
		if s, ok := value.(string); ok && utf8.RuneCountInString(s) > int(argument.(float64)) {
			return wrong("%d characters", utf8.RuneCountInString(s))
		}
	case "minimum":
		if n, ok := value.(float64); ok && n < argument.(float64) {
			return wrong("%v is less than %v", n, argument)
		}
	case "format":
		if s, ok := value.(string); ok {
			if _, err := time.Parse(time.RFC3339, s); argument != "date-time" || err != nil {
				return wrong("%q is no %v", s, argument)
			}
		}
	case "required":
		if object, ok := value.(map[string]any); ok {
			for _, name := range argument.([]any) {
				if _, ok := object[name.(string)]; !ok {
					return wrong("no member %v", name)
				}
			}
		}
	case "properties":
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		for name, member := range object {
			described, ok := argument.(map[string]any)[name]
			if !ok {
				return wrong("member %s is not described", name)
			}
			if err := j.check(at+"."+name, described, member); err != nil {
				return err
			}
		}
	case "items":
		list, ok := value.([]any)
		if !ok {
			return nil
		}
		for i, item := range list {
			if err := j.check(fmt.Sprintf("%s[%d]", at, i), argument, item); err != nil {
				return err
			}
		}
	default:
		return wrong("the test does not know the keyword %s of the schema", keyword)
	}
	return nil
}

func isType(name string, value any) bool {
	switch v := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == math.Trunc(v)
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

func parsed(t testing.TB, s string) any {
	var v any
	decoder := json.NewDecoder(strings.NewReader(s))
	require.NoError(t, decoder.Decode(&v))
	require.False(t, decoder.More())
	return v
}

func TestJSONSchema(t *testing.T) {
	j, schema := newJudge(t)
	n := 0
	for name, s := range scenes(t) {
		for variant, o := range variants(s) {
			line := written(t, report.New(s.Facts, &s.Conclusion, o), forms[1])
			require.Equal(t, 1, strings.Count(line, "\n"), "one line")
			require.NoError(t, j.check(name+" "+variant, schema, parsed(t, line)))
			n++
		}
	}
	require.Equal(t, 3*len(sceneNames), n)
	for _, o := range []report.Options{{}, {Redact: true}, {Language: report.English}} {
		require.NoError(t, j.check("unreadable", schema, parsed(t, written(t, report.Unreadable(nil, o), forms[1]))))
	}
	extracted := french(scenes(t)["valid"])
	extracted.Signatures[0].Extracted = "/tmp/deliberation.pdf"
	require.NoError(t, j.check("extracted", schema, parsed(t, written(t, extracted, forms[1]))))
}

// A judge that accepted anything would pass the test above.
func TestJSONSchemaRefuses(t *testing.T) {
	j, schema := newJudge(t)
	line := written(t, french(scenes(t)["valid"]), forms[1])
	require.NoError(t, j.check("", schema, parsed(t, line)))
	for _, edit := range [][2]string{
		{`"schema":1`, `"schema":2`}, {`"verdict":"valid"`, `"verdict":"bon"`}, {`"crypto":"valid"`, `"crypto":true`},
		{`"indication":"TOTAL-PASSED"`, `"indication":"TOTAL_PASSED"`}, {`"claimedTime":"2026-03-02T11:00:00Z"`, `"claimedTime":"hier"`},
		{`"claimedTime":"2026-03-02T11:00:00Z"`, `"claimedTime":"2026-03-02T11:00:00+01:00"`}, {`"parent":"",`, ``},
		{`"parent":"",`, `"parent":"","extra":1,`}, {`"omitted":{"signatures":0`, `"omitted":{"signatures":-1`}, {`"id":"S-1"`, `"id":"Camille Dubois"`},
		{`"revision":0`, `"revision":0.5`}, {`"signatures":[`, `"signatures":[1,`}, {`"anchor":true`, `"anchor":null`},
	} {
		broken := strings.Replace(line, edit[0], edit[1], 1)
		require.NotEqual(t, line, broken, "%v", edit)
		require.Error(t, j.check("", schema, parsed(t, broken)), "%v", edit)
	}
}

// Programs that know the form by its Go types and those that know it by its schema know the same.
func TestJSONSchemaIsComplete(t *testing.T) {
	_, schema := newJudge(t)
	var all map[string]any
	require.NoError(t, json.NewDecoder(bytes.NewReader(report.JSONSchema())).Decode(&all))
	line := written(t, french(scenes(t)["pdf-modified"]), forms[1])
	for name := range parsed(t, line).(map[string]any) {
		require.Contains(t, schema.(map[string]any)["properties"], name)
		require.Contains(t, all["required"], name)
	}
}
