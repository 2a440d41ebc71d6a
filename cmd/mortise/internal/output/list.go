package output

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Query is what the flags of a list ask for.
type Query struct {
	Limit   int // rows to print at most; 0: all
	After   string
	Filter  []string // key=text: the cell is that text; key~text: it contains it
	Sort    string   // key, or -key for descending; empty: as the server answers
	Columns []string // of a table or object; empty: the command's choice
}

// Page is one answer of a list.
type Page struct {
	Data    []json.RawMessage `json:"data"`
	Next    string            `json:"next"`
	HasMore bool              `json:"has_more"`
}

// Fetch gets at most limit rows after a cursor.
type Fetch func(after string, limit int) (Page, error)

const pageSize = 200

// Collect reads as many pages as the query needs and returns its rows and the
// cursor to go on from, if there is more. A page is never larger than the rows
// still wanted, so the cursor is exact even when a filter drops some.
func (q Query) Collect(fetch Fetch) (rows []json.RawMessage, next string, err error) {
	keep, err := q.filters()
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if q.Sort != "" {
		limit = 0
	}
	after := q.After
	for {
		want := pageSize
		if limit > 0 {
			want = min(want, limit-len(rows))
		}
		page, err := fetch(after, want)
		if err != nil {
			return nil, "", err
		}
		if rows, err = keepRows(rows, page.Data, keep); err != nil {
			return nil, "", err
		}
		if !page.HasMore || page.Next == "" {
			return q.sorted(rows)
		}
		if limit > 0 && len(rows) >= limit {
			return rows, page.Next, nil
		}
		if page.Next == after {
			return nil, "", fmt.Errorf("the server answers the same page again")
		}
		after = page.Next
	}
}

func keepRows(rows, data []json.RawMessage, keep []filter) ([]json.RawMessage, error) {
	for _, d := range data {
		r, err := parseRow(d)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(keep, func(f filter) bool { return !f.matches(r) }) {
			rows = append(rows, d)
		}
	}
	return rows, nil
}

func (q Query) sorted(rows []json.RawMessage) ([]json.RawMessage, string, error) {
	if q.Sort == "" {
		return rows, "", nil
	}
	key, down := strings.CutPrefix(q.Sort, "-")
	slices.SortStableFunc(rows, func(a, b json.RawMessage) int {
		order := cmp.Compare(sortKey(a, key), sortKey(b, key))
		if down {
			return -order
		}
		return order
	})
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
	}
	return rows, "", nil
}

func sortKey(data json.RawMessage, key string) string {
	r, err := parseRow(data)
	if err != nil {
		return ""
	}
	v, _ := r.get(key)
	if n, ok := v.(json.Number); ok {
		return fmt.Sprintf("%030s", n)
	}
	return strings.ToLower(cell(v))
}

type filter struct {
	key, text string
	contains  bool
}

// ErrFilter is returned for a filter that is neither key=text nor key~text.
type ErrFilter struct{ Text string }

func (e ErrFilter) Error() string {
	return fmt.Sprintf("--filter %q is neither key=text nor key~text", e.Text)
}

func (q Query) filters() ([]filter, error) {
	var all []filter
	for _, text := range q.Filter {
		i := strings.IndexAny(text, "=~")
		if i <= 0 {
			return nil, ErrFilter{text}
		}
		all = append(all, filter{text[:i], text[i+1:], text[i] == '~'})
	}
	return all, nil
}

func (f filter) matches(r row) bool {
	v, ok := r.get(f.key)
	if b, isBool := v.(bool); isBool {
		return fmt.Sprint(b) == f.text
	}
	text, want := strings.ToLower(cell(v)), strings.ToLower(f.text)
	if f.contains {
		return ok && strings.Contains(text, want)
	}
	return text == want
}

// List writes rows: a table with a head, one object a line, one YAML list, or
// keys. The first of columns is the key. chosen are the columns somebody asked
// for; they also choose the members of JSON and YAML objects.
func (p *Printer) List(rows []json.RawMessage, columns, chosen []string) error {
	key := columns[0]
	if len(chosen) > 0 {
		columns = chosen
		var err error
		if rows, err = project(rows, chosen); err != nil {
			return err
		}
	}
	switch p.Format {
	case JSON:
		return each(rows, p.line)
	case YAML:
		data, err := json.Marshal(append([]json.RawMessage{}, rows...))
		if err != nil {
			return err
		}
		return p.yaml(data)
	case Quiet:
		return each(rows, func(d json.RawMessage) error { return p.keyOf(d, key, columns) })
	}
	return p.table(rows, columns)
}

func (p *Printer) keyOf(data json.RawMessage, key string, columns []string) error {
	r, err := parseRow(data)
	if err != nil {
		return err
	}
	if _, ok := r.get(key); !ok {
		key = columns[0]
	}
	return p.key(r, []string{key})
}

func (p *Printer) table(rows []json.RawMessage, columns []string) error {
	t := &table{}
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = strings.ToUpper(title(c))
	}
	t.add(head)
	for _, d := range rows {
		r, err := parseRow(d)
		if err != nil {
			return err
		}
		cells := make([]string, len(columns))
		for i, c := range columns {
			v, _ := r.get(c)
			cells[i] = strings.ReplaceAll(cell(v), "\n", " ")
		}
		t.add(cells)
	}
	return t.write(p.Out)
}

// project keeps the chosen members of each object, in the order chosen.
func project(rows []json.RawMessage, chosen []string) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, 0, len(rows))
	for _, d := range rows {
		r, err := parseRow(d)
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		for i, c := range chosen {
			v, _ := r.get(c)
			name, _ := json.Marshal(c) // a text always encodes
			value, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b.WriteString([]string{"{", ","}[min(i, 1)])
			b.Write(name)
			b.WriteByte(':')
			b.Write(value)
		}
		b.WriteByte('}')
		out = append(out, json.RawMessage(b.String()))
	}
	return out, nil
}

func each(rows []json.RawMessage, write func(json.RawMessage) error) error {
	for _, d := range rows {
		if err := write(d); err != nil {
			return err
		}
	}
	return nil
}
