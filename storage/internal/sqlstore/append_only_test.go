package sqlstore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	changesAudit = regexp.MustCompile(`(?is)\b(update|delete\s+from|truncate(\s+table)?|drop\s+table(\s+if\s+exists)?|replace\s+into)\s+(only\s+)?"?audit_events\b.{0,60}`)
	assembled    = regexp.MustCompile("(?i)\\b(update|delete\\s+from)\\s*[`\"]\\s*\\+")
	// numbering is the one exception: a row gets its number after its commit, once.
	numbering = regexp.MustCompile(`(?is)^update\s+audit_events\s+(as\s+)?\w*\s*set\s+sequence\s*=`)
)

// AU-41: no statement of ours, in code or migration, changes or removes an event.
func TestAuditIsAppendOnly(t *testing.T) {
	root, files := filepath.Join("..", ".."), 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if ext := filepath.Ext(path); ext != ".go" && ext != ".sql" {
			return nil
		}
		text, err := os.ReadFile(path)
		files++
		for _, found := range changesAudit.FindAllString(string(text), -1) {
			if !numbering.MatchString(found) {
				t.Errorf("%s changes the audit trail: %s", path, found)
			}
		}
		if assembled.Match(text) && filepath.Base(path) != "sequencer.go" {
			t.Errorf("%s changes a table whose name it puts together, which this test cannot read", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("looked at %d files only", files)
	}
}

// AU-41: the test above sees what it should see.
func TestAppendOnlyPattern(t *testing.T) {
	for text, bad := range map[string]bool{
		"DELETE FROM audit_events WHERE at < $1":       true,
		"update audit_events set reason = ''":          true,
		"UPDATE\n\taudit_events SET at = 0":            true,
		"TRUNCATE audit_events":                        true,
		"DROP TABLE IF EXISTS audit_events":            true,
		"UPDATE audit_events SET sequence = $1":        false,
		"UPDATE audit_events AS e SET sequence = n.no": false,
		"INSERT INTO audit_events (id) VALUES ($1)":    false,
		"SELECT id FROM audit_events":                  false,
	} {
		found := changesAudit.FindString(text)
		if got := found != "" && !numbering.MatchString(found); got != bad {
			t.Errorf("%q: flagged %v, want %v", text, got, bad)
		}
	}
}
