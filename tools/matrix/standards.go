package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// prefixes are the families of ids, in the order they are shown.
var prefixes = []struct{ name, covers string }{
	{"TH", "threats to our own design"},
	{"PW", "passwords, recovery, factors, passkeys"},
	{"SE", "sessions, cookies, CSRF, headers, forward auth"},
	{"AU", "audit"},
	{"OA", "OAuth 2.1 and OpenID Connect"},
	{"JW", "JWS, JWT, JWK"},
	{"WH", "webhooks"},
	{"AK", "API keys"},
	{"MT", "mutual TLS"},
	{"SA", "SAML"},
}

// id is one numbered statement, such as TH-32.
type id struct {
	prefix string
	number int
}

func (i id) String() string { return fmt.Sprintf("%s-%d", i.prefix, i.number) }

// statement is what a standard says under an id, in a few words of our own.
type statement struct {
	id   id
	file string // in docs/standards
	gist string
}

var statementLine = regexp.MustCompile(`^- (?:\*\*)?(` + prefixPattern() + `)-(\d+)\b(.*)`)

func prefixPattern() string {
	var names []string
	for _, p := range prefixes {
		names = append(names, p.name)
	}
	return strings.Join(names, "|")
}

// readStandards collects the statements of all checklists in dir. ASVS is data, and
// no checklist: its text stays in its own file.
func readStandards(dir string) ([]statement, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	var all []statement
	seen := map[id]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, s := range parseStandard(filepath.Base(file), string(text)) {
			if other, twice := seen[s.id]; twice {
				return nil, fmt.Errorf("%s stands in %s and in %s", s.id, other, s.file)
			}
			seen[s.id] = s.file
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no statements in %s", dir)
	}
	return all, nil
}

func parseStandard(file, text string) []statement {
	var out []statement
	for line := range strings.Lines(text) {
		if m := statementLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[2])
			out = append(out, statement{id{m[1], n}, file, gist(m[3])})
		}
	}
	return out
}

var plain = strings.NewReplacer("*", "", "`", "", "|", "/", "<", "‹", ">", "›", "[", "(", "]", ")")

// gist is the beginning of a statement, cut at a word.
func gist(s string) string {
	const most = 90
	s = strings.TrimSpace(plain.Replace(s))
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	short := string([]rune(s)[:most])
	if i := strings.LastIndex(short, " "); i > 0 {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:(") + " …"
}
