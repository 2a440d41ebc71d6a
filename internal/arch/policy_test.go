package arch

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed policy.txt
var policyText string

// policy is policy.txt, parsed, with groups expanded.
type policy struct {
	ours    map[string][]string // package pattern: what it may import of ours
	std     map[string][]string // import path: who may
	calls   map[string][]string // pkg.Func: who may
	modules map[string]module
	never   []string
	testing []string
}

type module struct {
	who []string
	one bool // at most one of who
}

func parsePolicy(text string) (*policy, error) {
	p := &policy{ours: map[string][]string{}, std: map[string][]string{}, calls: map[string][]string{}, modules: map[string]module{}}
	groups := map[string][]string{}
	section := ""
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			if err := p.add(section, strings.Fields(line), groups); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	return p, nil
}

func (p *policy) add(section string, words []string, groups map[string][]string) error {
	switch section {
	case "never":
		p.never = append(p.never, words...)
		return nil
	case "testing":
		p.testing = append(p.testing, words...)
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("%q is no rule", strings.Join(words, " "))
	}
	key, sign, rest := words[0], words[1], expand(words[2:], groups)
	switch {
	case section == "groups" && (sign == "=" || sign == "+="):
		groups[key] = append(groups[key], rest...)
		return nil
	case section == "ours" && sign == ":":
		for _, k := range expand([]string{key}, groups) {
			if err := addOnce(p.ours, k, rest); err != nil {
				return err
			}
		}
		return nil
	case section == "std" && sign == ":":
		return addOnce(p.std, key, rest)
	case section == "calls" && sign == ":":
		return addOnce(p.calls, key, rest)
	case section == "modules" && (sign == "=" || sign == "one"):
		return addOnce(p.modules, key, module{rest, sign == "one"})
	}
	return fmt.Errorf("%q does not belong in [%s]", strings.Join(words, " "), section)
}

func addOnce[V any](m map[string]V, key string, v V) error {
	if _, twice := m[key]; twice {
		return fmt.Errorf("second rule for %s", key)
	}
	m[key] = v
	return nil
}

// expand replaces group names by their members.
func expand(words []string, groups map[string][]string) []string {
	var out []string
	for _, w := range words {
		if members, ok := groups[w]; ok {
			out = append(out, members...)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// matches tells whether pkg is named by one of patterns.
func matches(pkg string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(pkg, p) })
}

func match(pkg, pattern string) bool {
	if folder, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(pkg, folder) && pkg != strings.TrimSuffix(folder, "/")
	}
	return pkg == pattern
}

// line finds the rule of pkg in [ours]: the exact one, else the longest wildcard.
func (p *policy) line(pkg string) (allowed []string, ok bool) {
	if allowed, ok = p.ours[pkg]; ok {
		return allowed, true
	}
	best := ""
	for pattern := range p.ours {
		if match(pkg, pattern) && len(pattern) > len(best) {
			best = pattern
		}
	}
	return p.ours[best], best != ""
}

// module finds the rule of a foreign import path: the longest prefix wins.
func (p *policy) module(path string) (name string, m module, ok bool) {
	for prefix, candidate := range p.modules {
		if within(path, prefix) && len(prefix) > len(name) {
			name, m, ok = prefix, candidate, true
		}
	}
	return name, m, ok
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
