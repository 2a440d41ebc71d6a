package manifest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/secret"
)

// reader takes the value of one key.
type reader func(*yaml.Node)

// keys are the members an object may have.
type keys map[string]reader

func (d *decoder) fault(n *yaml.Node, format string, args ...any) {
	d.faults = append(d.faults, Fault{d.name, n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// plain refuses aliases, which can make a small file endless, and deep nesting.
func (d *decoder) plain(n *yaml.Node, depth int) bool {
	if n.Kind == yaml.AliasNode {
		d.fault(n, "aliases are not allowed; write the value out")
		return false
	}
	if depth > MaxDepth {
		d.fault(n, "nested too deeply")
		return false
	}
	for _, c := range n.Content {
		if !d.plain(c, depth+1) {
			return false
		}
	}
	return true
}

func (d *decoder) object(n *yaml.Node, known keys) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "want keys and values, such as %s: …", names(known)[0])
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case !ok || key.Kind != yaml.ScalarNode:
			d.fault(key, "unknown key %q; the keys here are %s", key.Value, strings.Join(names(known), ", "))
		case seen[key.Value]:
			d.fault(key, "key %q is written twice", key.Value)
		default:
			seen[key.Value] = true
			read(value)
		}
	}
}

func names(known keys) []string {
	list := make([]string, 0, len(known))
	for k := range known {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func (d *decoder) each(read reader) reader {
	return func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode {
			d.fault(n, "want a list")
			return
		}
		for _, item := range n.Content {
			read(item)
		}
	}
}

// scalar returns the text of n. Numbers, dates and booleans must be quoted, so
// that 007 and 1e3 stay what somebody typed.
func (d *decoder) scalar(n *yaml.Node) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		d.fault(n, "want a text")
	case n.ShortTag() == "!!null":
		d.fault(n, "has no value; write one or remove the key")
	case n.ShortTag() != "!!str":
		d.fault(n, "want a text; put quotes around it")
	default:
		return n.Value, true
	}
	return "", false
}

func (d *decoder) text(to *string) reader {
	return func(n *yaml.Node) { *to, _ = d.scalar(n) }
}

func (d *decoder) texts(to *[]string) reader {
	return func(n *yaml.Node) {
		*to = []string{}
		d.each(func(item *yaml.Node) {
			if s, ok := d.scalar(item); ok {
				*to = append(*to, s)
			}
		})(n)
	}
}

func (d *decoder) flag(to *bool) reader {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
			d.fault(n, "want true or false")
			return
		}
		*to = strings.EqualFold(n.Value, "true")
	}
}

// secret reads a text, {value: text}, {env: NAME} or {file: path}.
func (d *decoder) secret(to *secret.Text) reader {
	return func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			d.inline(to)(n)
			return
		}
		if len(n.Content) != 2 {
			d.fault(n, "want a text, or one of {value: …}, {env: …} and {file: …}")
			return
		}
		d.object(n, keys{"value": d.inline(to), "env": d.reference(to, Resolver.Env), "file": d.reference(to, Resolver.File)})
	}
}

func (d *decoder) inline(to *secret.Text) reader {
	return func(n *yaml.Node) {
		if s, ok := d.scalar(n); ok {
			*to = secret.NewText(s)
		}
	}
}

func (d *decoder) reference(to *secret.Text, look func(Resolver, string) (string, error)) reader {
	return func(n *yaml.Node) {
		name, ok := d.scalar(n)
		if !ok {
			return
		}
		if d.resolve == nil {
			d.fault(n, "references are read by the command line only; send the value")
			return
		}
		value, err := look(d.resolve, name)
		if err != nil {
			d.fault(n, "%v", err)
			return
		}
		*to = secret.NewText(value)
	}
}
