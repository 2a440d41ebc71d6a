package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// DefaultFile is read from the working directory when no other file is named.
const DefaultFile = "mortise.yaml"

const maxFile = 1 << 20

// entry is one value of the file and where it stands.
type entry struct {
	value raw
	where string
}

// fileReader walks the document and keeps what it finds and what is wrong.
type fileReader struct {
	name     string
	readFile func(string) ([]byte, error)
	known    map[string]field
	sections map[string]bool
	found    map[string]entry
	faults   Faults
}

func readYAML(name string, data []byte, readFile func(string) ([]byte, error)) (map[string]entry, Faults) {
	r := &fileReader{name: name, readFile: readFile, known: map[string]field{}, sections: map[string]bool{}, found: map[string]entry{}}
	for _, f := range fields() {
		r.known[f.key] = f
		for i, c := range f.key {
			if c == '.' {
				r.sections[f.key[:i]] = true
			}
		}
	}
	if node := r.document(data); node != nil {
		r.mapping("", node)
	}
	return r.found, r.faults
}

// document returns the only document of the file, or nil when it has none.
func (r *fileReader) document(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.faults = append(r.faults, Fault{Where: r.name, Message: "larger than 1 MiB"})
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		r.syntax(err)
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			r.syntax(err)
		}
		return nil
	}
	if err := loader.Load(&second); !errors.Is(err, io.EOF) {
		r.faults = append(r.faults, Fault{Where: r.name, Message: "want one YAML document"})
		return nil
	}
	node := &doc
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return nil
	}
	return node
}

func (r *fileReader) syntax(err error) {
	where := r.name
	var le *yaml.LoadError
	if errors.As(err, &le) {
		r.faults = append(r.faults, Fault{Where: fmt.Sprintf("%s:%d:%d", where, le.Mark.Line, le.Mark.Column), Message: le.Message})
		return
	}
	r.faults = append(r.faults, Fault{Where: where, Message: err.Error()})
}

func (r *fileReader) at(n *yaml.Node) string {
	return fmt.Sprintf("%s:%d:%d", r.name, n.Line, n.Column)
}

func (r *fileReader) fault(n *yaml.Node, key, message string) {
	r.faults = append(r.faults, Fault{Key: key, Where: r.at(n), Message: message})
}

func (r *fileReader) mapping(key string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, key, "want settings, one per line: name: value")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		full := joined(key, name.Value)
		if seen[full] {
			r.fault(name, full, "is written twice; keep one")
			continue
		}
		seen[full] = true
		switch f, ok := r.known[full]; {
		case name.Kind != yaml.ScalarNode:
			r.fault(name, key, "want a name")
		case ok:
			r.setting(f, value)
		case r.sections[full]:
			r.mapping(full, value)
		default:
			r.fault(name, full, unknown("setting", full, r.names()))
		}
	}
}

func (r *fileReader) names() []string {
	names := make([]string, 0, len(r.known)+len(r.sections))
	for k := range r.known {
		names = append(names, k)
	}
	for k := range r.sections {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

func (r *fileReader) setting(f field, n *yaml.Node) {
	value, err := r.value(f, n)
	if err != nil {
		r.fault(n, f.key, err.Error())
		return
	}
	r.found[f.key] = entry{value: value, where: r.at(n)}
}

func (r *fileReader) value(f field, n *yaml.Node) (raw, error) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return raw{}, errors.New("has no value; write one or remove the line")
	case n.Kind == yaml.ScalarNode && f.path && n.Value != "":
		return raw{text: r.beside(n.Value)}, nil
	case n.Kind == yaml.ScalarNode:
		return raw{text: n.Value}, nil
	case n.Kind == yaml.SequenceNode:
		return list(n)
	case n.Kind == yaml.MappingNode && f.secret():
		return r.reference(n)
	}
	return raw{}, errors.New("want a value")
}

func list(n *yaml.Node) (raw, error) {
	r := raw{isList: true}
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return r, errors.New("want a list of texts")
		}
		r.list = append(r.list, item.Value)
	}
	return r, nil
}

// reference reads {file: path}: a secret that is kept elsewhere, relative to the
// folder of the settings file.
func (r *fileReader) reference(n *yaml.Node) (raw, error) {
	if len(n.Content) != 2 || n.Content[0].Value != "file" || n.Content[1].Kind != yaml.ScalarNode {
		return raw{}, errors.New("want a text or {file: path}")
	}
	return readSecretFile(r.beside(n.Content[1].Value), r.readFile)
}

// beside makes a path of the file relative to the folder the file is in, so that
// it means the same from wherever the command is run.
func (r *fileReader) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.name), path)
}

// readSecretFile reads the value a …_FILE variable or a reference points to. One
// line break at the end is not part of it.
func readSecretFile(path string, readFile func(string) ([]byte, error)) (raw, error) {
	b, err := readFile(path)
	if err != nil {
		return raw{}, err
	}
	if len(b) > maxFile {
		return raw{}, fmt.Errorf("%s is larger than 1 MiB", path)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	return raw{text: text}, nil
}
