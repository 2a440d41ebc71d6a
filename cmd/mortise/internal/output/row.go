package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// row is an object whose keys keep their order.
type row struct {
	order  []string
	values map[string]any
	data   json.RawMessage
}

func parseRow(data json.RawMessage) (row, error) {
	r := row{data: data}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&r.values); err != nil {
		return r, fmt.Errorf("the server answered no JSON object: %w", err)
	}
	var err error
	r.order, err = keyOrder(data)
	return r, err
}

// keyOrder lists the keys of the outermost object as they stand.
func keyOrder(data []byte) ([]string, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var order []string
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		order = append(order, fmt.Sprint(t))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func (r row) keys() []string { return r.order }

// get follows a dotted path.
func (r row) get(path string) (any, bool) {
	var at any = r.values
	for part := range strings.SplitSeq(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = m[part]; !ok {
			return nil, false
		}
	}
	return at, true
}

// cell is v in a table: lists joined, objects by what names them.
func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return Clean(x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			parts[i] = cell(item)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		return cellObject(x)
	default:
		return Clean(fmt.Sprint(x))
	}
}

// cellObject shows an object inside a cell by the first name it has.
func cellObject(m map[string]any) string {
	for _, k := range []string{"email", "address", "slug", "name", "id"} {
		if s, ok := m[k].(string); ok && s != "" {
			return Clean(s)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return Clean(string(b))
}

func title(key string) string { return strings.NewReplacer("_", " ", ".", " ").Replace(key) }
