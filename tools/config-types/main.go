// Prints the fields of the configuration files of Prometheus and Alertmanager as JSON or, with the build tag `blackbox`,
// those of the blackbox exporter, whose go.mod pins other versions of shared modules. It reads the structs of the modules
// by reflection. scripts/config-types.ts makes TypeScript of the output.
//
// A type is text: `text`, `secret`, `number`, `boolean`, `any`, `struct:<name>`, with the prefixes `[]` for a list,
// `map:` for a map from text, and `text|` for a field that may also be text. `discovery` stands for the lists
// `<mechanism>_sd_configs`.
package main

import (
	"encoding"
	"encoding/json"
	"log"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
)

const organization = "github.com/prometheus/"

type field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type file struct {
	Module    string             `json:"module"`
	Version   string             `json:"version"`
	Root      string             `json:"root"`
	Discovery map[string]string  `json:"discovery,omitempty"`
	Types     map[string][]field `json:"types"`
}

// Types whose form in YAML differs from their fields in Go: each has an UnmarshalYAML of its own.
var special = map[string]string{
	"common/config.Secret":                 "secret",
	"common/config.URL":                    "text",
	"alertmanager/config/common.URL":       "text",
	"alertmanager/config/common.SecretURL": "secret",
	"alertmanager/config.HostPort":         "text",
	"alertmanager/pkg/labels.Matcher":      "text",
	"prometheus/model/labels.Labels":       "map:text",
	"prometheus/discovery.Configs":         "discovery",
	"blackbox_exporter/config.CELProgram":  "text",
}

// Structs that may also be written as text.
var alsoText = map[string]bool{"alertmanager/notify/jira.JiraFieldConfig": true}

// Structs whose fields in YAML have other names than in Go.
var specialFields = map[string][]field{
	"prometheus/discovery/targetgroup.Group": {{"targets", "[]text"}, {"labels", "map:text"}},
	"alertmanager/timeinterval.TimeRange":    {{"start_time", "text"}, {"end_time", "text"}},
}

// Exported fields that the file cannot set.
var internal = map[string]bool{"OutOfOrderTimeWindow": true, "HTTPClient": true}

var (
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	yamlMarshaler   = reflect.TypeFor[interface{ MarshalYAML() (any, error) }]()
	yamlUnmarshaler = reflect.TypeFor[interface{ UnmarshalYAML(func(any) error) error }]()
)

func nameOf(t reflect.Type) string {
	return strings.TrimPrefix(t.PkgPath(), organization) + "." + t.Name()
}

func implements(t, i reflect.Type) bool {
	return t.Implements(i) || reflect.PointerTo(t).Implements(i)
}

// typeOf adds the structs that a type refers to.
func (f *file) typeOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return f.typeOf(t.Elem())
	}
	if known, ok := special[nameOf(t)]; ok {
		return known
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		// Durations and sizes are numbers in memory and text in the file.
		if implements(t, textMarshaler) || implements(t, yamlMarshaler) || implements(t, yamlUnmarshaler) ||
			t.String() == "time.Duration" {
			return "text"
		}
		return "number"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "[]" + f.typeOf(t.Elem())
	case reflect.Map:
		return "map:" + f.typeOf(t.Elem())
	case reflect.Struct:
		if _, ok := specialFields[nameOf(t)]; !ok && (len(yamlFields(t)) == 0 || implements(t, textMarshaler)) {
			return "text"
		}
		return f.structure(t)
	}
	return "any"
}

func (f *file) structure(t reflect.Type) string {
	fields := yamlFields(t)
	if len(fields) == 1 && fields[0].inline && fields[0].Type.Kind() == reflect.Map {
		return f.typeOf(fields[0].Type)
	}
	name := nameOf(t)
	if _, ok := f.Types[name]; !ok {
		f.Types[name] = []field{} // Structs may refer to themselves.
		f.Types[name] = f.fieldsOf(t)
	}
	if alsoText[name] {
		return "text|struct:" + name
	}
	return "struct:" + name
}

func (f *file) fieldsOf(t reflect.Type) []field {
	if fields, ok := specialFields[nameOf(t)]; ok {
		return fields
	}
	var all []field
	for _, each := range yamlFields(t) {
		if each.inline && indirect(each.Type).Kind() == reflect.Struct {
			all = append(all, f.fieldsOf(indirect(each.Type))...)
			continue
		}
		all = append(all, field{each.key, f.typeOf(each.Type)})
	}
	return all
}

type yamlField struct {
	reflect.StructField
	key    string
	inline bool
}

func yamlFields(t reflect.Type) []yamlField {
	var fields []yamlField
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Tag.Get("yaml") == "-" || internal[f.Name] {
			continue
		}
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		fields = append(fields, yamlField{f, key, slices.Contains(strings.Split(options, ","), "inline")})
	}
	return fields
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func read(module string, root any) *file {
	f := &file{Module: organization + module, Version: versionOf(organization + module), Types: map[string][]field{}}
	f.Root = strings.TrimPrefix(f.typeOf(reflect.TypeOf(root)), "struct:")
	return f
}

// versionOf is the version of a module that this program is compiled with.
func versionOf(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	log.Fatalf("the program is not compiled with %s", module)
	return ""
}

func main() {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(files()); err != nil {
		log.Fatal(err)
	}
}
