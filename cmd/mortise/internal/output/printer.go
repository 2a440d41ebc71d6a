package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Format is how data is written.
type Format string

// The formats.
const (
	Table Format = "table"
	JSON  Format = "json" // one object, or one a line
	YAML  Format = "yaml"
	Quiet Format = "quiet" // keys only, one a line; nothing for an act
)

// Printer writes the outcome of one command. It is not safe for concurrent use.
type Printer struct {
	Out, Err io.Writer
	Format   Format
	Color    bool // of words; tables have none
}

// Words writes a sentence for people to standard error.
func (p *Printer) Words(format string, args ...any) {
	if p.Format == Quiet {
		return
	}
	fmt.Fprintln(p.Err, Clean(fmt.Sprintf(format, args...)))
}

// Text writes data that has one form only, such as a script or a page.
func (p *Printer) Text(text string) error {
	_, err := io.WriteString(p.Out, text)
	return err
}

// Object writes one object, given as JSON. keys chooses and orders the lines of
// the table; without keys they are those of the object. The first key is what
// Quiet prints.
func (p *Printer) Object(data json.RawMessage, keys ...string) error {
	r, err := parseRow(data)
	if err != nil {
		return err
	}
	switch p.Format {
	case JSON:
		return p.line(data)
	case YAML:
		return p.yaml(data)
	case Quiet:
		return p.key(r, keys)
	}
	if len(keys) == 0 {
		keys = r.keys()
	}
	t := &table{}
	for _, k := range keys {
		if v, ok := r.get(k); ok {
			t.add([]string{title(k), cell(v)})
		}
	}
	return t.write(p.Out)
}

func (p *Printer) key(r row, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	v, ok := r.get(keys[0])
	if !ok {
		return nil
	}
	_, err := fmt.Fprintln(p.Out, cell(v))
	return err
}

// line writes data on one line. JSON leaves some of what a terminal obeys as it is:
// that only stands in texts, where the spelling of Clean means the same (AU-22).
func (p *Printer) line(data json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return err
	}
	_, err := io.WriteString(p.Out, Clean(b.String())+"\n")
	return err
}

// yaml writes data as one document. JSON is YAML, so its order of keys is kept
// by reading it as such.
func (p *Printer) yaml(data json.RawMessage) error {
	var n yaml.Node
	if err := yaml.Load(data, &n); err != nil {
		return err
	}
	blockStyle(&n)
	out, err := yaml.Dump(&n, yaml.WithUnicode(false))
	if err != nil {
		return err
	}
	_, err = p.Out.Write(out)
	return err
}

// blockStyle drops the style of JSON, but keeps quotes where older readers of
// YAML would take a text for a truth value.
func blockStyle(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		n.Tag = "!!str"
		if slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(n.Value)) {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	for _, c := range n.Content {
		blockStyle(c)
	}
}

// Value is Object for what the program itself made.
func (p *Printer) Value(v any, keys ...string) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.Object(data, keys...)
}
