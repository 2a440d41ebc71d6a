package settings

import (
	"encoding/json"
	"strconv"
	"strings"
)

// object is a JSON Schema under construction.
type object = map[string]any

// Schema returns the JSON Schema (2020-12) of mortise.yaml, for editors.
func Schema() []byte {
	root := section()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "mortise.yaml"
	text := comments()
	for _, f := range fields() {
		at := root
		parts := strings.Split(f.key, ".")
		for _, p := range parts[:len(parts)-1] {
			at = child(at, p)
		}
		properties(at)[parts[len(parts)-1]] = f.schema(text[f.goName])
	}
	b, _ := json.MarshalIndent(root, "", "  ") // maps of texts and numbers always encode
	return append(b, '\n')
}

func section() object {
	return object{"type": "object", "additionalProperties": false, "properties": object{}}
}

func properties(o object) object { return o["properties"].(object) }

func child(o object, name string) object {
	props := properties(o)
	if props[name] == nil {
		props[name] = section()
	}
	return props[name].(object)
}

func (f field) schema(text string) object {
	s := object{"description": text}
	switch f.typeName() {
	case "secret":
		s["anyOf"] = []object{{"type": "string"}, {
			"type": "object", "additionalProperties": false, "required": []string{"file"},
			"properties": object{"file": object{"type": "string", "description": "Path, relative to this file."}},
		}}
	case "span":
		s["type"], s["pattern"], s["default"] = "string", `^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`, f.preset
	case "list":
		s["type"], s["items"] = "array", object{"type": "string"}
	case "true or false":
		s["type"], s["default"] = "boolean", f.preset == "true"
	case "number":
		n, _ := strconv.Atoi(f.preset)
		s["type"], s["default"], s["minimum"], s["maximum"] = "integer", n, f.limit(f.min), f.limit(f.max)
	default:
		s["type"], s["default"] = "string", f.preset
		if len(f.enum) > 0 {
			s["enum"] = f.enum
		}
		if f.max != "" {
			s["maxLength"] = f.limit(f.max)
		}
	}
	return s
}
